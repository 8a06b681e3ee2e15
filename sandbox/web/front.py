"""The front of a stand-in: faults, holds, latency and the call log around the world's own answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.web.calls import Call, Calls
from sandbox.web.control import Control
from sandbox.web.faults import Faults
from sandbox.web.messages import Ending, Outcome, Pending, Reply, Request
from sandbox.web.server import HttpServer

Answer = Callable[[Request], Reply | Pending]
ReadParams = Callable[[Request], Any]


class Front:
    """Answers requests through `answer`, unless a fault says otherwise, and logs each."""

    def __init__(self, answer: Answer, read_params: ReadParams, *, now: Callable[[], datetime],
                 control: Control, port: int = 0) -> None:  # fmt: skip
        self.calls = Calls()
        self.faults = Faults()
        self._answer = answer
        self._read_params = read_params
        self._now = now
        self._control = control
        self.server = HttpServer(self.handle, now, port=port)

    def handle(self, request: Request) -> Outcome:
        """The outcome of one request; `/sandbox/…` drives the stand-in itself and is not logged."""
        if request.path.startswith("/sandbox/"):
            return self._control.answer(request)
        held = self.faults.take_hold(request)
        if held is not None:
            return held.arrive(request, lambda: self._settle(request))
        return self._settle(request)

    def _settle(self, request: Request) -> Outcome:
        fault = self.faults.take(request)
        if fault is not None and fault.applied:
            self._answer(request)
        outcome: Outcome = self._answer(request) if fault is None else fault.ending
        if isinstance(outcome, Pending):
            return self._logged_later(request, outcome)
        self._log(request, outcome)
        return outcome

    def _logged_later(self, request: Request, pending: Pending) -> Pending:
        logged = Pending()

        def told(ending: Ending) -> None:
            self._log(request, ending)
            logged.answer(ending)

        pending.when_answered(told)
        return logged

    def _log(self, request: Request, ending: Ending) -> None:
        status = ending.status if isinstance(ending, Reply) else 0
        params = self._read_params(request)
        self.calls.add(Call(request.method, request.path, params, self._now(), status))
