"""Clears our vars in a Sailthru profile, and looks whether they are gone.

Nobody says whether null unsets a var, or an empty object empties one. So each means is followed by a look,
and what is still there meets the next: null, then something empty, then the same shape with nothing in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.deciding.projection import VARS
from bridge.deciding.steps import SAILTHRU, SAILTHRU_GET, SAILTHRU_POST
from bridge.errors import Refused
from bridge.remotes.sailthru import Profile, Sailthru

LOOKS = 4  # at what one means came to: a reading may be older than our write


@dataclass(frozen=True)
class Cleared:
    """Names of vars: those that held something, those that null did not unset, those that nothing emptied."""

    cleared: tuple[str, ...] = ()
    overwritten: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clearing:
    """Clears profiles of one account. `granted` waits for a call out of a bucket, `pause` some seconds."""

    sailthru: Sailthru
    granted: Callable[[str], None]
    pause: Callable[[float], object] = field(repr=False)
    settle_s: float = 5.0

    def profile(self, sid: str) -> Profile | None:
        """A profile as Sailthru shows it now."""
        self.granted(SAILTHRU_GET)
        return self.sailthru.profile(sid, "sid", fields=("keys", "vars"))

    def clear(self, sid: str) -> Cleared:
        """Clear one profile. Raises what the remote raises; to be repeated is safe."""
        held = self._held(sid)
        left: Mapping[str, Any] = dict.fromkeys(VARS)
        overwritten: tuple[str, ...] = ()
        for number, means in enumerate(MEANS):
            self._write(sid, {name: means(value) for name, value in left.items()})
            left = self._left(sid)
            if not left:
                break
            overwritten = tuple(left) if number == 0 else overwritten
        return Cleared(tuple(held), overwritten, tuple(left))

    def _write(self, sid: str, values: Mapping[str, Any]) -> None:
        self.granted(SAILTHRU_POST)
        written = self.sailthru.write(sid, "sid", vars=values)
        if written.sid != sid:
            raise Refused(SAILTHRU, "unexpected_reply", detail="the reply is about another profile")

    def _left(self, sid: str) -> dict[str, Any]:
        """What is still there once the profile has settled."""
        left: dict[str, Any] = {}
        for _ in range(LOOKS):
            self.pause(self.settle_s)
            left = self._held(sid)
            if not left:
                break
        return left

    def _held(self, sid: str) -> dict[str, Any]:
        profile = self.profile(sid)
        found = {} if profile is None else {name: profile.vars.get(name) for name in VARS}
        return {name: value for name, value in found.items() if has_content(value)}


def has_content(value: Any) -> bool:
    """Whether a var says anything: not null, nor empty, nor a shape with nothing in it."""
    if isinstance(value, Mapping):
        return any(has_content(one) for one in value.values())
    if isinstance(value, list):
        return any(has_content(one) for one in value)
    return bool(value)


def unset(_value: Any) -> None:
    """Null for whatever it was."""


def empty(value: Any) -> Any:
    """The empty value of the same kind."""
    return type(value)()


def hollow(value: Any) -> Any:
    """The same shape, nothing in it: where an object sent is merged into the one that stands."""
    if isinstance(value, Mapping):
        return {name: hollow(one) for name, one in value.items()}
    return None if value is None else empty(value)


MEANS: tuple[Callable[[Any], Any], ...] = (unset, empty, hollow)
