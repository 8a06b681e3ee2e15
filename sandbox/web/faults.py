"""What goes wrong on purpose: refusals, silences, cut connections, and requests held back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from sandbox.web.messages import Ending, Outcome, Pending, Reply, Request, Reset, Silence


@dataclass(slots=True)
class Fault:
    """One thing that will go wrong for the next `times` requests that match; None: until cleared.

    With `applied` the request takes effect first, and only the answer is lost or wrong.
    """

    ending: Ending
    method: str | None = None
    path: str | None = None
    applied: bool = False
    times: int | None = 1

    def is_for(self, request: Request) -> bool:
        method_fits = self.method is None or self.method == request.method
        return method_fits and (self.path is None or fnmatchcase(request.path, self.path))


class Held:
    """A request that has arrived and waits, unapplied, until the test releases it."""

    def __init__(self, method: str | None, path: str | None) -> None:
        self.filter = Fault(Silence(), method, path)
        self.pending = Pending()
        self.request: Request | None = None
        self.apply: Callable[[], Outcome] | None = None
        self._arrived = threading.Event()

    def arrive(self, request: Request, apply: Callable[[], Outcome]) -> Pending:
        self.request, self.apply = request, apply
        self._arrived.set()
        return self.pending

    def wait_arrived(self, timeout_s: float = 5.0) -> Request:
        """The held request, as soon as it is there. Raises TimeoutError."""
        if not self._arrived.wait(timeout_s) or self.request is None:
            raise TimeoutError("no request came that could be held")
        return self.request

    def release(self) -> Outcome:
        """Applies the request now and answers it, whether or not anybody still listens."""
        if self.apply is None:
            raise RuntimeError("nothing has arrived yet; call wait_arrived() first")
        apply, self.apply = self.apply, _again
        outcome = apply()
        if isinstance(outcome, Pending):
            outcome.when_answered(self.pending.answer)
        else:
            self.pending.answer(outcome)
        return outcome


def _again() -> Ending:
    raise RuntimeError("this request was released before")


class Faults:
    """The faults to come, first in first out. All filters are optional; a path may hold `*`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._holds: list[Held] = []

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def hold(self, method: str | None = "POST", path: str | None = None) -> Held:
        """Holds back the next request that matches."""
        held = Held(method, path)
        with self._lock:
            self._holds.append(held)
        return held

    def clear(self) -> None:
        """Nothing more goes wrong."""
        with self._lock:
            self._faults.clear()
            self._holds.clear()

    def take_hold(self, request: Request) -> Held | None:
        with self._lock:
            held = next((held for held in self._holds if held.filter.is_for(request)), None)
            if held is not None:
                self._holds.remove(held)
            return held

    def take(self, request: Request) -> Fault | None:
        """The fault this request meets, if any, counted down."""
        if not self._faults:
            return None
        with self._lock:
            fault = next((fault for fault in self._faults if fault.is_for(request)), None)
            if fault is not None and fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
            return fault

    def answer(self, status: int, body: object = None, *, headers: dict[str, str] | None = None,  # noqa: PLR0913 - keyword-only, all but the first optional
               method: str | None = None, path: str | None = None, applied: bool = False,
               times: int | None = 1) -> Fault:  # fmt: skip
        """The next requests get this answer instead of the true one."""
        return self.add(Fault(Reply(status, body, headers or {}), method, path, applied, times))

    def reset(self, *, method: str | None = None, path: str | None = None, applied: bool = False,
              times: int | None = 1) -> Fault:  # fmt: skip
        """The connection is cut, before or after the request took effect."""
        return self.add(Fault(Reset(), method, path, applied, times))

    def black_hole(self, *, method: str | None = None, path: str | None = None, applied: bool = False,
                   times: int | None = 1) -> Fault:  # fmt: skip
        """No answer ever comes; the client meets its own deadline."""
        return self.add(Fault(Silence(), method, path, applied, times))
