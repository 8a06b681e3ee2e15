"""How gunicorn runs the receiver: `gunicorn receiver.wsgi:app` reads this file by itself.

One process for each core, and in each one thread that turns to whichever request can go on: a request spends
most of its time waiting, for the broker's confirm or for a remote system, and the requests of one process
share a connection and a confirm.
"""
# ruff: noqa: E402 - gevent must replace the locks and sockets of the standard library before anybody holds one

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import gc
import sys
from pathlib import Path
from typing import Any, NoReturn

from gunicorn.glogging import Logger
from prometheus_client import multiprocess

from bridge import logs, metrics
from bridge.errors import BadSettings, Unavailable
from bridge.logs import standard_logging
from bridge.services import build, require_ready
from bridge.settings import Settings, load_settings


def _loaded() -> Settings:
    try:
        return load_settings()
    except BadSettings as error:
        _stop(error)


def _stop(error: BadSettings) -> NoReturn:
    sys.stderr.write("".join(f"{fault}\n" for fault in error.faults))
    raise SystemExit(1)


class Errors(Logger):
    """Gunicorn's words about itself. Requests are counted by the receiver, and logged where they matter."""

    def access(self, *_about: Any) -> None:
        """Write nothing: a line a request would cost more than reading the request."""


_settings = _loaded()
logger_class = Errors

bind = f"0.0.0.0:{_settings.port}"
worker_class = "receiver.worker.Worker"
workers = _settings.web_workers
worker_connections = _settings.web_connections
# A load balancer keeps its connections open; they must not close on our side first.
keepalive = 75
# Each worker builds its own parts: no thread, socket or database handle is shared through a fork.
preload_app = False
# Zendesk waits 12 s at most, so whatever is under way after that is answered to nobody.
timeout = 30
graceful_timeout = 15
# The heartbeat file in memory: on a slow disk a worker would seem dead.
if Path("/dev/shm").is_dir():  # noqa: S108 - gunicorn makes a private file in it
    worker_tmp_dir = "/dev/shm"  # noqa: S108
# Memory stays flat, so workers are not replaced for its sake.
max_requests = 0
# No socket to command it by: it would lie in the home folder, one for all.
control_socket_disable = True
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
logconfig_dict = standard_logging(_settings.log_level)


def on_starting(server: Any) -> None:
    """Look once, before any worker starts, whether tables and queues fit; what is away may come back."""
    logs.configure(_settings.log_level)
    metrics.start(_settings.metrics_dir)
    try:
        services = build(_settings)
    except BadSettings as error:
        _stop(error)
    try:
        require_ready(services)
    except BadSettings as error:
        _stop(error)
    except Unavailable as error:
        server.log.warning("Starting although %s.", error)
    finally:
        services.close()


def post_worker_init(_worker: Any) -> None:
    """Keep the garbage collector from walking through all that was built for good, again and again."""
    gc.collect()
    gc.freeze()


def child_exit(_server: Any, worker: Any) -> None:
    """Take an ended worker's gauges out of the sums; its counts stay."""
    multiprocess.mark_process_dead(worker.pid)
