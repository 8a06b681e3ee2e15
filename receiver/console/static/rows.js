// Puts new content into a part of the page without pulling anything from under the reader: what is there stays the
// same element, values change in place, and while a list (`data-rows`) is pointed at, focused or selected, its rows
// neither come, go nor move. A button says how many wait.

const waiting = new Map(); // list -> its next state

export function show(part, html) {
	const made = document.createElement("template");
	made.innerHTML = html;
	grow(part, made.content);
}

function grow(old, fresh) {
	if (old.nodeType === Node.ELEMENT_NODE && old.matches("[data-rows]")) return rows(old, fresh);
	const before = [...old.children].filter((one) => one.dataset.held === undefined);
	const after = [...fresh.children];
	if (after.length === 0 || before.length === 0 || !isAlike(before, after)) return replace(old, fresh);
	before.forEach((one, index) => {
		attributes(one, after[index]);
		grow(one, after[index]);
	});
}

function isAlike(before, after) {
	return before.length === after.length && before.every((one, index) => one.tagName === after[index].tagName);
}

function replace(old, fresh) {
	if (same(old, fresh) || isSelected(old)) return;
	if (old.contains(document.activeElement) && old !== document.activeElement) return;
	old.replaceChildren(...[...fresh.childNodes].map((one) => document.importNode(one, true)));
}

function same(old, fresh) {
	return old.childNodes.length === fresh.childNodes.length && [...old.childNodes].every((one, index) => one.isEqualNode(fresh.childNodes[index]));
}

function attributes(old, fresh) {
	for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
	for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
}

function rows(list, fresh) {
	const known = byKey(list);
	for (const [key, row] of byKey(fresh)) if (known.has(key)) refresh(known.get(key), row);
	if (isSameOrder(list, fresh)) return letGo(list);
	waiting.set(list, fresh);
	if (!isInUse(list)) return settle(list);
	offer(list, [...byKey(fresh).keys()].filter((key) => !known.has(key)).length);
}

function refresh(row, fresh) {
	attributes(row, fresh);
	grow(row, fresh);
}

function byKey(list) {
	return new Map([...list.children].filter((one) => one.dataset.key !== undefined).map((one) => [one.dataset.key, one]));
}

function isSameOrder(list, fresh) {
	return list.children.length === fresh.children.length && [...byKey(list).keys()].join("\n") === [...byKey(fresh).keys()].join("\n");
}

function isInUse(list) {
	return list.matches(":hover") || list.contains(document.activeElement) || isSelected(list) || list.querySelector("input:checked") !== null;
}

function isSelected(element) {
	const selection = document.getSelection();
	return !selection.isCollapsed && selection.containsNode(element, true);
}

function settle(list) {
	const fresh = waiting.get(list);
	if (!fresh) return;
	const known = byKey(list);
	list.replaceChildren(...[...fresh.children].map((row) => known.get(row.dataset.key) ?? document.importNode(row, true)));
	letGo(list);
}

function letGo(list) {
	waiting.delete(list);
	buttonOf(list)?.remove();
}

function offer(list, count) {
	let button = buttonOf(list);
	if (!button) {
		button = document.createElement("button");
		button.type = "button";
		button.className = "held";
		button.dataset.held = "";
		button.addEventListener("click", () => {
			list.closest("[tabindex]")?.focus();
			settle(list);
		});
		frameOf(list).before(button);
	}
	const words = count > 0 ? `${count} new` : "Changed";
	if (button.textContent !== words) button.textContent = words;
}

function frameOf(list) {
	return list.closest(".wide") ?? list.closest("table") ?? list;
}

function buttonOf(list) {
	const before = frameOf(list).previousElementSibling;
	return before?.dataset.held === undefined ? null : before;
}

// What waits goes in once the reader has turned away.
setInterval(() => {
	for (const list of [...waiting.keys()]) if (!list.isConnected) waiting.delete(list);
	else if (!document.hidden && !isInUse(list)) settle(list);
}, 2_000);
