"""Who looks at the console."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.people.roles import OPERATOR, may


@dataclass(frozen=True)
class SignedIn:
    """Somebody who is signed in. `session` is the session's id, `form` the token of this session's forms."""

    name: str
    role: str
    session: str
    form: str

    @property
    def may_act(self) -> bool:
        """Whether they may change anything."""
        return self.may(OPERATOR)

    def may(self, role: str) -> bool:
        """Whether they may do what needs that role."""
        return may(self.role, role)
