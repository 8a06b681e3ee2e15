"""The people of the tour, what they do in either system, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from commands.demo.differing import Difference
from commands.demo.expected import Expected, differences, expected_vars
from commands.demo.expected_users import (
    HIGH_VALUE_AT,
    SCORE_VAR,
    ExpectedUser,
    expected_user,
    user_differences,
)
from commands.demo.scene import Scene, look
from commands.demo.standin import StandIn


@dataclass
class Person:
    """One of the cast. `kept` and `lists` are what the profile holds that is not the bridge's."""

    address: str
    id: int = 0
    sid: str | None = None
    kept: dict[str, Any] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()


class Cast:
    """The people and tickets of the tour, and the two systems in which they live."""

    def __init__(self, zendesk: StandIn, sailthru: StandIn) -> None:
        self.zendesk = zendesk
        self.sailthru = sailthru
        self.people: dict[str, Person] = {}
        self.tickets: dict[str, int] = {}
        self.tagged: dict[str, tuple[int, ...]] = {}

    def prepare(self) -> None:
        """Cleo has a Sailthru profile before; and both tell every third thing twice, as they may."""
        self.zendesk.do("set_oddity", name="duplicate_every", value=3)
        self.sailthru.do("set_oddity", name="duplicate_every", value=3)
        kept, lists = {"favourite_colour": "teal", SCORE_VAR: 2}, ["Weekly"]
        address = "cleo@example.com"
        sid = self.sailthru.do("create_profile", email=address, vars=kept, lists=lists, engagement="engaged")
        self.sailthru.do("sign_up", who=sid, signed_up_at="2024-03-01T09:00:00+00:00")
        self.sailthru.do("open", who=sid)
        self.people["Cleo"] = Person(address, sid=sid, kept=kept, lists=frozenset(lists))

    def scene(self) -> Scene:
        """Both systems now."""
        return look(self.zendesk, self.sailthru)

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
        """Somebody opens a ticket; of a valuable customer it is tagged."""
        person = self.people[name]
        made = self.zendesk.do("create_ticket", requester_id=person.id, subject=subject, **about)
        self.tickets[subject] = made["id"]
        if person.kept.get(SCORE_VAR, 0) >= HIGH_VALUE_AT:
            self.tagged[name] = (*self.tagged.get(name, ()), made["id"])

    def score(self, name: str, score: int) -> None:
        """Sailthru values somebody anew. Nobody is told of it."""
        person = self.people[name]
        self.sailthru.do("set_score", who=person.address, score=score)
        person.kept = {**person.kept, SCORE_VAR: score}

    def opt_out(self, name: str, mode: str) -> None:
        """Somebody opts out on a page of Sailthru's."""
        self.sailthru.do("set_optout", who=self.people[name].address, mode=mode)

    def choose_lists(self, name: str, **lists: int) -> None:
        """Somebody saves the page with their preferences."""
        person = self.people[name]
        self.sailthru.do("save_user_page", who=person.address, lists=lists)
        joined = {one for one, is_on in lists.items() if is_on}
        person.lists = frozenset((person.lists - lists.keys()) | joined)

    def differences(self, scene: Scene) -> list[Difference]:
        """What Sailthru holds and must not, or must and does not."""
        return differences(self._expected(scene), scene.profiles.values())

    def user_differences(self, scene: Scene) -> list[Difference]:
        """What Zendesk's users hold and must not, or must and do not."""
        return [one for user in self._expected_users(scene) for one in user_differences(user, scene)]

    def learn(self) -> None:
        """From now on every profile must stay the same one, by its sid."""
        held = {profile["email"]: profile["sid"] for profile in self.sailthru.state()["profiles"]}
        for person in self.people.values():
            person.sid = person.sid or held.get(person.address)

    def _expected(self, scene: Scene) -> list[Expected]:
        return [
            Expected(person.address, person.sid, {**person.kept, **self._vars(person, scene)}, person.lists)
            for person in self.people.values()
        ]

    def _vars(self, person: Person, scene: Scene) -> dict[str, Any]:
        if not person.id:
            return {}
        return expected_vars(scene.users[person.id], scene.tickets.values(), self.zendesk.url)

    def _expected_users(self, scene: Scene) -> list[ExpectedUser]:
        """Of those who are active and have a profile."""
        found = []
        for name, person in self.people.items():
            user, profile = scene.users.get(person.id), scene.profile_at(person.address)
            if user is not None and user["active"] and profile is not None:
                one = expected_user(user, profile, scene)
                found.append(replace(one, tagged_tickets=self.tagged.get(name, ())))
        return found
