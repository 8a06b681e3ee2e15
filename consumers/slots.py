"""The calls that one pusher may have under way at once, and how many of them are for one installation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from bridge.ledger.installations import Installation

MOST_OF_ONE = 0.75  # of the calls at once, where there is more than one installation


@dataclass
class Slots:
    """`size` calls. What a transaction plans or ends counts once it is committed (`take`, `leave`).

    Where there are others, one installation never has all of them: its system may be slow, and theirs is not.
    """

    size: int
    _taken: Counter[int] = field(default_factory=Counter)

    def taken(self) -> int:
        """How many calls are under way."""
        return self._taken.total()

    def take(self, for_whom: Iterable[Installation]) -> None:
        """So many calls begin."""
        self._taken.update(one.id for one in for_whom)

    def leave(self, for_whom: Iterable[Installation]) -> None:
        """So many calls have ended, and what came of them is written."""
        self._taken.subtract(one.id for one in for_whom)

    def free(
        self,
        installation: Installation,
        *,
        is_alone: bool,
        planned: Iterable[Installation],
        ended: Iterable[Installation] = (),
    ) -> int:
        """How many more calls of this installation may begin."""
        busy = Counter(self._taken)
        busy.update(one.id for one in planned)
        busy.subtract(one.id for one in ended)
        free = self.size - busy.total()
        if is_alone:
            return free
        return min(free, max(1, int(self.size * MOST_OF_ONE)) - busy[installation.id])
