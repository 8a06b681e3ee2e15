"""Histories of a Zendesk account, made up by hypothesis and played on the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from sandbox.zendesk import Zendesk

PEOPLE = ("ann", "bob", "cyd")
TAGS = ("vip", "press")


@dataclass(frozen=True)
class Deed:
    """One thing done in Zendesk, `pause_s` after the one before; `who` and `what` choose whom it concerns."""

    verb: str
    who: int
    what: int
    pause_s: float


@dataclass
class Account:
    """The people and tickets of one history."""

    zendesk: Zendesk
    wait: Callable[[float], None]
    users: list[int] = field(default_factory=list)
    tickets: list[int] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)

    def open(self) -> None:
        """Everybody is there before the bridge hears of anything."""
        for name in PEOPLE:
            self.users.append(self.zendesk.create_user(email=f"{name}@first.example").id)

    def do(self, deed: Deed) -> None:
        """Play one deed; one that makes no sense just now does nothing."""
        user = self.users[deed.who % len(self.users)]
        if user not in self.gone or deed.verb.startswith("ticket"):
            _VERBS[deed.verb](self, user, deed)

    def _tag(self, user: int, deed: Deed) -> None:
        self.zendesk.add_tags(user, [TAGS[deed.what % 2]])

    def _untag(self, user: int, deed: Deed) -> None:
        self.zendesk.remove_tags(user, [TAGS[deed.what % 2]])

    def _move(self, user: int, deed: Deed) -> None:
        name = PEOPLE[self.users.index(user)]
        address = f"{name}@{('first', 'second', 'third')[deed.what % 3]}.example"
        if address != self.zendesk.user(user).email and not self._is_held(address):
            self.wait(1.0)
            self.zendesk.change_email(user, address)

    def _trade(self, user: int, deed: Deed) -> None:
        """Two people trade their addresses, by way of a third one, as Zendesk demands."""
        other = self.users[(deed.who + 1) % len(self.users)]
        mine, theirs = self.zendesk.user(user).email, self.zendesk.user(other).email
        between = f"{PEOPLE[self.users.index(user)]}@between.example"
        if other in self.gone or not mine or not theirs or self._is_held(between):
            return
        for one, address in ((user, between), (other, mine), (user, theirs)):
            self.wait(1.0)  # people do not hand an address on within the second
            self.zendesk.change_email(one, address)

    def _is_held(self, address: str) -> bool:
        return any(self.zendesk.user(one).email == address for one in self.users)

    def _ticket(self, user: int, deed: Deed) -> None:
        if user not in self.gone:
            self.tickets.append(self.zendesk.create_ticket(user, subject=f"Ticket {deed.what}").id)

    def _on_ticket(self, act: Callable[[int], Any], deed: Deed) -> None:
        if self.tickets:
            act(self.tickets[deed.what % len(self.tickets)])

    def _solve(self, _user: int, deed: Deed) -> None:
        self._on_ticket(self.zendesk.solve, deed)

    def _reopen(self, _user: int, deed: Deed) -> None:
        self._on_ticket(lambda ticket: self.zendesk.update_ticket(ticket, status="open"), deed)

    def _hand_over(self, user: int, deed: Deed) -> None:
        if user not in self.gone:
            self._on_ticket(lambda ticket: self.zendesk.change_requester(ticket, user), deed)

    def _drop(self, _user: int, deed: Deed) -> None:
        if self.tickets:
            self.zendesk.delete_ticket(self.tickets.pop(deed.what % len(self.tickets)))

    def _delete(self, user: int, _deed: Deed) -> None:
        if len(self.gone) + 1 < len(self.users):
            self.zendesk.delete_user(user)
            self.gone.add(user)


_VERBS: dict[str, Callable[[Account, int, Deed], None]] = {
    "tag": Account._tag,
    "untag": Account._untag,
    "move": Account._move,
    "trade": Account._trade,
    "ticket": Account._ticket,
    "ticket_solve": Account._solve,
    "ticket_reopen": Account._reopen,
    "ticket_hand_over": Account._hand_over,
    "ticket_drop": Account._drop,
    "delete": Account._delete,
}


def histories(*, without: tuple[str, ...] = ()) -> st.SearchStrategy[list[Deed]]:
    """Up to a dozen deeds, all but a few of them something that happens every day."""
    daily = [verb for verb in _VERBS if verb not in ("delete", *without)] * 3
    deeds = st.builds(
        Deed,
        verb=st.sampled_from(daily if "delete" in without else [*daily, "delete"]),
        who=st.integers(0, 2),
        what=st.integers(0, 5),
        pause_s=st.sampled_from([0.0, 0.3, 1.0, 1.7, 5.0]),
    )
    return st.lists(deeds, min_size=1, max_size=12)
