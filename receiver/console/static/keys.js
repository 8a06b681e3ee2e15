// Single keys: whatever carries `data-shortcut` is reached by that key. They can be switched off, for those who
// speak to their computer; the choice stays in this browser.

const SWITCH = "bridge-keys";

export function listen() {
	const help = document.getElementById("help");
	const choice = document.getElementById("use-keys");
	choice.checked = areOn();
	choice.addEventListener("change", () => localStorage.setItem(SWITCH, choice.checked ? "on" : "off"));
	document.addEventListener("keydown", pressed);
	const opener = document.getElementById("open-help");
	opener.addEventListener("click", () => open(help));
	opener.disabled = false; // now somebody listens
}

function areOn() {
	return localStorage.getItem(SWITCH) !== "off";
}

function pressed(event) {
	if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !areOn()) return;
	if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
	const meant = reachable().find((one) => one.dataset.shortcut === event.key);
	if (!meant) return;
	event.preventDefault();
	meant.focus();
	if (!meant.matches("input, select, textarea")) meant.click();
}

function isTyping(target) {
	return target.closest("input:not([type=checkbox], [type=radio], [type=button]), select, textarea, [contenteditable]") !== null;
}

function reachable() {
	return [...document.querySelectorAll("[data-shortcut]")].filter((one) => one.checkVisibility());
}

function open(help) {
	const lines = reachable().flatMap((one) => [part("dt", one.dataset.shortcut), part("dd", nameOf(one))]);
	document.getElementById("help-keys").replaceChildren(...lines);
	help.showModal();
}

function nameOf(element) {
	return element.getAttribute("aria-label") || element.textContent.trim() || element.labels?.[0]?.textContent.trim() || element.name;
}

function part(name, text) {
	const made = document.createElement(name);
	made.textContent = text;
	return made;
}
