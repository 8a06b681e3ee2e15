"""The raw body of a request, before anybody else reads it."""

from __future__ import annotations

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge


def raw_body(request: Request, *, most: int) -> bytes:
    """The bytes as they were sent; raises `RequestEntityTooLarge` for more than `most`.

    Flask's own way wraps the stream twice and reads it in a loop, for the forms and uploads of others.
    """
    length = request.content_length
    if length is None:
        # Chunked: one byte too many tells. Where the server does not end the stream, it has no end.
        length = most + 1 if request.environ.get("wsgi.input_terminated") else 0
    elif length > most:
        raise RequestEntityTooLarge
    body: bytes = request.environ["wsgi.input"].read(length)
    if len(body) > most:
        raise RequestEntityTooLarge
    return body
