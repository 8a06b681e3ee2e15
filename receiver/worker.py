"""What gunicorn starts: its own worker for gevent, which also hangs up on idle connections when it ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gevent import Greenlet, Timeout, get_hub, getcurrent
from gunicorn.workers.ggevent import GeventWorker

from receiver.console.streams import EXTENSION

# Whatever was on its way when the worker was told to end has arrived by then.
QUIET_S = 1.0


class Worker(GeventWorker):  # type: ignore[misc]
    """One process. A load balancer keeps its connections open; without this a restart would wait for them."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._waits: dict[Greenlet, tuple[Timeout, float]] = {}

    @contextmanager
    def timeout_ctx(self) -> Iterator[None]:
        """Entered by gunicorn around the wait for a connection's next request."""
        mine = getcurrent()
        with Timeout(self.cfg.keepalive, exception=False) as timeout:
            self._waits[mine] = (timeout, time.monotonic())
            try:
                yield
            finally:
                del self._waits[mine]

    def notify(self) -> None:
        """Called by gunicorn about once a second, until its end."""
        super().notify()
        if not self.alive:
            self.wsgi.extensions[EXTENSION].end()
            quiet_since = time.monotonic() - QUIET_S
            for greenlet, (_timeout, since) in self._waits.items():
                if since <= quiet_since:
                    get_hub().loop.run_callback(self._end_wait, greenlet)

    def _end_wait(self, greenlet: Greenlet) -> None:
        # In the hub, where nothing comes between the look and the throw: a request may have come meanwhile.
        timeout, _since = self._waits.get(greenlet, (None, 0.0))
        if timeout is not None:
            greenlet.throw(timeout)
