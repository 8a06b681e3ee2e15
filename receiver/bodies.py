"""The raw body of a request, before anybody else reads it."""

from __future__ import annotations

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge


def raw_body(request: Request, *, most: int) -> bytes:
    """The bytes as they were sent; raises `RequestEntityTooLarge` for more than `most`.

    Flask's own way wraps the stream twice and reads it in a loop, for the forms and uploads of others.
    """
    length = request.content_length or 0
    if length > most:
        raise RequestEntityTooLarge
    # A server that ends the stream knows the end of a chunked body too; one byte too many tells enough.
    readable = most + 1 if request.environ.get("wsgi.input_terminated") else length
    body: bytes = request.environ["wsgi.input"].read(readable)
    if len(body) > most:
        raise RequestEntityTooLarge
    return body
