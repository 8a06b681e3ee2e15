"""FastStream behind an ASGI server: asyncio from socket to socket, confirms on, a quorum queue."""

from __future__ import annotations

import os
from typing import Any

from faststream.asgi import AsgiFastStream
from faststream.rabbit import QueueType, RabbitBroker, RabbitQueue

queue = RabbitQueue("bench_faststream", queue_type=QueueType.QUORUM, durable=True)
broker = RabbitBroker(os.environ["BENCH_BROKER_URL"], log_level=30)


async def receive(_scope: Any, receive: Any, send: Any) -> None:
    """Hand the body over, say yes."""
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await broker.publish(body, queue=queue, persist=True, mandatory=True)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"14")]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"accepted":1}'})


app = AsgiFastStream(broker, asgi_routes=[("/hooks/acme/zendesk/events", receive)])


@app.after_startup
async def declare() -> None:
    """Make the queue."""
    await broker.declare_queue(queue)
