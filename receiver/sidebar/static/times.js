// Moments on the page: how long ago, with the exact time on hover, kept right while the page is open.

import { el } from "./dom.js";

/** A `time` element that says how long ago; the exact moment is its title. */
export function ago(texts, iso) {
	return el("time", { datetime: iso, title: texts.exact(iso), "data-ago": true }, texts.ago(iso));
}

/** A `time` element that shows the day; the exact moment is its title. */
export function day(texts, iso) {
	return el("time", { datetime: iso, title: texts.exact(iso) }, texts.date(iso));
}

/** Says again how long ago each moment under `root` was. */
export function age(root, texts) {
	for (const one of root.querySelectorAll("time[data-ago]")) {
		const words = texts.ago(one.dateTime);
		if (one.textContent !== words) one.textContent = words;
	}
}
