"""What a schema says of input that it cannot read."""

from __future__ import annotations


class Unreadable(ValueError):
    """A body that no repeat can make readable.

    `fault` says in one sentence what is wrong; `hint`, where there is one, what the operator should change
    (the address a webhook should have had, for instance).
    """

    def __init__(self, fault: str, hint: str = "") -> None:
        super().__init__(f"{fault} {hint}".strip())
        self.fault = fault
        self.hint = hint


class UnknownVersion(Unreadable):
    """One of our own events, written by a version of the bridge that this one does not know."""
