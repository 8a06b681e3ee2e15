// Zendesk around the frame, through its SDK: whose ticket is open, who looks at it, light or dark, how high.

const TICKET = ["ticket.id", "ticket.requester.id", "ticket.requester.email"];
const USER = ["user.id", "user.email"];
const MOVES = [
	"ticket.id.changed", "ticket.requester.id.changed", "ticket.requester.email.changed",
	"user.id.changed", "user.email.changed",
];
const SDK_WITHIN_MS = 10000;

/** Loads the SDK and says hello to Zendesk. Rejects when it does not come or does not find Zendesk. */
export function loadSdk(address) {
	return new Promise((found, failed) => {
		const script = document.createElement("script");
		const late = setTimeout(failed, SDK_WITHIN_MS);
		script.addEventListener("load", () => {
			clearTimeout(late);
			const client = globalThis.ZAFClient?.init();
			if (client) found(new Zendesk(client));
			else failed();
		});
		script.addEventListener("error", () => {
			clearTimeout(late);
			script.remove();
			failed();
		});
		script.src = address;
		document.head.append(script);
	});
}

export class Zendesk {
	constructor(client) {
		this.client = client;
		this.height = 0;
	}

	/** Who the page is about: {user, email, ticket}; `user` is null while nobody is chosen. */
	async subject() {
		const ticket = await this.#values(TICKET);
		if (ticket["ticket.requester.id"]) {
			return subject(ticket["ticket.requester.id"], ticket["ticket.requester.email"], ticket["ticket.id"]);
		}
		const user = await this.#values(USER);
		return subject(user["user.id"], user["user.email"], ticket["ticket.id"]);
	}

	/** The agent: {id, locale}, each null if Zendesk does not say. */
	async agent() {
		const { currentUser } = await this.#values(["currentUser"]);
		return { id: currentUser?.id ?? null, locale: currentUser?.locale ?? null };
	}

	/** Calls `moved` when the page may be about somebody else, `seen` when the agent comes back to it. */
	watch({ moved, seen }) {
		for (const name of MOVES) this.#on(name, moved);
		this.#on("app.activated", seen);
	}

	/** Follows Zendesk's own light or dark mode if it tells; else the browser's stands. */
	async followScheme(root) {
		const apply = scheme => {
			if (scheme === "light" || scheme === "dark") root.dataset.scheme = scheme;
		};
		this.#on("colorScheme.changed", apply);
		apply((await this.#values(["colorScheme"])).colorScheme);
	}

	/** Keeps the frame as high as `content`. */
	fit(content) {
		const resize = () => {
			const height = Math.ceil(content.getBoundingClientRect().height);
			if (!height || height === this.height) return;
			this.height = height;
			quietly(() => this.client.invoke("resize", { width: "100%", height: `${height}px` }));
		};
		new ResizeObserver(resize).observe(content);
		resize();
	}

	async #values(names) {
		try {
			return (await this.client.get(names)) || {};
		} catch {
			return {};
		}
	}

	#on(name, listener) {
		quietly(() => this.client.on(name, listener));
	}
}

function subject(user, email, ticket) {
	return { user: user ? String(user) : null, email: email || null, ticket: ticket ? String(ticket) : null };
}

// An older or newer SDK may not know a name; the page does without.
function quietly(call) {
	try {
		call()?.catch?.(() => {});
	} catch {
		// nothing hangs on it
	}
}
