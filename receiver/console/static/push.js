// Follows a push to its end, then offers the page as it is now.

const EVERY_MS = 1000;
const state = document.getElementById("push-state");

async function look() {
	if (document.hidden) return void setTimeout(look, EVERY_MS);
	try {
		const answer = await fetch(state.dataset.ask);
		if (answer.ok && tell(await answer.json())) return;
	} catch {
		// the next look may find the way
	}
	setTimeout(look, EVERY_MS);
}

function tell(stands) {
	if (state.textContent !== stands.words) state.textContent = stands.words;
	if (!stands.is_over) return false;
	const link = document.createElement("a");
	link.href = state.dataset.done;
	link.textContent = "Show it";
	state.append(" ", link);
	return true;
}

look();
