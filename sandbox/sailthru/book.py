"""What people and marketers write in: the profiles, under one lock, with the postbacks that tell of it."""

from __future__ import annotations

from dataclasses import replace
from threading import RLock
from typing import Any

from sandbox.sailthru.lists import Lists
from sandbox.sailthru.mailings import Mailings
from sandbox.sailthru.postbacks import Postbacks
from sandbox.sailthru.profiles import Profile, Profiles
from sandbox.sailthru.writing import Writing


class Book:
    """The account's profiles and lists. `who` is an address or a sid. Raises LookupError for nobody."""

    def __init__(self, profiles: Profiles, lists: Lists, writing: Writing, postbacks: Postbacks) -> None:
        self.lock = RLock()
        self.profiles = profiles
        self.lists = lists
        self.writing = writing
        self.postbacks = postbacks
        self.mailings = Mailings()

    def known(self, who: str) -> Profile:
        """The profile as it surely is now."""
        with self.lock:
            found = self.profiles.by_email(who) if "@" in who else self.profiles.by_sid(who)
            if found is None:
                raise LookupError(f"no profile of {who}")
            return found

    def change(self, who: str, **fields: Any) -> Profile:
        """Sets entries of the record."""
        with self.lock:
            profile = replace(self.known(who), **fields)
            self.profiles.put(profile)
            return profile

    def write(self, who: str, **asked: Any) -> Profile:
        """Writes as POST /user does. Raises SailthruError."""
        with self.lock:
            return self.writing.post({"id": self.known(who).sid, "key": "sid", **asked})
