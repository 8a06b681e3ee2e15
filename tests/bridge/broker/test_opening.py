"""Which broker an address opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.broker.embedded import EmbeddedBroker
from bridge.broker.opening import open_broker
from bridge.broker.rabbitmq import RabbitBroker
from bridge.clock import SystemClock
from bridge.errors import BadSettings
from bridge.ledger.engine import open_engine
from bridge.ledger.ledger import Ledger


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("embedded://", EmbeddedBroker),
        ("amqp://guest:guest@localhost/", RabbitBroker),
        ("amqps://user:secret@rabbit.example.com:5671/bridge", RabbitBroker),
    ],
)
def test_an_address_opens_its_broker_without_connecting(address: str, kind: type, tmp_path: Path) -> None:
    broker = open_broker(address, Ledger(open_engine(f"sqlite:///{tmp_path}/l.db"), SystemClock()))

    assert isinstance(broker, kind)


@pytest.mark.parametrize("address", ["redis://user:secret@host/", "", "rabbit", "http://secret@host"])
def test_any_other_address_is_a_bad_setting_that_repeats_no_password(address: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="embedded://") as bad:
        open_broker(address, Ledger(open_engine(f"sqlite:///{tmp_path}/l.db"), SystemClock()))

    assert "secret" not in str(bad.value)
