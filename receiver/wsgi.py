"""`gunicorn receiver.wsgi:app`. The one module of the receiver that builds something when it is imported."""

from __future__ import annotations

import threading
from contextlib import suppress

from flask import Flask

from bridge import logs, metrics
from bridge.errors import Unavailable
from bridge.heartbeat import Heartbeat
from bridge.ledger.processes import WEB
from bridge.services import build
from bridge.settings import load_settings
from receiver.app import create_app
from receiver.wiring import parts_of


def build_app() -> Flask:
    """The application of one worker process, from its environment. Raises `BadSettings`."""
    settings = load_settings()
    logs.configure(settings.log_level)
    metrics.start(settings.metrics_dir)
    services = build(settings, part=WEB)
    # Known from the start: the ledger may go away before the first delivery, and the broker still takes it.
    with suppress(Unavailable):
        services.directory.all()
    Heartbeat.of(services.ledger, WEB).start(threading.Event())
    return create_app(parts_of(services))


app = build_app()
