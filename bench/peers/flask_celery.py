"""Flask and Celery, which waits for RabbitMQ's confirm here (by default it does not), on a quorum queue."""

from __future__ import annotations

import os

from celery import Celery
from flask import Flask, request

celery = Celery("bench", broker=os.environ["BENCH_BROKER_URL"])
celery.conf.update(
    broker_transport_options={"confirm_publish": True},
    broker_pool_limit=int(os.environ.get("BENCH_THREADS", "10")),
    broker_connection_retry_on_startup=True,
    task_default_queue="bench_celery",
    task_default_queue_type="quorum",
    task_ignore_result=True,
)
app = Flask(__name__)


@celery.task(name="keep")
def keep(body: str) -> None:
    """Never runs: the way in is measured alone."""


@app.post("/hooks/<installation>/zendesk/events")
def receive(installation: str) -> tuple[dict[str, int], int]:
    """Hand the body over, say yes."""
    keep.delay(request.get_data().decode())
    return {"accepted": 1}, 202
