"""Publishing frames, put together from parts that stay the same.

pika builds each of the three frames of a message from objects, which costs a web process a twentieth of all
that it does for a delivery. What a message brings along is its id, its type and its body; the rest is encoded
once, by pika. https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf, sections 4.2.5 and 4.2.6
"""

from __future__ import annotations

import struct
from functools import lru_cache

from pika import BasicProperties, DeliveryMode, frame, spec

from bridge.broker.contract import Outgoing, queue_of

_FRAME = struct.Struct(">BHI")
_CONTENT = struct.Struct(">HHQ")
_END = bytes([spec.FRAME_END])
_NAMES_KEPT = 1024


def publishing(outgoing: Outgoing, channel_number: int, largest_piece: int) -> bytes:
    """What publishes the message on that channel, persistent and mandatory; `largest_piece` is in bytes."""
    body = outgoing.body
    properties = b"".join(
        (_properties(outgoing.installation), _short_text(outgoing.message_id), _short_text(outgoing.type))
    )
    content = _CONTENT.pack(BasicProperties.INDEX, 0, len(body)) + properties
    pieces = [
        _method(channel_number, queue_of(outgoing.lane)),
        *_framed(spec.FRAME_HEADER, channel_number, content),
    ]
    for start in range(0, len(body), largest_piece):
        pieces += _framed(spec.FRAME_BODY, channel_number, body[start : start + largest_piece])
    return b"".join(pieces)


def _framed(kind: int, channel_number: int, payload: bytes) -> tuple[bytes, bytes, bytes]:
    return _FRAME.pack(kind, channel_number, len(payload)), payload, _END


@lru_cache(_NAMES_KEPT)
def _method(channel_number: int, queue: str) -> bytes:
    method = spec.Basic.Publish(exchange="", routing_key=queue, mandatory=True)
    encoded: bytes = frame.Method(channel_number, method).marshal()
    return encoded


@lru_cache(_NAMES_KEPT)
def _properties(installation: str) -> bytes:
    """The encoded properties up to message id and type, which come last and are left for the caller."""
    properties = BasicProperties(
        content_type="application/json",
        delivery_mode=DeliveryMode.Persistent.value,
        headers={"installation": installation},
        message_id="",
        type="",
    )
    return b"".join(properties.encode()).removesuffix(b"\x00\x00")


def _short_text(text: str) -> bytes:
    encoded = text.encode()
    return bytes([len(encoded)]) + encoded
