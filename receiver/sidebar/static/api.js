// The bridge's API as the page uses it: one token, renewed by itself, and faults that say what to do.

const ANSWER_WITHIN_MS = 12000;
const RENEW_EARLY_S = 120;

/** A call that did not succeed. `code` is the API's word, or `offline`, `session_over`, `unavailable`. */
export class Fault extends Error {
	constructor(code, words = null) {
		super(words || code);
		this.code = code;
		this.words = words;
	}

	/** Whether the same call may succeed a little later. */
	get passes() {
		return this.code === "offline" || this.code === "unavailable";
	}
}

export class Api {
	constructor(base, token, expiresIn) {
		this.base = base;
		this.renewing = null;
		this.admission = Promise.resolve();
		this.#take({ token, expires_in_s: expiresIn });
	}

	customer({ user, ticket }, { fresh = false } = {}) {
		const asked = new URLSearchParams({ user });
		if (ticket) asked.set("ticket", ticket);
		if (fresh) asked.set("fresh", "1");
		return this.#call("GET", `/customer?${asked}`);
	}

	/** Says who the agent is, when Zendesk's token did not. */
	introduce(id) {
		this.admission = this.#call("POST", "/agent", { id: Number(id) }).then(reply => this.#take(reply));
		this.admission.catch(() => {}); // told to whoever acts, which may be later
		return this.admission;
	}

	async act(action) {
		await this.admission;
		return (await this.#call("POST", "/actions", action)).action;
	}

	async actions(ids) {
		return (await this.#call("GET", `/actions?ids=${ids.map(encodeURIComponent).join(",")}`)).actions;
	}

	/** The names of the lists that a customer can be put on. */
	async lists() {
		return (await this.#call("GET", "/lists")).names;
	}

	undo(id) {
		return this.#change(id, "undo");
	}

	async retry(id) {
		await this.admission;
		return this.#change(id, "retry");
	}

	async #change(id, how) {
		return (await this.#call("POST", `/actions/${encodeURIComponent(id)}/${how}`, {})).action;
	}

	async #call(method, path, content) {
		if (Date.now() > this.renewAt) await this.#renew();
		const used = this.token;
		let reply = await this.#send(method, path, content);
		if (reply.status === 401) {
			// Somebody else's call may have renewed it meanwhile.
			if (this.token === used) await this.#renew();
			reply = await this.#send(method, path, content);
		}
		return read(reply);
	}

	#renew() {
		this.renewing ??= this.#send("POST", "/token", {})
			.then(read)
			.then(reply => this.#take(reply))
			.finally(() => { this.renewing = null; });
		return this.renewing;
	}

	async #send(method, path, content) {
		try {
			return await fetch(this.base + path, {
				method,
				headers: { Authorization: `Bearer ${this.token}`, ...(content && { "Content-Type": "application/json" }) },
				body: content && JSON.stringify(content),
				cache: "no-store",
				credentials: "omit",
				keepalive: method === "POST",
				signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
			});
		} catch {
			throw new Fault("offline");
		}
	}

	#take({ token, expires_in_s: lasts }) {
		this.token = token;
		this.renewAt = Date.now() + (Math.max(lasts || 900, 2 * RENEW_EARLY_S) - RENEW_EARLY_S) * 1000;
	}
}

async function read(reply) {
	let said = null;
	try {
		said = await reply.json();
	} catch {
		// not ours: a proxy's page
	}
	if (reply.ok && said) return said;
	if (reply.status === 401) throw new Fault("session_over");
	if (reply.status >= 500 || reply.status === 429 || !said) throw new Fault("unavailable");
	throw new Fault(said.error || "unavailable", said.message || null);
}
