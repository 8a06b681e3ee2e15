"""Sends deliveries at a steady pace over kept connections, and notes when each was sent and answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(frozen=True)
class Sent:
    """One delivery: when it was due, sent and answered (monotonic seconds); status 0 if nothing came."""

    due_at: float
    sent_at: float
    answered_at: float
    status: int


def send(port: int, requests: Sequence[bytes], *, per_second: float, connections: int = 32) -> list[Sent]:
    """Send them all, in order, each at its time; a late answer delays none of the others."""
    # In a thread of its own: whoever calls may have an event loop already.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _Sender(port, connections).send(requests, per_second)).result()


class _Sender:
    def __init__(self, port: int, connections: int) -> None:
        self._port = port
        self._free: asyncio.LifoQueue[_Connection] = asyncio.LifoQueue()
        for _ in range(connections):
            self._free.put_nowait(_Connection(port))

    async def send(self, requests: Sequence[bytes], per_second: float) -> list[Sent]:
        began = time.monotonic() + 0.1
        under_way = []
        for number, request in enumerate(requests):
            due_at = began + number / per_second
            await asyncio.sleep(max(0.0, due_at - time.monotonic()))
            under_way.append(asyncio.create_task(self._send_one(request, due_at)))
        sent = list(await asyncio.gather(*under_way))
        while not self._free.empty():
            await self._free.get_nowait().close()
        return sent

    async def _send_one(self, request: bytes, due_at: float) -> Sent:
        connection = await self._free.get()
        sent_at = time.monotonic()
        try:
            status = await connection.exchange(request)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            status = 0
            connection = _Connection(self._port)
        self._free.put_nowait(connection)
        return Sent(due_at, sent_at, time.monotonic(), status)


class _Connection:
    """One kept connection, opened with its first request."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def close(self) -> None:
        """Close it, if it was ever opened."""
        if self._streams is not None:
            self._streams[1].close()
            await self._streams[1].wait_closed()

    async def exchange(self, request: bytes) -> int:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
        return int(head.split(b" ", 2)[1])


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
