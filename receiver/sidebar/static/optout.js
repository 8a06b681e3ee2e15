// The opt-out status. Stricter is one step; looser asks first. A choice counts when it is made with the mouse,
// or when the field is left or Enter is pressed: the arrow keys only pass over values.

import { card, el } from "./dom.js";
import { Question } from "./question.js";

const OPTOUTS = ["none", "basic", "all"];

export class Optout {
	/** `choose(value, confirmed)` is called with what the agent decided. */
	constructor(texts, choose) {
		this.texts = texts;
		this.say = texts.say;
		this.choose = choose;
		this.known = null;
		this.asking = null;
		this.byKeys = false;
		this.empty = el("option", { value: "", disabled: true, hidden: true }, texts.say("consent.unknown"));
		this.select = el("select", {
			id: "optout", "aria-describedby": "optout-note",
			on: {
				keydown: event => this.#key(event),
				pointerdown: () => { this.byKeys = false; },
				change: () => { if (!this.byKeys) this.#decide(); },
				blur: () => this.#decide(),
			},
		}, this.empty, OPTOUTS.map(value => el("option", { value }, texts.say(`consent.${value}`))));
		this.note = el("p", { class: "hint", id: "optout-note" });
		this.question = new Question(texts, this.select, "optout-asked");
		this.node = card(el("label", { for: "optout" }, texts.say("consent.optout")), this.select, this.question.node, this.note);
	}

	/** Shows the status: `choosing` is on its way to Sailthru. What the agent is deciding stays. */
	update(value, choosing) {
		this.known = choosing ?? value;
		this.empty.hidden = this.known !== null;
		if (this.asking === null && (document.activeElement !== this.select || !this.byKeys)) this.#reset();
		const meaning = this.known && `consent.meaning.${this.known}`;
		this.note.textContent = this.say(choosing ? "save.saving" : meaning || "consent.unknown");
	}

	/** Forgets an open question: the page shows somebody else now. */
	forget() {
		this.#close();
		this.byKeys = false;
		this.known = null;
		this.#reset();
	}

	/** Asks whether the customer wants more mail. */
	ask(value) {
		this.asking = value;
		this.select.value = value;
		const say = key => this.say(`consent.${key}`).split(" – ")[0];
		this.question.ask(this.say("consent.asked"), this.say("consent.asked.text", { from: say(this.known ?? "unknown"), to: say(value) }), () => {
			this.asking = null;
			this.choose(value, true);
		}, () => {
			this.asking = null;
			this.#reset();
		});
	}

	/** The agent wants this again: as if it had just been chosen. */
	propose(value) {
		this.select.value = value;
		this.#decide();
	}

	#key(event) {
		this.byKeys = event.key !== "Enter" && event.key !== "Escape";
		if (event.key === "Enter" && this.select.value !== (this.known ?? "")) {
			event.preventDefault();
			this.#decide();
		}
		if (event.key === "Escape") this.#reset();
	}

	#decide() {
		this.byKeys = false;
		const value = this.select.value;
		if (!value || value === this.known || value === this.asking) return;
		this.#close();
		if (this.known === null ? value !== "all" : OPTOUTS.indexOf(value) < OPTOUTS.indexOf(this.known)) this.ask(value);
		else this.choose(value, false);
	}

	#close() {
		this.asking = null;
		this.question.close();
	}

	#reset() {
		this.select.value = this.known ?? "";
	}
}
