"""How many messages a consumer holds at once.

A process that dies gives all of them back one delivery older, the guilty one's neighbours too. So it starts
with one, and has earned more when a whole batch went well.
"""

from __future__ import annotations

MOST_IN_HAND = 128  # past a few hundred nothing is gained


class InHand:
    """The size of the next batch."""

    def __init__(self, most: int = MOST_IN_HAND) -> None:
        self._most = most
        self.size = 1

    @property
    def is_cautious(self) -> bool:
        """True until the first batch after a start or a failure went well."""
        return self.size == 1

    def has_settled(self, count: int) -> bool:
        """A batch of `count` was acknowledged; says whether the next one may be larger."""
        if count < self.size or self.size == self._most:
            return False
        self.size = min(self.size * 2, self._most)
        return True

    def has_failed(self) -> None:
        self.size = 1
