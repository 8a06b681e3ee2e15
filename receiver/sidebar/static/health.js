// The Customer health slider. What the thumb passes on its way is never sent: only where it rests.

import { card, draw, el, icon, set } from "./dom.js";
import { ago } from "./times.js";

const HEALTHS = ["unsatisfied", "neutral", "satisfied"];
const RESTS_MS = 600;
const MIDDLE = "1";

export class Health {
	/** `choose(subject, value)` is called once the slider rests, for whom it was moved. */
	constructor(texts, choose) {
		this.texts = texts;
		this.say = texts.say;
		this.choose = choose;
		this.subject = null;
		this.shown = null;
		this.timer = null;
		this.input = el("input", {
			type: "range", min: 0, max: 2, step: 1, id: "health", class: "slider", "aria-label": texts.say("health.title"),
			"aria-describedby": "health-note",
			on: {
				input: () => this.#move(),
				change: () => this.#move(),
				click: () => this.#first(),
				keydown: event => { if (event.key === "Enter" || event.key === " ") this.#first(event); },
				blur: () => this.flush(),
			},
		});
		this.marks = HEALTHS.map(value => el("span", { class: `mark mark-${value}` }, icon(value), texts.say(`health.${value}`)));
		this.note = el("p", { class: "hint", id: "health-note" });
		this.node = card(texts.say("health.title"),
			el("div", { class: "scale" }, this.input, el("div", { class: "marks", "aria-hidden": "true" }, this.marks)), this.note);
	}

	/** Shows the customer's health, unless the agent is just moving the thumb. */
	update(subject, health, choosing) {
		if (this.subject?.user !== subject.user) this.flush();
		this.subject = subject;
		this.settled = choosing ?? health.value;
		if (this.timer) return;
		this.#show(this.settled);
		draw(this.note, [health, choosing], () => this.#words(health, choosing));
	}

	/** Sends at once what the thumb rests on: the slider is left. */
	flush() {
		if (!this.timer) return;
		clearTimeout(this.timer);
		this.timer = null;
		if (this.shown !== this.settled) this.choose(this.subject, this.shown);
	}

	#first(event) {
		if (this.shown !== null) return;
		event?.preventDefault();
		this.#move();
	}

	#move() {
		const value = HEALTHS[Number(this.input.value)];
		if (value === this.shown) return;
		this.#show(value);
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.flush(), RESTS_MS);
	}

	#show(value) {
		this.shown = value ?? null;
		this.input.value = value ? String(HEALTHS.indexOf(value)) : MIDDLE;
		set(this.input, "data-value", value ?? "unset");
		set(this.input, "aria-valuetext", this.say(`health.${value ?? "unset"}`));
		for (const mark of this.marks) set(mark, "data-on", mark.classList.contains(`mark-${value}`));
	}

	#words({ value, set_by: who, set_at: at }, choosing) {
		if (choosing) return [this.say("save.saving")];
		if (!value) return [this.say("health.unset_hint")];
		const by = who ? this.say("health.set", { who }) : this.say("health.set_unknown");
		return at ? [by, " · ", ago(this.texts, at)] : [by];
	}
}
