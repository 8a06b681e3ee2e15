"""Flask and Dramatiq, told to wait for RabbitMQ's confirm (not its default). Its queues are classic."""

from __future__ import annotations

import os

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from flask import Flask, request

broker = RabbitmqBroker(url=os.environ["BENCH_BROKER_URL"], confirm_delivery=True)
dramatiq.set_broker(broker)
app = Flask(__name__)


@dramatiq.actor(queue_name="bench_dramatiq")
def keep(body: str) -> None:
    """Never runs: the way in is measured alone."""


@app.post("/hooks/<installation>/zendesk/events")
def receive(installation: str) -> tuple[dict[str, int], int]:
    """Hand the body over, say yes."""
    keep.send(request.get_data().decode())
    return {"accepted": 1}, 202
