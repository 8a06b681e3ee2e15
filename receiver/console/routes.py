"""Everything under `/console/`, put together."""

from __future__ import annotations

from flask import Flask, Response

from receiver.answers import answer
from receiver.console import (
    audit,
    customers,
    dead,
    events,
    failures,
    headers,
    lanes,
    overview,
    repairing,
    replays,
    sign_in,
    streams,
)
from receiver.console.console import Console
from receiver.console.signed_in import SignedIn
from receiver.console.streams import EXTENSION
from receiver.parts import Parts

# One line a subject, in the order of the menu; the modules know nothing of each other.
SUBJECTS = (overview, dead, repairing, replays, events, customers, lanes, audit)


def install(app: Flask, parts: Parts) -> None:
    """Add the console's pages, files and API to the app."""
    console = Console(parts.console)
    headers.install(app)
    sign_in.install(console)
    for subject in SUBJECTS:
        subject.install(console)
    app.extensions[EXTENSION] = streams.install(console)
    _who_am_i(console)
    _no_such_page(console)
    app.register_blueprint(console.blueprint)


def _who_am_i(console: Console) -> None:
    @console.page("/api/me")
    def me(operator: SignedIn) -> Response:
        return answer(200, name=operator.name, role=operator.role)


def _no_such_page(console: Console) -> None:
    """Strangers learn nothing about which pages there are: they are asked to sign in at every address."""

    @console.page("/<path:rest>")
    def no_such_page(rest: str, operator: SignedIn) -> Response:  # noqa: ARG001 - the words of the route
        return failures.told("not_found", 404)
