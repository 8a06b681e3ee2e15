"""How many messages a consumer holds at once.

A process that dies gives all of them back one delivery older, the guilty one's neighbours too. So it starts
with one, and has earned more when a whole batch went well.
"""

from __future__ import annotations

MOST_IN_HAND = 256  # past a few hundred nothing is gained


class InHand:
    """The size of the next batch."""

    def __init__(self, most: int = MOST_IN_HAND) -> None:
        self._most = most
        self.size = 1
        self._settled = 0

    def has_settled(self, count: int) -> bool:
        """`count` more were acknowledged; says whether that made a batch, and so the next one larger."""
        self._settled += count
        if self._settled < self.size or self.size == self._most:
            return False
        self.size, self._settled = min(self.size * 2, self._most), 0
        return True

    def has_failed(self) -> None:
        """Begin again with one."""
        self.size, self._settled = 1, 0
