// Says how many events came since this page was made. Rows stay where they are; nothing is asked while nobody looks.

const EVERY_MS = 3000;
const MOST = 100;

const news = document.getElementById("news");
if (news) setInterval(() => look(news, document.getElementById("show-news")), EVERY_MS);

async function look(about, link) {
	if (document.hidden) return;
	const asked = new URLSearchParams({ q: about.dataset.q, after: about.dataset.after });
	try {
		const answer = await fetch(`/console/api/events/newer?${asked}`);
		if (answer.ok) tell(link, (await answer.json()).count);
	} catch {
		// the next look may find the way
	}
}

function tell(link, count) {
	if (count === 0) return;
	link.textContent = `${count < MOST ? count : `${MOST} or more`} new`;
	link.hidden = false;
}
