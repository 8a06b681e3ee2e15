"""The tour: what agents and customers do in Zendesk, one thing after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from commands.demo.expected import Expected, expected_vars
from commands.demo.standin import StandIn


@dataclass
class Person:
    """One of the cast. `kept` and `lists` are what the profile held before the bridge came."""

    address: str
    id: int = 0
    sid: str | None = None
    kept: dict[str, Any] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Step:
    """One change in Zendesk. `about` names the people it touches."""

    title: str
    about: tuple[str, ...]
    do: Callable[[Cast], None]


class Cast:
    """The people and tickets of the tour, and the two systems in which they live."""

    def __init__(self, zendesk: StandIn, sailthru: StandIn) -> None:
        self.zendesk = zendesk
        self.sailthru = sailthru
        self.people: dict[str, Person] = {}
        self.tickets: dict[str, int] = {}

    def prepare(self) -> None:
        """Cleo has a Sailthru profile before; and Zendesk tells every third thing twice, as it may."""
        self.zendesk.do("set_oddity", name="duplicate_every", value=3)
        kept, lists = {"favourite_colour": "teal"}, ["Weekly"]
        sid = self.sailthru.do("create_profile", email="cleo@example.com", vars=kept, lists=lists)
        self.people["Cleo"] = Person("cleo@example.com", sid=sid, kept=kept, lists=frozenset(lists))

    def arrive(self, name: str, **about: Any) -> None:
        """Somebody becomes a user in Zendesk."""
        address = f"{name.lower()}@example.com"
        person = self.people.setdefault(name, Person(address))
        person.id = self.zendesk.do("create_user", email=address, name=name, **about)["id"]

    def move(self, name: str, address: str) -> None:
        """Somebody's primary address changes in Zendesk."""
        self.zendesk.do("change_email", user_id=self.people[name].id, new=address)
        self.people[name] = replace(self.people[name], address=address)

    def ask(self, name: str, subject: str, **about: Any) -> None:
        """Somebody opens a ticket."""
        made = self.zendesk.do("create_ticket", requester_id=self.people[name].id, subject=subject, **about)
        self.tickets[subject] = made["id"]

    def expected(self) -> list[Expected]:
        """What Sailthru must hold now."""
        state = self.zendesk.state()
        users = {user["id"]: user for user in state["users"]}
        return [
            Expected(person.address, person.sid, {**person.kept, **ours}, person.lists)
            for person in self.people.values()
            for ours in [
                expected_vars(users[person.id], state["tickets"], self.zendesk.url) if person.id else {}
            ]
        ]

    def learn(self) -> None:
        """From now on every profile must stay the same one, by its sid."""
        held = {profile["email"]: profile["sid"] for profile in self.sailthru.state()["profiles"]}
        for person in self.people.values():
            person.sid = person.sid or held.get(person.address)


PARCEL, PAYROLL, REFUND = "Where is my parcel?", "About my salary", "A refund, please"


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


# Nobody has two steps in a row: changes of one second cannot be told apart, see `playing`.
STEPS = (
    Step("Ada is created", ("Ada",), lambda cast: cast.arrive("Ada")),
    Step("Ben is created with a tag", ("Ben",), lambda cast: cast.arrive("Ben", tags=["trial"])),
    Step("Cleo, whom Sailthru knows, is created", ("Cleo",), lambda cast: cast.arrive("Cleo")),
    Step("Dora is created", ("Dora",), lambda cast: cast.arrive("Dora")),
    Step("Ada gets two tags", ("Ada",), _user("add_tags", "Ada", tags=["vip", "wholesale"])),
    Step("Ben opens a ticket", ("Ben",), lambda cast: cast.ask("Ben", PARCEL)),
    Step("Cleo has a new address", ("Cleo",), lambda cast: cast.move("Cleo", "cleo.martin@example.org")),
    Step("Dora opens a ticket", ("Dora",), lambda cast: cast.ask("Dora", REFUND, channel="email")),
    Step("Ada opens a private ticket", ("Ada",), lambda cast: cast.ask("Ada", PAYROLL, public=False)),
    Step("Ben's ticket is solved", ("Ben",), _ticket("solve", PARCEL)),
    Step("Ada loses a tag", ("Ada",), _user("remove_tags", "Ada", tags=["wholesale"])),
    Step("Ben's ticket moves to Cleo", ("Ben", "Cleo"), _hand_over),
    Step("Ada has a new address", ("Ada",), lambda cast: cast.move("Ada", "ada.byron@example.org")),
    Step("Dora is merged into Cleo", ("Dora", "Cleo"), _merge),
    Step("Ada's ticket is deleted", ("Ada",), _ticket("delete_ticket", PAYROLL)),
    Step("Ben is deleted", ("Ben",), _user("delete_user", "Ben")),
)
