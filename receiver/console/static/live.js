// Keeps parts of a page up to date: `data-topic` parts from one stream for all, asked for now and then where no stream
// is to be had; parts with `data-source` from that address every `data-every` seconds. Nothing is asked while the page
// is hidden, and nothing is read out but on demand.

import { show } from "./rows.js";

const STREAM_AGAIN_MS = 60_000;
const ASK_EVERY_MS = 10_000;
const told = new Map(); // part -> what was told last

let stream = null;
let askers = [];
let again = 0;

export function follow() {
	const parts = [...document.querySelectorAll("[data-topic], [data-source]")];
	if (parts.length === 0) return;
	document.addEventListener("visibilitychange", () => (document.hidden ? pause() : resume(parts)));
	document.querySelector("[data-read-out]")?.addEventListener("click", readOut);
	if (!document.hidden) resume(parts);
}

function pause() {
	say("Paused");
	close();
}

function close() {
	stream?.close();
	stream = null;
	askers.forEach(clearInterval);
	askers = [];
	clearTimeout(again);
}

function resume(parts) {
	close();
	for (const part of parts.filter((one) => one.dataset.source)) askAgainAndAgain(part, part.dataset.source, (part.dataset.every ?? 10) * 1000);
	const topics = parts.filter((one) => one.dataset.topic);
	if (topics.length > 0) open(topics, parts);
}

function open(topics, parts) {
	const query = topics.map((part) => `topic=${encodeURIComponent(part.dataset.topic)}`).join("&");
	stream = new EventSource(`/console/api/stream?${query}`);
	stream.addEventListener("open", () => say("Live"));
	stream.addEventListener("error", () => {
		if (stream?.readyState === EventSource.CLOSED) askInstead(topics, parts);
		else say("Connecting …");
	});
	for (const part of topics) stream.addEventListener(part.dataset.topic, (event) => update(part, JSON.parse(event.data)));
}

function askInstead(topics, parts) {
	say("Every 10 seconds");
	for (const part of topics) askAgainAndAgain(part, `/console/api/live/${encodeURIComponent(part.dataset.topic)}`, ASK_EVERY_MS);
	again = setTimeout(() => resume(parts), STREAM_AGAIN_MS);
}

function askAgainAndAgain(part, address, everyMs) {
	const ask = () => void askOnce(part, address);
	askers.push(setInterval(ask, everyMs));
	ask();
}

async function askOnce(part, address) {
	try {
		const answer = await fetch(address, { headers: { Accept: "text/html" } });
		if (answer.status === 401) location.reload(); // signed out: the page leads to the door
		if (answer.ok) update(part, await answer.text());
		else say("Cannot be read now");
	} catch {
		say("Not connected");
	}
}

function update(part, html) {
	if (told.get(part) === html) return;
	told.set(part, html);
	show(part, html);
}

function say(words) {
	const state = document.querySelector("[data-live-state]");
	if (state && state.textContent !== words) state.textContent = words;
}

function readOut() {
	const said = document.querySelector("[data-said]");
	said.textContent = "";
	const words = [...document.querySelectorAll("[data-summary]")].map((one) => one.textContent).join(" ");
	requestAnimationFrame(() => (said.textContent = words));
}
