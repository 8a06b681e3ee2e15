"""A lean stand-in for Sailthru's `/user`, in a process of its own, cheap beside what it helps to measure.

It answers a write after a set latency, counts calls per wall-clock minute, refuses those above its quota with
429, and keeps each body with the time of its arrival. Signatures are not checked: nobody else calls. Profiles
follow one rule, sid `s7` has the address `c7@example.com`, so that none needs to be made before.
`python -m bench.sailthru PORT`; `GET /bench/calls` tells what came, `POST /bench/rules` sets the rules.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs

SID = re.compile(rb"%22id%22%3A%22s([0-9]+)%22")
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
END = b"\r\n\r\n"


@dataclass
class Account:
    """What it knows. `per_minute` is the quota of writes; `calls` holds (monotonic seconds, body)."""

    latency_s: float = 0.0
    per_minute: int = 18_000
    calls: list[tuple[float, bytes]] = field(default_factory=list)
    refused: int = 0
    counts: Counter[int] = field(default_factory=Counter)

    def obey(self, rules: dict[str, Any]) -> None:
        """Start anew with these rules; what this minute has counted already stays counted."""
        self.latency_s = rules["latency_s"]
        self.per_minute = rules["per_minute"]
        self.calls, self.refused = [], 0

    def answer(self, body: bytes) -> bytes:
        """Count one write and answer it."""
        now = time.time()
        minute = int(now // 60)
        self.counts[minute] += 1
        remaining = self.per_minute - self.counts[minute]
        headers = (
            f"X-Rate-Limit-Limit: {self.per_minute}\r\nX-Rate-Limit-Remaining: {max(0, remaining)}\r\n"
            f"X-Rate-Limit-Reset: {(minute + 1) * 60}\r\n"
        )
        if remaining < 0:
            self.refused += 1
            return _reply(429, b'{"error":43,"errormsg":"Too many requests this minute."}', headers)
        self.calls.append((time.monotonic(), body))
        found = SID.search(body)
        if found is None:
            return _reply(400, b'{"error":99,"errormsg":"The stand-in knows writes by sid alone."}', headers)
        number = found.group(1).decode()
        record = f'{{"ok":true,"keys":{{"sid":"s{number}","email":"c{number}@example.com"}}}}'
        return _reply(200, record.encode(), headers)

    def told(self) -> bytes:
        """What came so far, bodies read."""
        calls = [{"at": at, **_read(body)} for at, body in self.calls]
        return json.dumps({"refused": self.refused, "calls": calls}).encode()


class Connection(asyncio.Protocol):
    """One connection, kept alive; a request at a time, as HTTP clients do."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, rest = self._buffer.partition(END)
        found = LENGTH.search(head)
        length = int(found.group(1)) if found else 0
        if end and len(rest) >= length:
            self._buffer = rest[length:]
            self._take(head, rest[:length])

    def _take(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"POST /user"):
            answer = self._account.answer(body)
            if self._account.latency_s:
                asyncio.get_running_loop().call_later(self._account.latency_s, self._send, answer)
            else:
                self._send(answer)
        elif head.startswith(b"POST /bench/rules"):
            self._account.obey(json.loads(body))
            self._send(_reply(200, b"{}"))
        elif head.startswith(b"GET /bench/count"):
            count = {"calls": len(self._account.calls), "refused": self._account.refused}
            self._send(_reply(200, json.dumps(count).encode()))
        elif head.startswith(b"GET /bench/calls"):
            self._send(_reply(200, self._account.told()))
        else:
            self._send(_reply(404, b'{"error":99,"errormsg":"Not found with the stand-in."}'))

    def _send(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def _reply(status: int, body: bytes, headers: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nDate: {formatdate(usegmt=True)}\r\n"
        f"{headers}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


def _read(body: bytes) -> dict[str, Any]:
    asked = json.loads(parse_qs(body.decode("ascii"))["json"][0])
    return {"sid": asked["id"], "vars": asked.get("vars", {})}


async def serve(port: int) -> None:
    """Answer until the process is ended."""
    account = Account()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(account), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
