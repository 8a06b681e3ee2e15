// Stands in for Zendesk's SDK inside the app's frame: asks the agent view around it, by messages.
(() => {
  const asked = new URLSearchParams(location.search);
  const [origin, guid] = [asked.get("origin"), asked.get("app_guid")];
  const waiting = new Map();
  const listeners = {};
  let number = 0;

  function call(name, ...values) {
    number += 1;
    parent.postMessage({ zaf: guid, number, call: name, with: values }, origin);
    return new Promise((answered) => waiting.set(number, answered));
  }

  addEventListener("message", ({ data, origin: from }) => {
    if (from !== origin || data?.zaf !== guid) return;
    if (data.event) for (const listener of listeners[data.event] || []) listener(data.value);
    else waiting.get(data.answers)?.(data.result);
    waiting.delete(data.answers);
  });

  const client = {
    get: (names) => call("get", [names].flat()),
    context: () => call("context"),
    metadata: () => call("metadata"),
    invoke: (...values) => call("invoke", ...values),
    on: (name, listener) => { (listeners[name] ||= []).push(listener); },
    off: (name, listener) => { listeners[name] = (listeners[name] || []).filter((one) => one !== listener); },
  };
  window.ZAFClient = { init: () => (parent !== window && origin ? client : false) };
})();
