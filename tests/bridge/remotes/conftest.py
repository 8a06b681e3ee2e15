from __future__ import annotations

import pytest
from requests_mock import Adapter


@pytest.fixture
def wire() -> Adapter:
    """Answers in the place of the network, and remembers what was sent."""
    return Adapter()
