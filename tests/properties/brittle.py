"""A consumer process that dies at one chosen step: before or after a commit, a call or an acknowledgement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from bridge.broker.contract import Consumer, Message
from bridge.ledger.installations import Installation
from bridge.ledger.ledger import Ledger
from bridge.remotes.accounts import Remotes


class Killed(BaseException):
    """The process is gone; nothing catches this."""


@dataclass
class Steps:
    """Counts the steps of a process and ends it at number `fatal`, counted from 1; 0 lets it live."""

    fatal: int = 0
    taken: list[str] = field(default_factory=list)

    def step(self, name: str) -> None:
        self.taken.append(name)
        if len(self.taken) == self.fatal:
            raise Killed(name)


class BrittleLedger(Ledger):
    """A ledger whose process may die just before or just after a commit."""

    def __init__(self, ledger: Ledger, steps: Steps) -> None:
        super().__init__(ledger.engine, ledger.clock)
        self._steps = steps

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with super().writing() as connection:
            yield connection
            self._steps.step("before commit")
        self._steps.step("after commit")


@dataclass
class BrittleConsumer:
    """A broker's consumer whose process may die around taking and acknowledging."""

    inner: Consumer
    steps: Steps

    def take(self, wait_s: float) -> Sequence[Message]:
        messages = self.inner.take(wait_s)
        if messages:
            self.steps.step("after take")
        return messages

    def acknowledge(self, messages: Sequence[Message]) -> None:
        self.steps.step("before acknowledgement")
        self.inner.acknowledge(messages)
        self.steps.step("after acknowledgement")

    def let_go(self) -> None:
        self.inner.let_go()

    def is_backlogged(self, lane: str) -> bool:
        return self.inner.is_backlogged(lane)

    def close(self) -> None:
        self.inner.close()


@dataclass
class BrittleRemotes:
    """Clients whose process may die before a call leaves, or before its answer is read."""

    inner: Remotes
    steps: Steps

    def sailthru(self, installation: Installation) -> Any:
        return _Brittle(self.inner.sailthru(installation), self.steps, "Sailthru")

    def zendesk(self, installation: Installation) -> Any:
        return _Brittle(self.inner.zendesk(installation), self.steps, "Zendesk")


@dataclass
class _Brittle:
    client: Any
    steps: Steps
    system: str

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.steps.step(f"before {self.system} {name}")
            answer = getattr(self.client, name)(*args, **kwargs)
            self.steps.step(f"after {self.system} {name}")
            return answer

        return call
