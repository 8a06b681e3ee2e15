// Starts the page: Zendesk's SDK, the agent's language, and the customer, all asked for at once.

import { Api, Fault } from "./api.js";
import { Board } from "./board.js";
import { fill } from "./dom.js";
import { Sidebar } from "./sidebar.js";
import { notices } from "./states.js";
import { loadTexts, readTexts } from "./texts.js";
import { loadSdk } from "./zendesk.js";

const meta = name => document.querySelector(`meta[name="${name}"]`).content;
const part = id => document.getElementById(id);

const about = JSON.parse(meta("bridge-page"));
const english = readTexts(about.texts, "en");
const parts = {
	app: part("app"), tabs: part("tabs"), save: part("save"), notices: part("notices"), who: part("who"),
	overview: part("panel-overview"), email: part("panel-email"),
};

async function start() {
	let zendesk;
	try {
		zendesk = await loadSdk(meta("bridge-sdk"));
	} catch {
		await withoutZendesk();
		return;
	}
	zendesk.followScheme(document.documentElement);
	const api = new Api(about.api, about.token, about.expires_in_s);
	const [reading, agent] = [zendesk.subject().then(subject => begin(api, subject)), zendesk.agent()];
	const { id, locale } = await agent;
	const introduced = about.agent === null && id ? api.introduce(id) : null;
	const texts = await loadTexts(about, english, locale || navigator.language);
	document.documentElement.lang = texts.locale;
	const sidebar = new Sidebar(api, texts, parts);
	introduced?.catch(fault => {
		sidebar.visitor = fault instanceof Fault && fault.code === "not_staff";
		sidebar.draw();
	});
	watch(zendesk, sidebar);
	const { subject, view } = await reading;
	if (!sidebar.subject) sidebar.show(subject, view);
	// The agent may have gone on before anybody listened.
	sidebar.show(await zendesk.subject());
}

// The read is on its way before the words are there; a failure is told by who waits for it.
function begin(api, subject) {
	const view = subject.user ? api.customer(subject) : null;
	view?.catch(() => {});
	return { subject, view };
}

function watch(zendesk, sidebar) {
	let asked = 0;
	zendesk.watch({
		moved: async () => {
			const number = (asked += 1);
			const subject = await zendesk.subject();
			if (number === asked) sidebar.show(subject);
		},
		seen: () => sidebar.seen(),
	});
	zendesk.fit(parts.app);
	addEventListener("pagehide", () => sidebar.overview.health.flush());
	document.addEventListener("visibilitychange", () => { if (document.hidden) sidebar.overview.health.flush(); });
}

async function withoutZendesk() {
	const texts = await loadTexts(about, english, navigator.language);
	document.documentElement.lang = texts.locale;
	parts.app.setAttribute("aria-busy", "false");
	fill(parts.overview);
	fill(parts.who);
	const [notice] = notices(texts, { fault: new Fault("sdk"), entries: [] });
	new Board(texts, parts).show([notice], () => {
		fill(parts.notices);
		start();
	});
}

start();
