// The words of the page in the agent's language, and how times, numbers and money are written in it.

const UNITS = [
	["year", 31557600], ["month", 2629800], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60],
];
// Wording about consent must be right before it is used: until somebody reviewed a language, it is English.
const CONSENT = "consent";

/** The file of one language; null if it cannot be read. */
export async function readTexts(folder, language) {
	try {
		const reply = await fetch(`${folder}${language}.json`);
		return reply.ok ? await reply.json() : null;
	} catch {
		return null;
	}
}

/** The texts for a locale like "pt-BR"; `english`, a file that is being read, where a language has none. */
export async function loadTexts({ texts: folder, languages }, english, locale) {
	const language = String(locale || "en").toLowerCase().split(/[-_]/)[0];
	const isOther = language !== "en" && languages.includes(language);
	const own = isOther ? await readTexts(folder, language) : null;
	return new Texts(Object.fromEntries([...entries(await english), ...entries(own)]), own ? String(locale).replace("_", "-") : "en");
}

// A file groups its texts by the first word of their keys.
function entries(file) {
	return Object.entries(file?.texts || {})
		.filter(([group]) => file.reviewed || group !== CONSENT)
		.flatMap(([group, texts]) => Object.entries(texts).map(([key, text]) => [`${group}.${key}`, text]));
}

export class Texts {
	constructor(words, locale) {
		this.words = words;
		this.locale = supported(locale);
		this.exactly = new Intl.DateTimeFormat(this.locale, { dateStyle: "full", timeStyle: "short" });
		this.dates = new Intl.DateTimeFormat(this.locale, { dateStyle: "medium" });
		this.relative = new Intl.RelativeTimeFormat(this.locale, { numeric: "auto" });
	}

	/** The text of a key, with {names} filled in. A key without a text is shown itself. */
	say = (key, values = {}) => (
		(this.words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole)
	);

	has(key) {
		return key in this.words;
	}

	/** A number; a dash for one that nobody knows. */
	number(value) {
		if (value === null || value === undefined) return this.say("value.none");
		return new Intl.NumberFormat(this.locale).format(value);
	}

	/** Large sums go without their cents. */
	money(cents, currency) {
		if (cents === null || cents === undefined) return this.number(null);
		try {
			const about = { style: "currency", currency, ...(Math.abs(cents) >= 100000 && { maximumFractionDigits: 0 }) };
			return new Intl.NumberFormat(this.locale, about).format(cents / 100);
		} catch {
			return `${this.number(cents / 100)} ${currency}`;
		}
	}

	date(iso) {
		return this.dates.format(new Date(iso));
	}

	exact(iso) {
		return this.exactly.format(new Date(iso));
	}

	/** "3 hours ago"; a moment that is (nearly) now is "now", whatever two clocks think. */
	ago(iso, now = Date.now()) {
		const seconds = Math.min(0, (new Date(iso).getTime() - now) / 1000);
		for (const [unit, length] of UNITS) {
			if (-seconds >= length) return this.relative.format(Math.trunc(seconds / length), unit);
		}
		return this.relative.format(Math.trunc(seconds / 10) * 10, "second");
	}
}

function supported(locale) {
	try {
		return Intl.getCanonicalLocales(locale)[0] || "en";
	} catch {
		return "en";
	}
}
