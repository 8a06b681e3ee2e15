// What a state of the customer means to the page: which notice stands on top, and what is shown below it.

/** States in which there is a profile to look at, and those in which it may be changed here. */
export const WITH_DATA = new Set(["ok", "suspended", "sync_off", "email_conflict", "email_taken", "deleted"]);
export const WITH_CONTROLS = new Set(["ok", "suspended", "sync_off", "email_conflict", "email_taken"]);
export const SOON = new Set(["waiting", "unknown"]);

const LOOKS = {
	no_profile: "info", profile_gone: "warning", no_email: "info", staff: "info", suspended: "warning",
	deleted: "warning", sync_off: "info", unknown: "warning", waiting: "info",
};
const SLOW_MS = 5000;

/** The notices, the weightiest first: plain data {key, look, title, text, acts, conflict}. */
export function notices(texts, { subject, view, fault, visitor, entries }) {
	return [
		...entries.filter(one => one.state === "failed").map(one => failure(texts, one, subject)),
		fault && faultOf(texts, fault),
		visitor && { key: "visitor", ...words(texts, "fault.not_staff"), look: "warning" },
		slow(texts, subject, entries),
		!fault && subject && !subject.user && { key: "nobody", look: "info", ...words(texts, "state.nobody") },
		...(view ? ofView(texts, view) : []),
	].filter(Boolean);
}

function ofView(texts, { customer, freshness, conflict }) {
	const { state, address } = customer;
	const problem = freshness?.problem;
	return [
		problem && problemOf(texts, problem, freshness.read_at),
		conflict && conflictOf(texts, conflict, customer),
		LOOKS[state] && !(state === "unknown" && problem) && {
			key: state, look: LOOKS[state], ...words(texts, `state.${state}`, { address }),
			acts: customer.can_create && state === "no_profile" ? ["create"] : [],
		},
	];
}

function problemOf(texts, problem, readAt) {
	const text = problem === "bad_credentials" ? "problem.credentials" : readAt ? "problem.kept" : "problem.nothing";
	return { key: "problem", look: "warning", title: texts.say(`problem.${problem}`), text: texts.say(text), at: readAt };
}

function conflictOf(texts, conflict, customer) {
	const kind = conflict.kind === "email_taken" ? "state.taken" : "state.conflict";
	return {
		key: "conflict", look: "warning", ...words(texts, kind, { address: conflict.address }), conflict, customer,
		acts: conflict.can_merge ? ["merge", "keep_apart"] : [],
	};
}

function faultOf(texts, { code }) {
	if (code === "unknown_customer") return { key: "fault", look: "warning", ...words(texts, "state.unknown_customer") };
	const known = { sdk: "sdk", session_over: "session", offline: "offline" }[code] || "unavailable";
	return { key: "fault", look: "danger", ...words(texts, `fault.${known}`), acts: known === "session" ? [] : ["again"] };
}

function failure(texts, entry, subject) {
	const action = texts.say(`action.${entry.kind}`, { value: entry.value });
	const isOther = entry.user !== subject?.user;
	return {
		key: `failed ${entry.id || entry.key}`, look: "danger", entry, acts: ["retry", "dismiss"],
		title: texts.say(isOther ? "failed.other" : "failed.title", { action, address: entry.address || entry.user }),
		text: reason(texts, entry),
	};
}

/** Why an action failed, in words. */
export function reason(texts, { code, reason: said }) {
	const known = [`reason.${code}`, `reason.${said}`, `state.${said}`].find(key => texts.has(key));
	if (known) return texts.say(known);
	// A short code says something to whoever is asked for help.
	return !said || /^\w+$/.test(said) ? `${texts.say("failed.no_reason")}${said ? ` (${said})` : ""}` : said;
}

function slow(texts, subject, entries) {
	const isSlow = entries.some(one => (
		one.user === subject?.user && one.own && one.state === "saving" && Date.now() - Math.max(one.begun, one.holdUntil || 0) > SLOW_MS
	));
	return isSlow && { key: "slow", look: "info", title: texts.say("save.slow") };
}

function words(texts, key, values) {
	return { title: texts.say(key, values), text: texts.say(`${key}.text`, values) };
}
