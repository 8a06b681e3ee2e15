// The top of the page: the Save status, and the notices with what can be done about each.

import { button, draw, el, hint, icon } from "./dom.js";
import { reason } from "./states.js";
import { ago } from "./times.js";

const SAID_FOR_MS = 8000;
const STATE_ICONS = { saved: "check", failed: "alert", held: "clock" };

const BUTTON_LOOKS = { retry: "primary", create: "primary", merge: "danger", dismiss: "basic" };

export class Board {
	constructor(texts, { save, notices }) {
		this.texts = texts;
		this.say = texts.say;
		this.save = save;
		this.notices = notices;
		save.setAttribute("aria-label", texts.say("save.label"));
	}

	/** Says how the agent's newest action for this customer stands. */
	status(entries) {
		const mine = entries.filter(one => one.own);
		const going = mine.findLast(one => one.state === "sending" || one.state === "saving");
		const entry = going || mine.filter(one => one.changed > Date.now() - SAID_FOR_MS || one.state === "failed" || one.state === "held")
			.sort((one, other) => one.changed - other.changed).at(-1);
		const state = !entry ? "" : going ? "saving" : entry.state;
		const why = state === "failed" ? reason(this.texts, entry) : "";
		this.save.dataset.state = state;
		draw(this.save, [state, why], () => state && [
			STATE_ICONS[state] && icon(STATE_ICONS[state]), el("span", {}, this.say(`save.${state}`)),
			why && el("span", { class: "unseen" }, `: ${why}`),
		]);
	}

	/** Shows the notices; `press(act, notice)` is called for their buttons. */
	show(notices, press) {
		draw(this.notices, notices.map(({ entry, ...about }) => [about, entry?.id, entry?.state]), () => (
			notices.map(notice => this.#notice(notice, press))));
	}

	#notice(notice, press) {
		const { key, look, title, text, at, acts = [] } = notice;
		return el("div", { class: `notice ${look}`, role: look === "danger" ? "alert" : null },
			icon(look === "info" ? "info" : "alert"),
			el("div", { class: "what" },
				el("strong", {}, title), text && el("p", {}, text),
				at && el("p", { class: "hint" }, this.say("fresh.kept"), " ", ago(this.texts, at)),
				...(notice.conflict ? this.#profiles(notice) : []),
				acts.length > 0 && el("div", { class: "buttons" }, acts.map(act => (
					button(this.say(`button.${act}`), () => press(act, notice), { class: `button ${BUTTON_LOOKS[act] || ""}`, "data-key": `${key} ${act}` }))))));
	}

	#profiles({ conflict, customer }) {
		const { other } = conflict;
		const sid = value => value && hint(this.say("conflict.sid", { sid: value }));
		const user = id => hint(id ? this.say("conflict.user", { id }) : this.say("conflict.no_user"));
		const profile = (words, address, ...rest) => el("div", { class: "profile" }, el("dt", {}, this.say(words)), el("dd", {}, el("span", { class: "address" }, address), rest));
		return [
			el("dl", { class: "profiles" },
				profile("conflict.this", conflict.held || customer.address || "", sid(customer.sid), user(customer.zendesk_id)),
				profile("conflict.other", other.address, sid(other.sid), user(other.zendesk_id))),
			conflict.can_merge && el("p", { class: "hint" }, this.say("conflict.merge_text")),
		];
	}
}
