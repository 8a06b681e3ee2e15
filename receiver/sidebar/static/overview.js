// The Overview tab: what Sailthru knows of the customer at a glance, health, sync, and how fresh all of it is.

import { button, card, draw, el, hint, icon, set } from "./dom.js";
import { Health } from "./health.js";
import { ago } from "./times.js";

const COUNTS = ["messages", "opens", "clicks", "pageviews", "purchases"];
const MOMENTS = ["signup", "last_pageview", "last_open", "last_click", "last_purchase", "last_login"];
const PUSHED_ICONS = { applied: "check", waiting: "clock", failed: "alert", none: "info" };

export class Overview {
	/** `acts`: health(subject, value), sync(on) and refresh(). */
	constructor(texts, acts) {
		this.texts = texts;
		this.say = texts.say;
		this.who = acts.who;
		this.score = el("div");
		this.numbers = el("div");
		this.health = new Health(texts, acts.health);
		this.sync = el("input", { type: "checkbox", role: "switch", id: "sync", class: "switch", "aria-describedby": "sync-note",
			on: { change: event => acts.sync(event.target.checked) } });
		this.syncNote = el("p", { class: "hint", id: "sync-note" });
		this.pushed = el("div");
		this.fresh = hint();
		this.again = button([icon("again"), el("span", {}, texts.say("button.refresh"))], acts.refresh, { class: "button basic" });
		this.controls = el("div", {}, this.health.node);
		this.syncing = el("section", { class: "card" },
			el("div", { class: "row" }, el("label", { for: "sync", class: "label" }, texts.say("sync.title")), this.sync),
			this.syncNote, this.pushed);
		this.foot = el("div", { class: "foot" }, this.fresh, this.again);
		this.nodes = [this.score, this.controls, this.numbers, this.syncing, this.foot];
	}

	/** Shows one customer. `pending` tells what is on its way: {health, sync}. */
	update(subject, view, pending, { isReading, hasData, hasControls }) {
		draw(this.who, view.customer, () => this.#who(view.customer));
		draw(this.score, hasData && [view.score, view.engagement, view.predictions], () => hasData && this.#score(view));
		draw(this.numbers, hasData && [view.lifetime, view.activity], () => hasData && [this.#lifetime(view.lifetime), this.#activity(view.activity)]);
		this.controls.hidden = !hasControls;
		this.syncing.hidden = !hasControls;
		this.health.update(subject, view.health, pending.health);
		const on = pending.sync ?? view.sync.on;
		this.sync.checked = on;
		this.syncNote.textContent = this.say(on ? "sync.on" : "sync.off");
		draw(this.pushed, view.pushed, () => this.#pushed(view.pushed));
		this.#freshness(view.freshness, isReading, hasData);
	}

	#who({ address, profile_link: link }) {
		return [
			address && el("strong", { class: "address", title: address }, address),
			link && el("a", { href: link, target: "_blank", rel: "noopener noreferrer", class: "link" }, this.say("profile.open"),
				icon("out"), el("span", { class: "unseen" }, ` (${this.say("profile.opens")})`)),
		];
	}

	#score({ score, engagement, predictions }) {
		const { texts } = this;
		const rows = (predictions || []).map(({ name, value }) => row(this.#prediction(name), texts.number(value)));
		if (engagement) rows.unshift(row(texts.say("engagement.title"), el("span", { class: `tag tag-${engagement}` },
			texts.has(`engagement.${engagement}`) ? texts.say(`engagement.${engagement}`) : engagement)));
		if (!score && !rows.length) return null;
		return el("section", { class: "card" }, score && this.#scale(score), rows.length > 0 && el("dl", { class: "rows" }, rows));
	}

	#scale({ value, is_high: isHigh }) {
		const meaning = value ? this.say(`score.${value}`) : this.say("score.none");
		const words = value ? `${meaning} (${this.say("score.of", { value })})` : meaning;
		return [
			el("div", { class: "row" }, el("h2", {}, this.say("score.title")),
				isHigh && el("span", { class: "tag high" }, this.say("score.high"))),
			el("div", { class: "steps", "aria-hidden": "true" }, [1, 2, 3, 4].map(step => el("i", { class: "step", "data-on": step <= value }))),
			el("p", { class: "meaning" }, words),
			el("p", { class: "hint" }, this.say("score.hint")),
		];
	}

	#prediction(name) {
		const [what, days] = name.split("_");
		return this.texts.has(`prediction.${what}`) && days > 0 ? this.say(`prediction.${what}`, { days }) : name;
	}

	#lifetime(lifetime) {
		if (!lifetime) return null;
		const tile = (name, words) => el("div", { class: "tile" }, el("dt", {}, this.say(`lifetime.${name}`)), el("dd", {}, words));
		return card(this.say("lifetime.title"), el("dl", { class: "tiles" },
			COUNTS.map(name => tile(name, this.texts.number(lifetime[name]))),
			tile("revenue", this.texts.money(lifetime.revenue_cents, lifetime.currency))));
	}

	#activity(activity) {
		if (!activity) return null;
		return card(this.say("activity.title"), el("dl", { class: "rows" },
			MOMENTS.map(name => row(this.say(`activity.${name}`),
				activity[name] ? ago(this.texts, activity[name]) : hint(this.say("activity.never"))))));
	}

	#pushed({ state, since, reason }) {
		return el("p", { class: `pushed pushed-${state}` }, icon(PUSHED_ICONS[state]),
			el("span", {}, this.say(`pushed.${state}`), ...(since ? [" · ", ago(this.texts, since)] : []),
				reason && hint(reason)));
	}

	#freshness({ read_at: at, source, problem }, isReading, hasData) {
		const words = isReading ? "fresh.reading" : !at ? hasData && "fresh.never" : problem || source === "ledger" ? "fresh.kept" : "fresh.read";
		draw(this.fresh, [words, at], () => words && [this.say(words), !isReading && at && " ", !isReading && at && ago(this.texts, at)]);
		set(this.again, "aria-disabled", isReading ? "true" : null);
		set(this.again, "data-turning", isReading);
	}
}

function row(term, ...words) {
	return el("div", { class: "row" }, el("dt", {}, term), el("dd", {}, ...words));
}
