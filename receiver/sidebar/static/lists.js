// The customer's lists: each removable with a few seconds to think again; adding says what it means first.

import { button, card, draw, el, fill, hint, set } from "./dom.js";
import { Question } from "./question.js";
import { day } from "./times.js";

export class Lists {
	/** `acts`: remove(list), add(list) and undo(entry). */
	constructor(texts, acts) {
		this.texts = texts;
		this.say = texts.say;
		this.acts = acts;
		this.rows = el("ul", { class: "lists" });
		this.empty = el("p", { class: "hint" });
		this.choice = el("select", { id: "add-list", on: { change: () => this.#withdraw() } });
		this.ask = button(texts.say("lists.add_button"), () => this.#question(), { "data-key": "add" });
		this.question = new Question(texts, this.choice, "add-asked");
		this.adding = el("div", {}, el("label", { for: "add-list", class: "label" }, texts.say("lists.add")),
			el("div", { class: "row" }, this.choice, this.ask), this.question.node);
		this.node = card(texts.say("lists.title"), this.rows, this.empty, this.adding);
	}

	/** Shows the lists; `names` are all there are, null while nobody asked; `entryOf(kind, list)` is the action
	 * under way for one. */
	update(subject, view, names, entryOf) {
		this.subject = subject;
		const addable = (view.lists && names || []).filter(name => !view.lists.some(list => list.name === name));
		const rows = (view.lists || []).map(list => rowOf(list, entryOf("list_remove", list.name)));
		const joining = addable.filter(name => entryOf("list_add", name)).map(name => ({ name, phase: "joining" }));
		draw(this.rows, [...rows, ...joining].map(({ name, since, phase }) => [name, since, phase]), () => (
			[...rows, ...joining].map(row => this.#row(row))));
		this.#count(rows);
		const none = !view.lists ? "lists.unknown" : rows.length || joining.length ? null : "lists.none";
		draw(this.empty, none, () => none && this.say(none));
		this.empty.hidden = !none;
		this.#offer(addable.filter(name => !entryOf("list_add", name)), Boolean(view.lists && !names));
	}

	/** Forgets an open question: the page shows somebody else now. */
	forget() {
		this.choice.value = "";
		this.#withdraw();
	}

	/** The agent wants this again: as if it had just been chosen. */
	propose(list) {
		this.choice.value = list;
		this.#withdraw();
		this.#question();
	}

	#row({ name, since, phase, entry }) {
		return el("li", {}, el("span", {}, name, hint(...this.#dated(since, phase))),
			this.#end(name, phase, entry));
	}

	#dated(since, phase) {
		if (phase === "joining") return [this.say("save.saving")];
		if (!since) return [this.say("lists.no_date")];
		// The moment stands where the language wants it.
		const [before, after = ""] = this.say("lists.since").split("{date}");
		return [before, day(this.texts, since), after];
	}

	#end(name, phase, entry) {
		const about = { "data-key": `list ${name}` };
		if (phase === "joining") return null;
		if (phase === "removing") return el("span", { class: "hint", tabindex: "-1", ...about }, this.say("lists.removing"));
		if (phase === "held") {
			return el("span", { class: "holding" }, el("span", { class: "hint count", "aria-hidden": "true", "data-list": name }),
				button(this.say("button.undo"), () => this.acts.undo(entry), { "aria-description": name, ...about }));
		}
		return button(this.say("lists.remove"), () => this.acts.remove(name), {
			class: "button danger", "aria-label": this.say("lists.remove_from", { list: name }), ...about,
		});
	}

	#count(rows) {
		for (const count of this.rows.querySelectorAll(".count")) {
			const entry = rows.find(row => row.name === count.dataset.list)?.entry;
			const seconds = Math.max(1, Math.ceil((entry.holdUntil - Date.now()) / 1000));
			const words = this.say("lists.held", { seconds });
			if (count.textContent !== words) count.textContent = words;
		}
	}

	#offer(names, isAsked) {
		const offered = JSON.stringify(names);
		this.adding.hidden = !names.length && !isAsked;
		this.choice.disabled = isAsked;
		if (this.offered === offered) return;
		this.offered = offered;
		const chosen = this.choice.value;
		fill(this.choice, el("option", { value: "" }, this.say("lists.choose")), names.map(name => el("option", { value: name }, name)));
		this.choice.value = names.includes(chosen) ? chosen : "";
		if (!names.includes(chosen)) this.#withdraw();
		set(this.ask, "disabled", this.choice.value === "");
	}

	#question() {
		const list = this.choice.value;
		if (!list) return;
		this.question.ask(this.say("consent.add", { list, address: this.subject.email || "" }), this.say("consent.add.text"), () => {
			this.forget();
			this.acts.add(list);
		}, () => {});
	}

	#withdraw() {
		this.question.close();
		set(this.ask, "disabled", this.choice.value === "");
	}
}

function rowOf({ name, signed_up_at: since }, entry) {
	const isHeld = entry?.state === "held" && entry.holdUntil > Date.now();
	return { name, since, entry, phase: isHeld ? "held" : entry ? "removing" : "on" };
}
