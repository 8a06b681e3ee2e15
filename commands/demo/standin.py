"""One stand-in as the demo drives it: verbs and state, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from commands.demo.waiting import StageFailed

TIMEOUT_S = 10.0


@dataclass(frozen=True)
class StandIn:
    """Where it is, and the credentials that it lets in."""

    url: str
    account: Mapping[str, Any]

    def do(self, verb: str, **arguments: Any) -> Any:
        """Do what people do in that system: `create_user`, `solve`, … Its result, as JSON."""
        return _asked(self.url, "POST", f"/sandbox/{verb}", json.dumps(arguments))["result"]

    def state(self) -> Any:
        """All that it holds."""
        return _asked(self.url, "GET", "/sandbox/state", None)


def _asked(url: str, method: str, path: str, body: str | None) -> Any:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_S)
    try:
        connection.request(method, path, body)
        reply = connection.getresponse()
        read = reply.read()
    except OSError as error:
        raise StageFailed(f"the stand-in at {url} does not answer: {error}") from error
    finally:
        connection.close()
    if reply.status != 200:
        raise StageFailed(f"the stand-in at {url}{path} answers {reply.status}: {read.decode()}")
    return json.loads(read)
