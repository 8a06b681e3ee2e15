"""The page of events: filtered by words in its address, page by page, and how many came since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from bridge.errors import Rejected
from bridge.filters import EVENT_WORDS, BadFilter, Filters, read_filters
from bridge.ledger import looking
from bridge.ledger.event_lists import EventFilter, Place, place_of, read_place
from bridge.timeline.events import count_newer, event_filter, event_page, summary
from bridge.timeline.one_event import event_story
from receiver.answers import answer
from receiver.console import shown
from receiver.console.console import PREFIX, Console
from receiver.console.parts import ConsoleParts
from receiver.console.signed_in import SignedIn

ON_A_PAGE = 50
PATH = f"{PREFIX}/events"
# Filters that are asked for most often: name and words.
USUAL = (
    ("All", ""),
    ("Dead", "outcome:dead"),
    ("Waiting", "outcome:kept"),
    ("To Sailthru", "direction:to-sailthru"),
    ("To Zendesk", "direction:to-zendesk"),
    ("The last hour", "since:1h"),
)


@dataclass(frozen=True)
class Found:
    """Events as the list shows them; where older ones begin; and after which place others are new."""

    rows: Sequence[Mapping[str, Any]] = ()
    older: Place | None = None
    newest: Place | None = None


def install(console: Console) -> None:
    """Add the pages."""
    pages = EventPages(console)
    console.add_to_menu("Events", "/events", "e")
    console.page("/events")(pages.events)
    console.page("/events/<installation>/<path:event_id>")(pages.event)
    console.page("/api/events/newer")(pages.newer)


@dataclass(frozen=True)
class EventPages:
    """The views."""

    console: Console

    @property
    def _parts(self) -> ConsoleParts:
        return self.console.parts

    def events(self, operator: SignedIn) -> str:
        """A page of the list; words that are no filter are answered with those that are."""
        words = request.args.get("q", "").strip()
        try:
            found, fault = self._found(read_filters(words)), ""
        except BadFilter as error:
            found, fault = Found(), str(error)
        return self.console.render(
            "events.html",
            operator=operator,
            q=words,
            fault=fault,
            rows=shown.value(found.rows, operator),
            older=_address(words, found.older) if found.older else "",
            newest=None if "before" in request.args else found.newest,
            usual=[(name, _address(one, None), one == words) for name, one in USUAL],
            words=EVENT_WORDS,
        )

    def _found(self, wanted: Filters) -> Found:
        before = read_place(request.args.get("before", ""))
        asked = self._asked(wanted)
        with self._parts.ledger.reading() as connection:
            names = looking.names(connection)
            page = event_page(connection, asked, limit=ON_A_PAGE, before=before)
        newest = place_of(page.rows[0]) if page.rows else Place(self._parts.ledger.micros(), 0, "")
        return Found([summary(row, names) for row in page.rows], page.older, newest)

    def _asked(self, wanted: Filters) -> EventFilter:
        numbers = {one.name: one.id for one in self._parts.directory.all()}
        return event_filter(wanted, numbers, self._parts.clock.now())

    def newer(self, operator: SignedIn) -> Response:  # noqa: ARG002 - whoever may look
        """How many events came since the newest one that a page shows."""
        than = read_place(request.args.get("after", ""))
        if than is None:
            raise Rejected("bad_request", 400, "after: the place of an event.")
        try:
            wanted = self._asked(read_filters(request.args.get("q", "")))
        except BadFilter as error:
            raise Rejected("bad_filter", 400, str(error)) from None
        with self._parts.ledger.reading() as connection:
            return answer(200, count=count_newer(connection, wanted, than))

    def event(self, installation: str, event_id: str, operator: SignedIn) -> str:
        """One event end to end."""
        with self._parts.ledger.reading() as connection:
            names = looking.names(connection)
            number = {name: number for number, name in names.items()}.get(installation, 0)
            found = looking.event(connection, number, event_id)
            if found is None:
                raise Rejected("not_found", 404, "There is no such event, or not any more.")
            story = event_story(connection, found, names)
        return self.console.render(
            "event.html", operator=operator, event=shown.value(story, operator), text=shown.text
        )


def _address(words: str, before: Place | None) -> str:
    asked: Mapping[str, str] = {"q": words} if words else {}
    asked = {**asked, **({"before": str(before)} if before else {})}
    return f"{PATH}?{urlencode(asked)}" if asked else PATH
