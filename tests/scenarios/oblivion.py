"""What the stories of forgetting need: an operator who forgets, and a look at everything that is left."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from bridge.forgotten import Forgotten
from bridge.ledger.installations import Installation
from bridge.ledger.tables import metadata
from consumers.clearing import Cleared
from consumers.forgetting import Forgetting
from tests.scenarios.story import Story

FORMER = "ann.before@example.com"
ANN = "ann@example.com"


def forgetting(story: Story) -> Forgetting:
    """As the command wires it; while it waits, the bridge works on."""
    world = story.world

    def pause(seconds: float) -> None:
        world.clock.move(seconds)
        world.work()

    return Forgetting(
        world.ledger, world.remotes, Forgotten(world.vault), world.clock, pause=pause, settle_s=5.0
    )


def forget(story: Story, number: int) -> dict[str, int]:
    """The ledger forgets; Sailthru is left alone."""
    return forgetting(story).erase(story.world.installation, number, operator="op", detail={})


def forget_everywhere(story: Story, number: int) -> Cleared | None:
    """Sailthru is cleared first."""
    one = forgetting(story)
    cleared = one.clear(story.world.installation, number)
    one.erase(story.world.installation, number, operator="op", detail={})
    return cleared


def left_of(story: Story, number: int, words: Iterable[str]) -> list[str]:
    """Every row of every table in which the customer can still be found."""
    named = [rf"(?<!\d){number}(?!\d)", *(re.escape(word) for word in words)]
    wanted = re.compile("|".join(named), re.IGNORECASE)
    found = []
    with story.world.ledger.reading() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                text = " ".join(_text(value) for value in row)
                if wanted.search(text.replace("\\", "")):
                    found.append(f"{table.name}: {text}")
    return found


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@dataclass
class MeanwhileRemotes:
    """Clients between whose request and its answer something else happens, once."""

    inner: Any
    meanwhile: Callable[[], object]
    method: str
    has_happened: list[bool] = field(default_factory=list)

    def sailthru(self, installation: Installation) -> Any:
        return _MeanwhileClient(self.inner.sailthru(installation), self)

    def zendesk(self, installation: Installation) -> Any:
        return _MeanwhileClient(self.inner.zendesk(installation), self)

    def happen(self, method: str) -> None:
        if method == self.method and not self.has_happened:
            self.has_happened.append(True)
            self.meanwhile()


@dataclass
class _MeanwhileClient:
    inner: Any
    remotes: MeanwhileRemotes

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            answer = getattr(self.inner, name)(*args, **kwargs)
            self.remotes.happen(name)
            return answer

        return call


def during(story: Story, method: str, happens: Callable[[], object]) -> MeanwhileRemotes:
    """While the next call of this method is under way, something happens."""
    remotes = MeanwhileRemotes(story.world.remotes, happens, method)
    story.world.processes[-1].break_at(
        lambda ledger: ledger, lambda consumer: consumer, lambda _remotes: remotes
    )
    return remotes
