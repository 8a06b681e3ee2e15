"""Opens the broker that `BROKER_URL` names."""

from __future__ import annotations

from bridge.broker.contract import Broker
from bridge.broker.embedded import EmbeddedBroker
from bridge.broker.rabbitmq import RabbitBroker
from bridge.broker.rabbitmq_address import RabbitAddress
from bridge.errors import BadSettings
from bridge.ledger.ledger import Ledger


def open_broker(broker_url: str, ledger: Ledger) -> Broker:
    """The broker of `embedded://`, `amqp://…` or `amqps://…`. Connects to nothing yet.

    Raises `BadSettings` for any other address, without repeating it: it may hold a password.
    """
    scheme = broker_url.partition("://")[0].lower()
    if scheme == "embedded":
        return EmbeddedBroker(ledger)
    if scheme in ("amqp", "amqps"):
        return RabbitBroker(RabbitAddress(broker_url))
    raise BadSettings(
        [f"BROKER_URL begins with {scheme!r}; it must be embedded:// or an address amqp://… or amqps://…."]
    )
