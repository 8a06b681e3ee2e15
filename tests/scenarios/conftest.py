"""A story for each test; nothing in any of them may show an address in the log or in a dead letter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from sandbox import Sandbox
from tests.consumers.world import ManualClock, World
from tests.scenarios.story import Story

Open = Callable[..., Story]


@pytest.fixture
def open_story(tmp_path: Path) -> Iterator[Open]:
    """Opens stories with the options of an installation."""
    opened: list[World] = []

    def open_one(**options: Any) -> Story:
        clock = ManualClock()
        box = Sandbox.start(now=clock.now)
        world = World.make(tmp_path / str(len(opened)), box, clock, **options)
        opened.append(world)
        world.listen()
        return Story(world)

    with capture_logs() as lines:
        yield open_one
    for world in opened:
        letters = Story(world).letters()
        world.box.stop()
        world.ledger.engine.dispose()
        assert "@" not in " ".join(letter.error for letter in letters)
    assert "@" not in str(lines), "an address got into the log"


@pytest.fixture
def story(open_story: Open) -> Story:
    return open_story()
