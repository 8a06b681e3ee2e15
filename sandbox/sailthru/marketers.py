"""What marketers and the account's own machinery do in Sailthru; most of it sends no postback."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from sandbox.sailthru.account import SailthruOddities
from sandbox.sailthru.book import Book
from sandbox.sailthru.profiles import Profile


class Marketers:
    """Verbs of Sailthru's own pages; `who` is an address or a sid. All are thread-safe."""

    def __init__(self, book: Book, oddities: SailthruOddities, now: Callable[[], datetime]) -> None:
        self._book = book
        self._oddities = oddities
        self._now = now

    def create_profile(self, email: str | None, *, lists: Iterable[str] = (), **fields: Any) -> str:
        """A new profile; `fields` as in `Profile` (vars, engagement, optout_email, …). Its sid."""
        with self._book.lock:
            names = tuple(lists)
            self._book.lists.names.update(names)
            fields["lists"] = dict.fromkeys(names, self._now())
            return self._book.profiles.create(email, **fields).sid

    def delete_profile(self, who: str) -> None:
        with self._book.lock:
            self._book.profiles.remove(self._book.known(who))

    def change_email(self, who: str, new: str, *, conflict: Literal["merge", "error"] = "error") -> Profile:
        """Changes the address. Raises SailthruError when it is taken."""
        return self._written(who, keys={"email": new}, keysconflict=conflict)

    def merge(self, gone: str, kept: str) -> Profile:
        """Joins one profile into another, which keeps its sid and its address. The one that stays."""
        with self._book.lock:
            joined = self._book.profiles.merge(self._book.known(kept), self._book.known(gone))
            return self._told(joined, joined, {})

    def set_vars(self, who: str, **values: Any) -> Profile:
        return self._written(who, vars=values)

    def set_score(self, who: str, score: Any, *, var: str = "customer_value_score") -> Profile:
        """Fills the var that holds the customer's value; None takes it away."""
        return self._written(who, vars={var: score})

    def predict(self, who: str, **values: float) -> Profile:
        """Prediction Manager's daily numbers; `predictions_in` says whether a reply carries them."""
        return self._book.change(who, predictions={**self._book.known(who).predictions, **values})

    def set_engagement(self, who: str, engagement: str | None) -> Profile:
        return self._book.change(who, engagement=engagement)

    def add_lists(self, *names: str, smart: bool = False) -> None:
        with self._book.lock:
            (self._book.lists.smart if smart else self._book.lists.names).update(names)

    def set_smart_lists(self, who: str, names: Iterable[str]) -> Profile:
        """From now on the profile is in these smart lists and no others."""
        wanted = tuple(names)
        self.add_lists(*wanted, smart=True)
        return self._book.change(who, smart_lists=wanted)

    def put_in_smart_list(self, who: str, name: str) -> Profile:
        """The profile meets the conditions of one more smart list."""
        with self._book.lock:
            return self.set_smart_lists(who, dict.fromkeys((*self._book.known(who).smart_lists, name)))

    def take_from_smart_list(self, who: str, name: str) -> Profile:
        with self._book.lock:
            return self.set_smart_lists(
                who, [each for each in self._book.known(who).smart_lists if each != name]
            )

    def record(self, who: str, *, activity: Mapping[str, datetime] | None = None,
               lifetime: Mapping[str, int] | None = None) -> Profile:  # fmt: skip
        """Sets times and totals of what the person did, e.g. `open_time`, `lifetime_open`."""
        with self._book.lock:
            known = self._book.known(who)
            return self._book.change(who, activity={**known.activity, **(activity or {})},
                                     lifetime={**known.lifetime, **(lifetime or {})})  # fmt: skip

    def join_list(self, who: str, name: str) -> Profile:
        return self._written(who, lists={name: 1})

    def leave_list(self, who: str, name: str) -> Profile:
        return self._written(who, lists={name: 0})

    def edit_optout(self, who: str, mode: str) -> Profile:
        """A marketer, not the person, changes the opt-out."""
        return self._written(who, optout_email=mode)

    def lag(self, who: str, seconds: float | None) -> None:
        """GET /user shows this profile as it was that long ago; None: as all the others."""
        with self._book.lock:
            self._book.profiles.set_lag(self._book.known(who).sid, seconds)

    def _written(self, who: str, **asked: Any) -> Profile:
        with self._book.lock:
            before = self._book.known(who)
            return self._told(before, self._book.write(who, **asked), asked)

    def _told(self, before: Profile, after: Profile, asked: Mapping[str, Any]) -> Profile:
        if self._oddities.ui_echo:
            self._book.postbacks.echo(before, after, asked, page="profile")
        return after
