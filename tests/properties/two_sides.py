"""Histories with changes on both sides, made up by hypothesis and played on both stand-ins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from bridge.deciding.to_zendesk.projection import USER_FIELDS
from bridge.deciding.way_back import HIGH_VALUE_TAG
from sandbox import Sandbox
from sandbox.sailthru import Sailthru
from schemas.event import Event
from tests.consumers.world import ManualClock, World
from tests.properties.histories import PEOPLE, Account, Deed, histories

LISTS = ("News", "Winter")
# These change with no word to anybody, or only while a ticket is open: they are another story.
UNTOLD = ("sailthru_last_open", "sailthru_last_click", "sailthru_last_pageview")


@dataclass(frozen=True)
class Change:
    """One thing that happens in Sailthru to the profile of person number `who`."""

    verb: str
    who: int
    what: int
    pause_s: float


def _opt_out(sailthru: Sailthru, sid: str, what: int) -> None:
    sailthru.set_optout(sid, ("none", "basic", "all")[what % 3])


def _save_page(sailthru: Sailthru, sid: str, what: int) -> None:
    wanted = {LISTS[what % 2]: what // 2 % 2}
    sailthru.save_user_page(sid, lists=wanted, optout_email=("none", "basic")[what % 2])


def _score(sailthru: Sailthru, sid: str, what: int) -> None:
    sailthru.set_score(sid, (4, 1, 3, "4")[what % 4])


def _join(sailthru: Sailthru, sid: str, what: int) -> None:
    sailthru.join_list(sid, LISTS[what % 2])


def _leave(sailthru: Sailthru, sid: str, what: int) -> None:
    sailthru.leave_list(sid, LISTS[what % 2])


def _bounce(sailthru: Sailthru, sid: str, _what: int) -> None:
    sailthru.hard_bounce(sid)


def _verify(sailthru: Sailthru, sid: str, _what: int) -> None:
    sailthru.set_engagement(sid, "active")
    sailthru.verify(sid)


_VERBS: dict[str, Callable[[Sailthru, str, int], None]] = {
    "opt out": _opt_out,
    "save page": _save_page,
    "score": _score,
    "join": _join,
    "leave": _leave,
    "bounce": _bounce,
    "verify": _verify,
}


def changes() -> st.SearchStrategy[Change]:
    return st.builds(
        Change,
        verb=st.sampled_from([*_VERBS, "score"]),
        who=st.integers(0, 2),
        what=st.integers(0, 5),
        pause_s=st.sampled_from([0.0, 0.3, 1.0, 4.0, 12.0]),
    )


@st.composite
def two_sided(draw: st.DrawFn, *, without: tuple[str, ...] = ()) -> list[Deed | Change]:
    """Up to a dozen things on either side, mixed."""
    mine: list[Deed | Change] = list(draw(histories(without=without)))
    theirs: list[Deed | Change] = list(draw(st.lists(changes(), min_size=1, max_size=10)))
    # The order within each side stays; where they interleave is drawn.
    turns = draw(st.permutations([True] * len(mine) + [False] * len(theirs)))
    return [(mine if turn else theirs).pop(0) for turn in turns]


class Both:
    """Both accounts and a bridge between them, with everybody linked and at rest. Echoes are on."""

    def __init__(self, folder: Path, *, lag_s: float, fresh: float) -> None:
        self.clock = ManualClock()
        self.box = Sandbox.start(now=self.clock.now)
        self.zendesk, self.sailthru = self.box.zendesk, self.box.sailthru
        self._make_odd(lag_s, fresh)
        self.account = Account(self.zendesk, self.clock.move)
        self.account.open()
        self.sids = [
            self.sailthru.create_profile(f"{name}@first.example", vars={"first_name": name})
            for name in PEOPLE
        ]
        for field in USER_FIELDS:
            self.zendesk.add_user_field(field.key, field.type)
        self.clock.move(60)
        self.world = World.make(folder, self.box, self.clock)
        self.world.add_process()
        self._link()

    def _make_odd(self, lag_s: float, fresh: float) -> None:
        oddities = self.sailthru.oddities
        oddities.echo = oddities.ui_echo = True
        oddities.consistency_s, oddities.fresh_fraction = lag_s, fresh
        self.zendesk.lift_quota()
        self.sailthru.lift_quota()

    def _link(self) -> None:
        self.world.listen()
        for user in self.account.users:
            self.zendesk.add_tags(user, ["greeted"])
        self.world.settle(120)
        linked = [self.world.customer(user).sid for user in self.account.users]
        assert linked == self.sids

    def do(self, one: Deed | Change) -> list[Event]:
        """Let it happen; what either side tells of it."""
        self.clock.move(one.pause_s)
        if isinstance(one, Deed):
            self.account.do(one)
        else:
            _VERBS[one.verb](self.sailthru, self.sids[one.who], one.what)
        return self.heard()

    def heard(self) -> list[Event]:
        """What either side has told since the last time."""
        return [*self.world.told(), *self.world.told_back()]

    def agree(self) -> None:
        """Each side holds what the other one says, for everybody who is still there."""
        for user, sid in zip(self.account.users, self.sids, strict=True):
            self._agree(user, sid)

    def _agree(self, number: int, sid: str) -> None:
        user, profile = self.zendesk.user(number), self.sailthru.by_sid(sid)
        assert profile is not None
        tickets = [self.zendesk.ticket(one) for one in self.account.tickets]
        mine = {str(one.id): one.status for one in tickets if one.requester_id == number}
        held = profile.vars.get("zendesk_tickets", {})
        assert {key: one["status"] for key, one in held.items() if one is not None} == mine
        if user.active:
            assert profile.vars["zendesk_tags"] == sorted(user.tags)
            assert profile.email == user.email
            assert shown_in_zendesk(user) == said_in_sailthru(profile)
            assert (HIGH_VALUE_TAG in user.tags) is (said_in_sailthru(profile).get(SCORE) == 4)

    def calls(self) -> int:
        """How many calls either side had, signing in left out."""
        everything = [*self.zendesk.calls, *self.sailthru.calls]
        return sum(call.path != "/oauth/tokens" for call in everything)

    def forget(self) -> None:
        self.zendesk.calls.forget()
        self.sailthru.calls.forget()

    def stop(self) -> None:
        self.box.stop()
        self.world.ledger.engine.dispose()


SCORE = "sailthru_value_score"


def shown_in_zendesk(user: Any) -> dict[str, Any]:
    """What the user's fields hold, empty ones left out."""
    held = {key: value for key, value in user.user_fields.items() if key not in UNTOLD}
    return {key: value for key, value in held.items() if value is not None}


def said_in_sailthru(profile: Any) -> dict[str, Any]:
    """The same, told from the profile alone."""
    score = profile.vars.get("customer_value_score")
    said = {
        "sailthru_optout": profile.optout_email,
        "sailthru_engagement": profile.engagement,
        SCORE: None if score is None else int(score),
        "sailthru_lists": "\n".join(sorted(profile.lists)) or None,
    }
    return {key: value for key, value in said.items() if value is not None}


@contextmanager
def both(*, lag_s: float = 0.0, fresh: float = 0.0) -> Iterator[Both]:
    with TemporaryDirectory() as folder:
        sides = Both(Path(folder), lag_s=lag_s, fresh=fresh)
        try:
            yield sides
        finally:
            sides.stop()
