"""Starts a process: settings, logs, metrics, services; then waits until what it needs answers."""

from __future__ import annotations

import sys
import threading

import structlog

from bridge import logs, metrics
from bridge.errors import BadSettings, Unavailable
from bridge.services import Services, build, require_ready
from bridge.settings import load_settings, without_secrets

log = structlog.get_logger(__name__)

PAUSE_S = 2.0


def start(part: str, stop: threading.Event) -> Services | None:
    """Everything wired and ready, or `stop` set; None, and the faults said, when the settings forbid it."""
    try:
        settings = load_settings()
        logs.configure(settings.log_level)
        metrics.start(settings.metrics_dir)
        services = build(settings, part=part)
        _wait_until_ready(services, part, stop)
    except BadSettings as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)  # noqa: T201 - for whoever starts it by hand
        return None
    log.info("The process works.", action=f"{part}_started", settings=without_secrets(settings))
    return services


def _wait_until_ready(services: Services, part: str, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            require_ready(services)
        except Unavailable as error:
            log.warning("Waiting until it answers.", action=f"{part}_waits", part=error.part)
            stop.wait(PAUSE_S)
        else:
            return
