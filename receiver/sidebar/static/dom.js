// Elements are built here and nowhere else: data becomes text and attribute values, never markup.

const SVG = "http://www.w3.org/2000/svg";
const CIRCLE = "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 1 0 8 1.8";
const DRAWINGS = {
	again: "M13.5 8A5.5 5.5 0 1 1 11.7 3.9M13.5 1.5v3h-3",
	out: "M6.5 3.5h-3v9h9v-3M9.5 2.5h4v4M13 3 7.5 8.5",
	check: "M3 8.5 6.5 12 13 4.5",
	alert: "M8 2 14.5 13.5h-13ZM8 6.5v3.2M8 11.4v.6",
	info: `${CIRCLE}M8 7.2v4M8 4.6v.7`,
	clock: `${CIRCLE}M8 4.6V8l2.4 1.6`,
	unsatisfied: `${CIRCLE}M5.4 11.2a3.2 3.2 0 0 1 5.2 0M5.9 6.2v.6M10.1 6.2v.6`,
	neutral: `${CIRCLE}M5.4 10.3h5.2M5.9 6.2v.6M10.1 6.2v.6`,
	satisfied: `${CIRCLE}M5.2 9.4a3.2 3.2 0 0 0 5.6 0M5.9 6.2v.6M10.1 6.2v.6`,
};

/** An element. `on` holds listeners; true is an empty attribute; false, null and undefined are none. */
export function el(name, attributes = {}, ...children) {
	const made = document.createElement(name);
	for (const [key, value] of Object.entries(attributes)) {
		if (key === "on") for (const [type, listener] of Object.entries(value)) made.addEventListener(type, listener);
		else set(made, key, value);
	}
	made.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
	return made;
}

/** Sets or removes one attribute. */
export function set(node, key, value) {
	if (value === false || value === null || value === undefined) node.removeAttribute(key);
	else if (value === true) node.setAttribute(key, "");
	else if (node.getAttribute(key) !== String(value)) node.setAttribute(key, value);
}

/** A small drawing beside a word; it says nothing by itself. */
export function icon(name) {
	const drawn = document.createElementNS(SVG, "svg");
	const path = document.createElementNS(SVG, "path");
	path.setAttribute("d", DRAWINGS[name]);
	for (const [key, value] of [["viewBox", "0 0 16 16"], ["class", `icon icon-${name}`], ["aria-hidden", "true"]]) {
		drawn.setAttribute(key, value);
	}
	drawn.append(path);
	return drawn;
}

/** A button of Zendesk's look; `about` may hold further attributes. */
export function button(words, press, about = {}) {
	return el("button", { type: "button", class: "button", on: { click: press }, ...about }, words);
}

/** Small words beside or below others. */
export function hint(...words) {
	return el("span", { class: "hint" }, ...words);
}

/** A part of a tab, with its title. */
export function card(title, ...children) {
	return el("section", { class: "card" }, el("h2", {}, title), ...children);
}

/** Puts `children` in place of what `parent` holds, and the focus back to the part with the same data-key. */
export function fill(parent, ...children) {
	const active = parent.contains(document.activeElement) ? document.activeElement : null;
	const key = active?.dataset.key;
	parent.replaceChildren(...children.flat(2).filter(Boolean));
	if (active && !active.isConnected) {
		const heir = key && parent.querySelector(`[data-key="${CSS.escape(key)}"]`);
		(heir || parent.closest("[tabindex]"))?.focus({ preventScroll: true });
	}
}

const drawn = new WeakMap();

/** Like `fill`, but only when `about` (plain data) differs from what was drawn before: a button that is just
 * being pressed stays the same button. */
export function draw(parent, about, make) {
	const said = JSON.stringify(about);
	if (drawn.get(parent) === said) return;
	drawn.set(parent, said);
	fill(parent, make());
}
