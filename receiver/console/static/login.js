// The session's cookie does not come along when another site's link leads here, but it does with this call.
const target = document.getElementById("main").dataset.next;
const answer = await fetch("/console/api/me", { headers: { Accept: "application/json" } });
if (answer.ok) location.replace(target);
