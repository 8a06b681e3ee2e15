"""Both stand-ins together, started and stopped as one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from types import TracebackType

from sandbox.moments import system_now
from sandbox.sailthru import Sailthru
from sandbox.zendesk import Zendesk


class Sandbox:
    """A Zendesk and a Sailthru, each on its own loopback port. Ends with the `with` block or `stop`."""

    def __init__(self, zendesk: Zendesk, sailthru: Sailthru) -> None:
        self.zendesk = zendesk
        self.sailthru = sailthru

    @classmethod
    def start(cls, *, now: Callable[[], datetime] = system_now, zendesk_port: int = 0, sailthru_port: int = 0,
              seed: int = 0) -> Sandbox:  # fmt: skip
        """Starts both; port 0 takes a free one. `now` tells the time of everything that is dated."""
        box = cls(Zendesk(now, port=zendesk_port, seed=seed), Sailthru(now, port=sailthru_port, seed=seed))
        box.zendesk.server.start()
        box.sailthru.server.start()
        return box

    def stop(self) -> None:
        self.zendesk.stop()
        self.sailthru.stop()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self.stop()
