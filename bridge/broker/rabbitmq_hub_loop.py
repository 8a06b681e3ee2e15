"""pika's event loop where gevent is the event loop: in a web worker.

pika's own loop works there too, but it asks gevent's imitation of `poll` which sockets are ready, and wakes
itself through a pair of sockets. Here gevent says so itself, and a callback costs no system call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from gevent import get_hub
from gevent.event import Event
from pika.adapters.utils.selector_ioloop_adapter import AbstractSelectorIOLoop

Handler = Callable[[int, int], None]


class HubLoop(AbstractSelectorIOLoop):  # type: ignore[misc]
    """Runs handlers and callbacks in the greenlet that called `start`, so a fault ends no more than `start`.

    For the greenlets of one OS thread; only `add_callback` may be called by all of them.
    """

    READ, WRITE, ERROR = 1, 2, 0  # gevent's own numbers; it reports an error as ready for both

    def __init__(self) -> None:
        self._hub = get_hub()
        self._due: deque[Callable[[], None]] = deque()
        self._is_due = Event()
        self._is_running = False
        self._watchers: dict[int, tuple[Any, Handler, int]] = {}

    def start(self) -> None:
        """Run what is due, until `stop`."""
        self._is_running = True
        while self._is_running:
            self._is_due.wait()
            self._is_due.clear()
            while self._due and self._is_running:
                self._due.popleft()()

    def stop(self) -> None:
        """End `start` after what runs now."""
        self.add_callback(self._end)

    def close(self) -> None:
        """Let go of the sockets. The hub stays: it is the whole worker's."""
        for fd in tuple(self._watchers):
            self.remove_handler(fd)

    def add_callback(self, callback: Callable[[], None]) -> None:
        """Have it called in the loop's greenlet."""
        self._due.append(callback)
        self._is_due.set()

    add_callback_threadsafe = add_callback

    def call_later(self, delay: float, callback: Callable[[], None]) -> Any:
        """Have it called after so many seconds; the handle is for `remove_timeout`."""
        timer = self._hub.loop.timer(max(delay, 0))
        timer.start(self.add_callback, callback)
        return timer

    def remove_timeout(self, timeout_handle: Any) -> None:
        timeout_handle.close()

    def add_handler(self, fd: int, handler: Handler, events: int) -> None:
        watcher = self._hub.loop.io(fd, events)
        self._watchers[fd] = (watcher, handler, events)
        watcher.start(partial(self._on_ready, fd), pass_events=True)

    def update_handler(self, fd: int, events: int) -> None:
        _watcher, handler, _events = self._watchers[fd]
        self.remove_handler(fd)
        self.add_handler(fd, handler, events)

    def remove_handler(self, fd: int) -> None:
        self._watchers.pop(fd)[0].close()

    def _on_ready(self, fd: int, events: int) -> None:
        self.add_callback(partial(self._handle, fd, events))

    def _handle(self, fd: int, events: int) -> None:
        # What was ready a moment ago may have been let go of since, by whoever came first.
        _watcher, handler, wanted = self._watchers.get(fd, (None, None, 0))
        if handler is not None and events & wanted:
            handler(fd, events & wanted)

    def _end(self) -> None:
        self._is_running = False
