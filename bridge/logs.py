"""Logs: one JSON line an event, on standard error; never a body, a token or a whole address.

Write `log.info("sentence for people", action="event_kept", installation=…)`. `action` is a name that stays;
the sentence may change.
"""

from __future__ import annotations

import logging
import logging.config
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from types import TracebackType
from typing import Any

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"
_PART = r"[^\s@<>\"'(),:;=\[\]{}/|\\]+"
_ADDRESS = re.compile(rf"{_PART}@{_PART}\.[^\s@<>\"'(),:;=\[\]{{}}/|\\.]+")
_SECRET_NAME = re.compile(
    r"secret|token|password|authorization|api_?key|cookie|signature|private", re.IGNORECASE
)
_PLAIN = (int, float, type(None))  # a bool is an int
_HIDEABLE = (str, bytes, list, tuple, dict)
# Loggers of others that would fill the log with what is of no use to an operator.
_QUIET = {"pika": "CRITICAL", "urllib3": "WARNING", "alembic": "WARNING", "werkzeug": "WARNING"}
_GUNICORN = ("gunicorn.error", "gunicorn.access")


def masked(address: str) -> str:
    """An address that still tells two people apart, and nobody else who they are: `j…@e….com`."""
    local, _at, domain = address.rpartition("@")
    host, _dot, suffix = domain.rpartition(".")
    return f"{local[:1]}…@{host[:1]}….{suffix}"


def configure(level: str) -> None:
    """Set up this process's logs: ours, and the standard library's of all others. Called by a main, once."""
    logging.config.dictConfig(standard_logging(level))
    structlog.configure(
        processors=[*_shared(), structlog.processors.format_exc_info, *_written()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        # One write a line, so that the lines of several processes do not mix.
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    sys.excepthook = _last_words


def _last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What ends a process is one line too: Python's own words would show addresses."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger(__name__).critical(
        "The process ends: nobody foresaw this error.",
        action="process_failed",
        exc_info=(kind, error, trace),
    )


def standard_logging(level: str) -> dict[str, Any]:
    """The standard library's logging as `dictConfig` takes it, and gunicorn as its `logconfig_dict`."""
    loggers: dict[str, Any] = {name: {"level": least} for name, least in _QUIET.items()}
    loggers |= {name: {"handlers": [], "propagate": True, "level": level} for name in _GUNICORN}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": _formatter}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": loggers,
    }


def _formatter() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *_shared()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            *_written(),
        ],
    )


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]


def _written() -> list[Processor]:
    return [
        mask,
        structlog.processors.EventRenamer("message"),
        structlog.processors.JSONRenderer(default=str),
    ]


def mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: hides what must not be written, whoever logged it."""
    return {name: _masked_field(name, value) for name, value in event.items()}


def _masked_field(name: str, value: Any) -> Any:
    if isinstance(value, _PLAIN):  # numbers hide nothing
        return value
    if _is_secret_name(name) and isinstance(value, _HIDEABLE):
        return HIDDEN
    if isinstance(value, str):
        return _masked_text(value)
    return _masked_value(value)


@lru_cache(maxsize=1024)  # the names are the code's own, and few
def _is_secret_name(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _masked_value(value: Any) -> Any:
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Mapping):
        return {str(name): _masked_field(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked_value(inner) for inner in value]
    return _masked_text(value if isinstance(value, str) else str(value))


def _masked_text(text: str) -> str:
    return _ADDRESS.sub(lambda found: masked(found.group()), text) if "@" in text else text
