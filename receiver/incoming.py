"""A request to one of the hooks as it stands in the server's own record of it, before anybody reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.utils import get_content_length

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Two headers stand in the environ under their bare names. https://peps.python.org/pep-3333/#environ-variables
_BARE = {"CONTENT_TYPE", "CONTENT_LENGTH"}


@dataclass(frozen=True, slots=True)
class Incoming:
    """`installation` is the name in the address; `environ` is WSGI's."""

    installation: str
    environ: WSGIEnvironment

    @property
    def content_type(self) -> str:
        """The header as it was sent; empty when it was not."""
        text: str = self.environ.get("CONTENT_TYPE", "")
        return text

    def get(self, header: str, /) -> str | None:
        """The value of that header as it was sent, or None."""
        name = header.upper().replace("-", "_")
        return self.environ.get(name if name in _BARE else f"HTTP_{name}")

    def body(self, *, most: int) -> bytes:
        """The bytes as they were sent, to be asked for once; raises `RequestEntityTooLarge` beyond `most`.

        Flask's own way wraps the stream twice and reads it in a loop, for the forms and uploads of others.
        """
        length = get_content_length(
            self.environ.get("CONTENT_LENGTH"), self.environ.get("HTTP_TRANSFER_ENCODING")
        )
        if length is not None and length > most:
            raise RequestEntityTooLarge
        # A server that ends the stream knows the end of a chunked body too; one byte too many tells enough.
        readable = most + 1 if self.environ.get("wsgi.input_terminated") else length or 0
        body: bytes = self.environ["wsgi.input"].read(readable)
        if len(body) > most:
            raise RequestEntityTooLarge
        return body
