// Plays the agent's browser: which ticket is open, and what Zendesk tells an app in its frame about it.

const part = (id) => document.getElementById(id);
const state = { desk: null, ticket: null, user: null, guid: crypto.randomUUID(), appOrigin: null };

async function get(path) {
  return (await fetch(path)).json();
}

function values() {
  const { ticket, user } = state;
  const requester = user && { id: user.id, name: user.name, email: user.email };
  const isTicket = part("location").value === "ticket_sidebar";
  return {
    currentUser: { ...state.desk.agent, locale: part("locale").value, role: "agent" },
    colorScheme: document.documentElement.dataset.scheme || "light",
    ...(isTicket && ticket && { "ticket.id": ticket.id }),
    ...(isTicket && requester && { "ticket.requester.id": requester.id, "ticket.requester.email": requester.email,
      "ticket.requester.name": requester.name }),
    ...(!isTicket && requester && { "user.id": requester.id, "user.email": requester.email }),
  };
}

function tell(event, value) {
  if (state.appOrigin) part("app").contentWindow.postMessage({ zaf: state.guid, event, value }, state.appOrigin);
}

const calls = {
  get: (names) => {
    const known = values();
    const found = names.filter((name) => name in known);
    return { ...Object.fromEntries(found.map((name) => [name, known[name]])), errors: {} };
  },
  context: () => ({ location: part("location").value, product: "support", instanceGuid: state.guid }),
  metadata: () => ({ appId: 1, installationId: 1, settings: {} }),
  invoke: (name, about) => {
    if (name === "resize" && about?.height) part("app").style.height = about.height;
    return { errors: {} };
  },
};

addEventListener("message", ({ data, origin, source }) => {
  if (data?.zaf !== state.guid || origin !== state.appOrigin || source !== part("app").contentWindow) return;
  const result = calls[data.call]?.(...data.with) ?? null;
  source.postMessage({ zaf: state.guid, answers: data.number, result }, origin);
});

async function openApp() {
  const { url, token } = await get(`/agent/token?location=${part("location").value}`);
  state.appOrigin = new URL(url).origin;
  const address = new URL(url);
  address.search = new URLSearchParams({ origin: location.origin, app_guid: state.guid, sdk: `${location.origin}/agent/zaf_sdk.js` });
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: address.href, target: "app", hidden: true });
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "token", value: token });
  form.append(field);
  document.body.append(form);
  form.submit();
  form.remove();
}

function show(ticket) {
  state.ticket = ticket;
  state.user = state.desk.users.find((user) => user.id === ticket.requester);
  part("subject").textContent = ticket.subject || "No subject";
  part("requester").textContent = `#${ticket.id} · ${ticket.status} · ${state.user?.name ?? ""} ${state.user?.email ?? ""}`;
  for (const one of part("tickets").querySelectorAll("button")) {
    if (one.dataset.id === String(ticket.id)) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
  }
  history.replaceState(null, "", `/agent/tickets/${ticket.id}`);
  tell("ticket.id.changed", ticket.id);
  tell("ticket.requester.id.changed", ticket.requester);
  tell("user.id.changed", ticket.requester);
}

function drawTickets() {
  part("tickets").replaceChildren(...state.desk.tickets.map((ticket) => {
    const [item, button, who] = ["li", "button", "span"].map((name) => document.createElement(name));
    button.type = "button";
    button.dataset.id = ticket.id;
    who.className = "soft";
    who.textContent = `#${ticket.id} · ${state.desk.users.find((user) => user.id === ticket.requester)?.name ?? ""} · ${ticket.status}`;
    button.append(ticket.subject || "No subject", who);
    button.addEventListener("click", () => show(ticket));
    item.append(button);
    return item;
  }));
}

function toggle(id, change) {
  part(id).addEventListener("click", () => {
    const isOn = part(id).getAttribute("aria-pressed") !== "true";
    part(id).setAttribute("aria-pressed", String(isOn));
    change(isOn);
  });
}

toggle("scheme", (isDark) => {
  document.documentElement.dataset.scheme = isDark ? "dark" : "light";
  tell("colorScheme.changed", isDark ? "dark" : "light");
});
toggle("width", (isWide) => document.body.classList.toggle("wide", isWide));
for (const id of ["location", "locale"]) part(id).addEventListener("change", openApp);

function asked() {
  const [kind, id] = location.pathname.split("/").slice(2);
  const { tickets } = state.desk;
  return tickets.find((one) => String(kind === "users" ? one.requester : one.id) === id) || tickets.at(-1);
}

state.desk = await get("/agent/desk");
part("agent").textContent = state.desk.agent.name;
drawTickets();
if (location.pathname.startsWith("/agent/users/")) part("location").value = "user_sidebar";
if (state.desk.tickets.length) show(asked());
await openApp();
