// What the agent did, from the click to the ledger's word. An action belongs to the customer it was made for,
// whoever the page shows by then.

import { Fault } from "./api.js";

const POLL_MS = 300;
// Saving normally takes a fraction of a second; what takes long is asked for less often.
const POLL_SLOWER_MS = [[30000, 5000], [5000, 1000]];
const OPEN = new Set(["sending", "held", "saving"]);

export class Keeper {
	/** `changed` is called after every change of state, `saved(entry)` when an action is done. */
	constructor(api, { changed, saved }) {
		this.api = api;
		this.changed = changed;
		this.saved = saved;
		this.entries = [];
		this.past = new Set(); // failures that were answered: tried again, replaced, read
		this.timer = null;
	}

	/** Sends an action; the same one again while it is under way (a double click) is the one under way. */
	act(subject, kind, value, { seen = null, confirmed = false } = {}) {
		const same = this.entries.find(one => (
			OPEN.has(one.state) && one.user === subject.user && one.kind === kind && one.value === value
		));
		if (same) return same;
		const entry = {
			key: crypto.randomUUID(), id: null, user: subject.user, address: subject.email, kind, value, seen, confirmed,
			state: "sending", reason: null, holdUntil: 0, begun: Date.now(), own: true,
		};
		this.#replace(entry);
		this.#send(entry, () => this.api.act(asked(entry)));
		return entry;
	}

	/** Takes back what is held; when it was sent already, the page says so. */
	async undo(entry) {
		try {
			this.#take(entry, await this.api.undo(entry.id));
		} catch (fault) {
			if (!(fault instanceof Fault)) throw fault;
			entry.reason = fault.words;
			this.#poll(0);
		}
		this.changed();
	}

	/** Tries a failed action again: the same click if the bridge never kept it, else a new action. */
	retry(entry) {
		entry.state = "sending";
		entry.begun = Date.now();
		entry.own = true;
		this.past.add(entry.id);
		this.#send(entry, () => (entry.id ? this.api.retry(entry.id) : this.api.act(asked(entry))));
	}

	/** Forgets a failure that the agent has read. */
	dismiss(entry) {
		this.past.add(entry.id);
		this.entries = this.entries.filter(one => one !== entry);
		this.changed();
	}

	/** Joins what the bridge says about this customer's actions, those of other agents and pages included. */
	join(subject, actions) {
		for (const [place, action] of [...actions.entries()].reverse()) {
			const known = this.entries.find(one => one.id === action.id);
			const isOver = action.state === "saved" || action.state === "undone" || this.past.has(action.id);
			if (known) this.#take(known, action);
			else if (!isOver && !actions.slice(0, place).some(newer => answers(newer, action))) {
				const entry = { key: null, id: action.id, user: subject.user, address: subject.email, kind: action.kind,
					value: action.value, begun: Date.now(), own: false, by: action.agent };
				this.entries.push(entry);
				this.#take(entry, action);
			}
		}
		this.#poll(POLL_MS);
	}

	of(user) {
		return this.entries.filter(one => one.user === user);
	}

	/** The action of this kind that is under way for a customer, for one value if that is given. */
	open(user, kind, value = undefined) {
		return this.entries.findLast(one => (
			OPEN.has(one.state) && one.user === user && one.kind === kind && (value === undefined || one.value === value)
		));
	}

	#replace(entry) {
		const answered = this.entries.filter(one => (
			!OPEN.has(one.state) && one.user === entry.user && answers(entry, one)
		));
		for (const one of answered) this.past.add(one.id);
		this.entries = [...this.entries.filter(one => !answered.includes(one)), entry];
	}

	async #send(entry, call) {
		entry.changed = Date.now();
		this.changed();
		try {
			this.#take(entry, await call());
			this.#poll(POLL_MS);
		} catch (fault) {
			if (!(fault instanceof Fault)) throw fault;
			entry.state = "failed";
			entry.changed = Date.now();
			entry.code = fault.code;
			entry.reason = fault.words;
		}
		this.changed();
	}

	#take(entry, action) {
		const before = entry.state;
		if (action.id !== entry.id) entry.id = action.id;
		entry.state = action.state;
		if (before !== action.state) entry.changed = Date.now();
		entry.code = null;
		entry.reason = action.reason;
		entry.agent = action.agent;
		entry.at = action.at;
		if (action.state === "held" && before !== "held") {
			// The server's times measure the hold; this machine's clock may be wrong.
			const lasts = Date.parse(action.hold_until) - (entry.own ? Date.parse(action.at) : Date.now());
			entry.holdUntil = Date.now() + Math.max(0, lasts);
		}
		if (action.state === "saved" && before !== "saved") this.saved(entry);
	}

	#poll(wait) {
		clearTimeout(this.timer);
		this.timer = this.#waiting().length ? setTimeout(() => this.#ask(), wait) : null;
	}

	#waiting() {
		return this.entries.filter(one => one.id && (one.state === "saving" || one.state === "held"));
	}

	async #ask() {
		const asked = this.#waiting();
		const now = Date.now();
		const due = asked.filter(one => one.state === "saving" || one.holdUntil <= now);
		try {
			const said = due.length ? await this.api.actions(due.map(one => one.id)) : [];
			for (const action of said) {
				const entry = this.entries.find(one => one.id === action.id);
				if (entry) this.#take(entry, action);
			}
		} catch (fault) {
			if (!(fault instanceof Fault)) throw fault;
		}
		this.changed();
		this.#poll(this.#pause());
	}

	#pause() {
		const saving = this.#waiting().filter(one => one.state === "saving" || one.holdUntil <= Date.now());
		const youngest = Date.now() - Math.max(0, ...saving.map(one => Math.max(one.begun, one.holdUntil)));
		return POLL_SLOWER_MS.find(([age]) => saving.length && youngest > age)?.[1] ?? POLL_MS;
	}
}

// An action as the bridge takes it.
function asked({ key, user, kind, value, seen, confirmed }) {
	return { key, user: Number(user), kind, value, seen, confirmed };
}

// A new choice answers for an older one of its kind; each list stands for itself.
function answers(newer, older) {
	return newer.kind === older.kind && (!older.kind.startsWith("list_") || newer.value === older.value);
}
