// The page as a whole: one customer at a time, read in one call, drawn again whenever something changed.

import { Fault } from "./api.js";
import { Board } from "./board.js";
import { draw, fill } from "./dom.js";
import { Keeper } from "./keeper.js";
import { Lists } from "./lists.js";
import { Optout } from "./optout.js";
import { Overview } from "./overview.js";
import { SOON, WITH_CONTROLS, WITH_DATA, notices } from "./states.js";
import { Tabs } from "./tabs.js";
import { age } from "./times.js";

const AGE_EVERY_MS = 15000;
const STALE_MS = 30000;
const OFFERED_MS = 300000;
const LOOK_AGAIN_MS = [1000, 1500, 2500, 4000, 8000, 15000];
const READ_ANEW = new Set(["optout", "list_remove", "list_add", "create", "merge", "keep_apart"]);

export class Sidebar {
	constructor(api, texts, parts) {
		this.api = api;
		this.texts = texts;
		this.parts = parts;
		this.skeleton = [...parts.overview.children];
		this.bone = [...parts.who.children];
		this.subject = null;
		this.view = null;
		this.fault = null;
		this.visitor = false;
		this.reads = 0;
		this.readAt = 0;
		this.tries = 0;
		this.isReading = false;
		this.later = null;
		this.keeper = new Keeper(api, { changed: () => this.draw(), saved: entry => this.#saved(entry) });
		this.board = new Board(texts, parts);
		this.names = null;
		this.offeredAt = 0;
		this.tabs = new Tabs(parts.tabs, texts, () => this.#offer());
		this.overview = new Overview(texts, {
			who: parts.who,
			health: (subject, value) => this.keeper.act(subject, "health", value),
			sync: on => this.keeper.act(this.subject, "sync", on),
			refresh: () => { if (!this.isReading) this.read({ fresh: true }); },
		});
		this.optout = new Optout(texts, (value, confirmed) => this.#consent("optout", value, confirmed));
		this.lists = new Lists(texts, {
			remove: list => this.#consent("list_remove", list, false),
			add: list => this.#consent("list_add", list, true),
			undo: entry => this.keeper.undo(entry),
		});
		setInterval(() => age(parts.app, texts), AGE_EVERY_MS);
	}

	/** The page is about this customer now; `reading` is a read of it that was begun before. */
	show(subject, reading = null) {
		if (this.subject && subject.user === this.subject.user && subject.email === this.subject.email) {
			this.subject = subject;
			if (this.view || this.isReading || !subject.user) return;
		}
		const isOther = this.subject?.user !== subject.user;
		if (isOther) this.leave();
		this.subject = subject;
		this.tries = 0;
		if (subject.user) this.read({ reading, fresh: !isOther });
		else this.draw();
	}

	/** Whatever the agent was choosing counts now; what was only asked is forgotten. */
	leave() {
		this.overview.health.flush();
		this.optout.forget();
		this.lists.forget();
		clearTimeout(this.later);
		this.reads += 1;
		this.view = null;
		this.fault = null;
		this.isReading = false;
	}

	/** The agent came back to the page: what others did meanwhile is read. */
	seen() {
		if (this.subject?.user && this.view && Date.now() - this.readAt > STALE_MS) this.read();
	}

	async read({ fresh = false, reading = null } = {}) {
		const number = (this.reads += 1);
		clearTimeout(this.later);
		this.isReading = true;
		this.draw();
		try {
			const view = await (reading || this.api.customer(this.subject, { fresh }));
			if (number !== this.reads) return;
			this.view = view;
			this.fault = null;
			this.keeper.join(this.subject, view.actions || []);
		} catch (fault) {
			if (!(fault instanceof Fault)) throw fault;
			if (number !== this.reads) return;
			this.fault = fault;
		}
		this.isReading = false;
		this.readAt = Date.now();
		this.#lookAgain();
		this.#offer();
		this.draw();
	}

	/** Does what a notice offers. */
	press(act, { entry, conflict }) {
		if (act === "again") this.read();
		else if (act === "dismiss") this.keeper.dismiss(entry);
		else if (act === "retry") this.#retry(entry);
		else this.#consent(act, conflict?.other.sid ?? null, act !== "create");
	}

	draw() {
		const { subject, view, texts, parts } = this;
		const user = subject?.user;
		this.#askAgain(user);
		this.board.status(this.keeper.of(user));
		this.board.show(
			notices(texts, { subject, view, fault: this.fault, visitor: this.visitor, entries: this.keeper.entries }),
			(act, notice) => this.press(act, notice),
		);
		const isLoading = Boolean(user) && !view && !this.fault;
		parts.app.setAttribute("aria-busy", String(isLoading));
		if (view) this.#drawView(subject, view);
		else this.#drawNothing(isLoading);
	}

	#drawView(subject, view) {
		const { state } = view.customer;
		const entry = (kind, value) => this.keeper.open(subject.user, kind, value);
		const hasControls = WITH_CONTROLS.has(state);
		if (!this.overview.nodes[0].isConnected) {
			fill(this.parts.overview, this.overview.nodes);
			fill(this.parts.email, [this.lists.node, this.optout.node]);
		}
		this.overview.update(subject, view, { health: entry("health")?.value, sync: entry("sync")?.value },
			{ isReading: this.isReading, hasData: WITH_DATA.has(state), hasControls });
		this.lists.update(subject, view, this.names, entry);
		this.optout.update(view.optout?.value ?? null, entry("optout")?.value);
		for (const part of [this.lists, this.optout]) part.node.hidden = !hasControls;
	}

	#drawNothing(isLoading) {
		draw(this.parts.who, isLoading, () => isLoading && this.bone);
		fill(this.parts.overview, isLoading ? this.skeleton : []);
		fill(this.parts.email, isLoading ? this.skeleton.map(node => node.cloneNode(true)) : []);
	}

	#consent(kind, value, confirmed) {
		this.keeper.act(this.subject, kind, value, { seen: this.view.optout?.seen ?? null, confirmed });
	}

	// Which lists there are is asked by whoever comes to where one can be added, and kept for a while.
	async #offer() {
		if (this.parts.email.hidden || !this.view || Date.now() - this.offeredAt < OFFERED_MS) return;
		this.offeredAt = Date.now();
		try {
			this.names = await this.api.lists();
			this.draw();
		} catch (fault) {
			if (!(fault instanceof Fault)) throw fault;
		}
		if (!this.names?.length) this.offeredAt = 0;
	}

	#retry(entry) {
		const isHere = entry.user === this.subject?.user && this.view;
		// More mail is decided anew, on what the page shows now; everything else is sent as it was.
		if (isHere && (entry.kind === "optout" || entry.kind === "list_add") && entry.id) {
			this.keeper.dismiss(entry);
			this.tabs.show("tab-email");
			if (entry.kind === "optout") this.optout.propose(entry.value);
			else this.lists.propose(entry.value);
		} else this.keeper.retry(entry);
	}

	#askAgain(user) {
		const entry = this.keeper.of(user).find(one => one.state === "failed" && one.code === "needs_confirmation");
		if (!entry) return;
		this.keeper.entries = this.keeper.entries.filter(one => one !== entry);
		this.optout.ask(entry.value);
	}

	#saved(entry) {
		setTimeout(() => this.draw(), 8100); // the word "Saved" has been there long enough
		if (entry.user !== this.subject?.user || !this.view) return;
		this.view = { ...this.view, ...after(this.view, entry) };
		if (READ_ANEW.has(entry.kind)) this.read({ fresh: true });
	}

	#lookAgain() {
		const isSoon = this.fault?.passes || SOON.has(this.view?.customer.state);
		if (!isSoon) {
			this.tries = 0;
			return;
		}
		const wait = LOOK_AGAIN_MS[Math.min(this.tries, LOOK_AGAIN_MS.length - 1)];
		this.tries += 1;
		this.later = setTimeout(() => this.read(), wait);
	}
}

// What the page shows until it has read anew.
function after(view, { kind, value, agent, at }) {
	if (kind === "health") return { health: { value, set_by: agent, set_at: at } };
	if (kind === "sync") return { sync: { on: value, set_by: agent, set_at: at }, customer: synced(view.customer, value) };
	if (kind === "optout") return { optout: { ...view.optout, value } };
	if (kind === "list_remove") return { lists: view.lists?.filter(({ name }) => name !== value) };
	if (kind === "list_add") return { lists: [...(view.lists || []), { name: value, signed_up_at: at }] };
	return {};
}

function synced(customer, on) {
	if (customer.state === "ok" && !on) return { ...customer, state: "sync_off" };
	if (customer.state === "sync_off" && on) return { ...customer, state: "ok" };
	return customer;
}
