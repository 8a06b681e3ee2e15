// The tabs, by mouse and by keyboard: arrows, Home and End move and show, as the ARIA pattern asks.

import { set } from "./dom.js";

const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

export class Tabs {
	/** `shown` is called after a tab was shown. Until somebody listens, a tab cannot be pressed in vain. */
	constructor(list, texts, shown) {
		this.tabs = [...list.querySelectorAll("[role=tab]")];
		this.shown = shown;
		for (const tab of this.tabs) {
			tab.textContent = texts.say(`tab.${tab.id.replace("tab-", "")}`);
			tab.addEventListener("click", () => this.show(tab));
			tab.disabled = false;
		}
		list.addEventListener("keydown", event => this.#key(event));
	}

	/** Shows a tab's panel, by the tab or its id. */
	show(tab) {
		for (const one of this.tabs) {
			const isShown = one === tab || one.id === tab;
			one.setAttribute("aria-selected", String(isShown));
			set(one, "tabindex", isShown ? null : "-1");
			document.getElementById(one.getAttribute("aria-controls")).hidden = !isShown;
		}
		this.shown();
	}

	#key(event) {
		const { length } = this.tabs;
		const at = this.tabs.indexOf(document.activeElement);
		const to = event.key === "Home" ? 0 : event.key === "End" ? length - 1
			: event.key in STEPS ? (at + STEPS[event.key] + length) % length : -1;
		if (at < 0 || to < 0) return;
		event.preventDefault();
		this.tabs[to].focus();
		this.show(this.tabs[to]);
	}
}
