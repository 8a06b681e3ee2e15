"""Customers: found by any of their names; facts, both records, and everything that happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from bridge.errors import Rejected
from bridge.ledger import customers, looking
from bridge.ledger.installations import Installation
from bridge.people.roles import OPERATOR
from bridge.timeline.as_is import Reads, beside
from bridge.timeline.customer_record import customer_record, named
from bridge.timeline.happenings import happenings, read_moment
from bridge.timeline.pushing import progress, push_now, would_send
from receiver.answers import answer
from receiver.console import shown
from receiver.console.console import PREFIX, Console
from receiver.console.parts import ConsoleParts
from receiver.console.signed_in import SignedIn
from receiver.turnstile import Turnstile

ON_A_PAGE = 30
PATH = f"{PREFIX}/customers"
LIVE_AT_ONCE = 2  # of one process: whoever looks waits for two remotes meanwhile
ONE = "/customers/<installation>/<int:number>"


def install(console: Console) -> None:
    """Add the pages."""
    pages = CustomerPages(console, Turnstile(LIVE_AT_ONCE))
    console.add_to_menu("Customers", "/customers", "u")
    console.page("/customers")(pages.search)
    console.page(ONE)(pages.customer)
    console.page(f"{ONE}/push", role=OPERATOR, methods=("POST",))(pages.push)
    console.page(f"/api{ONE}/push")(pages.how_it_stands)


@dataclass(frozen=True)
class CustomerPages:
    """The views."""

    console: Console
    live: Turnstile

    @property
    def _parts(self) -> ConsoleParts:
        return self.console.parts

    def search(self, operator: SignedIn) -> str | AnyResponse:
        """Find by address, Zendesk id or sid; whoever is the only one is shown at once."""
        wanted = request.args.get("q", "").strip()
        found = self._known_as(wanted) if wanted else []
        if len(found) == 1:
            return redirect(_address(*found[0]))
        rows = [
            {"installation": name, "customer": number, "address": _address(name, number)}
            for name, number in found
        ]
        return self.console.render("customers.html", operator=operator, q=wanted, rows=rows)

    def _known_as(self, wanted: str) -> list[tuple[str, int]]:
        with self._parts.ledger.reading() as connection:
            names = looking.names(connection)
            found = looking.customers_known_as(connection, wanted)
        return [(names[installation_id], number) for installation_id, number in found]

    def customer(self, installation: str, number: int, operator: SignedIn) -> str:
        """Facts, what each system should hold, and what happened; with `live` also what each holds."""
        chosen = self._installation(installation)
        before = read_moment(request.args.get("before", ""))
        with self._parts.ledger.reading() as connection:
            row = customers.one(connection, chosen.id, number)
            if row is None:
                raise Rejected("not_found", 404, "Nobody is known by this Zendesk id here.")
            record = customer_record(connection, chosen, number)
            story = happenings(connection, chosen.id, number, limit=ON_A_PAGE, before=before)
        own = _address(installation, number)
        return self.console.render(
            "customer.html",
            operator=operator,
            customer=shown.value(record, operator),
            sides=shown.value(self._sides(chosen, record), operator),
            is_live="live" in request.args,
            will_be_sent=shown.value(would_send(record), operator),
            entries=shown.value(story.entries, operator),
            older=f"{own}?{urlencode({'before': str(story.older)})}#story" if story.older else "",
            is_first=before is None,
            own=own,
            pushed=_micros(request.args.get("pushed", "")),
            named=named,
            text=shown.text,
        )

    def _sides(self, chosen: Installation, record: dict[str, Any]) -> list[dict[str, Any]]:
        """Both systems: what each should hold and, read now if that was asked for, what it holds."""
        should = {"sailthru": record["sailthru"], "zendesk": (record["zendesk"] or {}).get("fields", [])}
        if "live" not in request.args:
            return [{"system": name, "rows": rows, "problem": ""} for name, rows in should.items()]
        with self.live.passing() as may_pass:
            if not may_pass:
                raise Rejected("busy", 503, "Others are reading both systems just now.")
            reads = Reads(self._parts.ledger, self._parts.remotes, self._parts.clock)
            held = reads.both(chosen, record["zendesk_id"], record["sid"])
        return [
            {"system": name, "rows": _joined(rows, beside(rows, held[name])), "problem": held[name].problem}
            for name, rows in should.items()
        ]

    def push(self, installation: str, number: int, operator: SignedIn) -> AnyResponse:
        """Owe both systems everything, at once."""
        chosen = self._installation(installation)
        since = push_now(self._parts.ledger, chosen.id, number, operator=operator.name, via="console")
        return redirect(f"{_address(installation, number)}?{urlencode({'pushed': since})}")

    def how_it_stands(self, installation: str, number: int, operator: SignedIn) -> Response:  # noqa: ARG002
        """What became of a push, for whoever waits for it."""
        chosen = self._installation(installation)
        since = _micros(request.args.get("since", "")) or 0
        with self._parts.ledger.reading() as connection:
            stands = progress(connection, chosen.id, number, since)
        return answer(200, is_over=stands.is_over, is_paid=stands.is_paid, words=stands.words)

    def _installation(self, name: str) -> Installation:
        found = self._parts.directory.get(name)
        if found is None:
            raise Rejected("not_found", 404, "There is no installation of that name.")
        return found


def _joined(should: list[dict[str, Any]], live: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**one, "is": now["holds"], "differs": now["differs"]} for one, now in zip(should, live, strict=True)
    ]


def _address(installation: str, number: int) -> str:
    return f"{PATH}/{quote(installation, safe='')}/{number}"


def _micros(given: str) -> int | None:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
