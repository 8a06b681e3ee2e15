// A question between a choice and its being sent. It takes the focus, and gives it back to the field it is about.

import { button, el, fill, icon } from "./dom.js";

export class Question {
	/** `field` is what the question is about; `id` is for the element that holds its title. */
	constructor(texts, field, id) {
		this.say = texts.say;
		this.field = field;
		this.id = id;
		this.node = el("div", { class: "question", role: "group", tabindex: "-1", "aria-labelledby": id, hidden: true });
	}

	/** Asks; `confirm` or `cancel` is called with the agent's answer. */
	ask(title, text, confirm, cancel) {
		const answer = (key, then, look) => button(this.say(key), () => {
			this.close();
			then();
			this.field.focus();
		}, { class: `button ${look}` });
		fill(this.node,
			el("strong", { id: this.id }, title), el("p", {}, icon("alert"), " ", text),
			el("div", { class: "buttons" }, answer("button.confirm", confirm, "primary"), answer("button.cancel", cancel, "")));
		this.node.hidden = false;
		// The field was left for the next one: the question comes in between. Another window keeps its focus.
		if (document.hasFocus() || document.activeElement === this.field) this.node.focus();
	}

	close() {
		this.node.hidden = true;
		fill(this.node);
	}
}
