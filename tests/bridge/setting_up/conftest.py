"""A plot for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bridge.setting_up.plot import Plot, open_plot


@pytest.fixture
def plot(tmp_path: Path) -> Iterator[Plot]:
    with open_plot(tmp_path) as made:
        yield made
