"""The tour: what agents and customers do in either system, one thing after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from commands.demo.cast import Cast

Way = Literal["Zendesk -> Sailthru", "Sailthru -> Zendesk", "both ways"]
FORTH: Way = "Zendesk -> Sailthru"
BACK: Way = "Sailthru -> Zendesk"
BOTH: Way = "both ways"

# Zendesk takes about five updates a minute of one user, so the bridge leaves 15 seconds after each.
PACE_S = 15.5


@dataclass(frozen=True)
class Step:
    """One change. `about` names the people it touches; it is over when the systems on its way agree.

    `rest_s` is how long Zendesk's users of these people must have been left alone before.
    """

    title: str
    about: tuple[str, ...]
    do: Callable[[Cast], None]
    way: Way = FORTH
    rest_s: float = 0.0

    @property
    def reaches_zendesk(self) -> bool:
        """Whether Zendesk has to be told."""
        return self.way != FORTH


PARCEL, PAYROLL, REFUND = "Where is my parcel?", "About my salary", "A refund, please"
INVOICE = "The invoice is wrong"


def _user(verb: str, name: str, **arguments: Any) -> Callable[[Cast], None]:
    def do(cast: Cast) -> None:
        cast.zendesk.do(verb, user_id=cast.people[name].id, **arguments)

    return do


def _ticket(verb: str, subject: str) -> Callable[[Cast], None]:
    def do(cast: Cast) -> None:
        cast.zendesk.do(verb, ticket_id=cast.tickets[subject])

    return do


def _hand_over(cast: Cast) -> None:
    cast.zendesk.do("change_requester", ticket_id=cast.tickets[PARCEL], requester_id=cast.people["Cleo"].id)


def _merge(cast: Cast) -> None:
    cast.zendesk.do("merge_users", loser_id=cast.people["Dora"].id, winner_id=cast.people["Cleo"].id)


def _rise(cast: Cast) -> None:
    cast.score("Cleo", 4)
    cast.ask("Cleo", INVOICE)


def _fall(cast: Cast) -> None:
    cast.score("Cleo", 2)
    cast.choose_lists("Cleo", Weekly=0, Offers=1)


# Nobody has two steps in a row: changes of one second cannot be told apart, see `playing`. Cleo's rise takes
# two updates, of her fields and of her tags, so she rests twice as long before she falls.
STEPS = (
    Step("Ada is created", ("Ada",), lambda cast: cast.arrive("Ada")),
    Step("Ben is created with a tag", ("Ben",), lambda cast: cast.arrive("Ben", tags=["trial"])),
    Step("Cleo, whom Sailthru knows, is created", ("Cleo",), lambda cast: cast.arrive("Cleo"), BOTH),
    Step("Dora is created", ("Dora",), lambda cast: cast.arrive("Dora")),
    Step("Ada gets two tags", ("Ada",), _user("add_tags", "Ada", tags=["vip", "wholesale"])),
    Step("Ben opens a ticket", ("Ben",), lambda cast: cast.ask("Ben", PARCEL)),
    Step("Cleo has a new address", ("Cleo",), lambda cast: cast.move("Cleo", "cleo.martin@example.org")),
    Step("Ada opens a private ticket", ("Ada",), lambda cast: cast.ask("Ada", PAYROLL, public=False)),
    Step("Ben's ticket is solved", ("Ben",), _ticket("solve", PARCEL)),
    Step("Ada loses a tag", ("Ada",), _user("remove_tags", "Ada", tags=["wholesale"])),
    Step("Ben's ticket moves to Cleo", ("Ben", "Cleo"), _hand_over),
    Step("Dora opts out of all mail", ("Dora",), lambda cast: cast.opt_out("Dora", "all"), BACK, PACE_S),
    Step("Cleo, now of the highest value, opens a ticket", ("Cleo",), _rise, BACK, PACE_S),
    Step("Ada has a new address", ("Ada",), lambda cast: cast.move("Ada", "ada.byron@example.org")),
    Step("Dora opts in again", ("Dora",), lambda cast: cast.opt_out("Dora", "none"), BACK, PACE_S),
    Step("Dora opens a ticket", ("Dora",), lambda cast: cast.ask("Dora", REFUND, channel="email")),
    Step("Ada's ticket is deleted", ("Ada",), _ticket("delete_ticket", PAYROLL)),
    Step("Cleo, now of less value, chooses other lists", ("Cleo",), _fall, BACK, 2 * PACE_S),
    Step("Ben is deleted", ("Ben",), _user("delete_user", "Ben")),
    Step("Dora is merged into Cleo", ("Dora", "Cleo"), _merge),
)
