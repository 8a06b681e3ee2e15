"""Only where gevent serves all requests with one thread, that thread must never wait in the system."""

from __future__ import annotations

import subprocess
import sys

from bridge.greenlets import share_one_thread

# What `aside` promises: while its call waits in the system, others go on.
SCRIPT = """
from gevent import monkey
monkey.patch_all()
import gevent, threading, time
from bridge.greenlets import aside, share_one_thread
assert share_one_thread()
sleep = monkey.get_original("time", "sleep")
gone_on = threading.Event()
waiter = gevent.spawn(aside, lambda: [sleep(0.001) for _ in range(2000) if not gone_on.is_set()])
gevent.sleep(0.01)
assert not waiter.ready()
gone_on.set()
waiter.join(timeout=10)
assert waiter.ready()
"""


def test_threads_of_their_own_share_nothing() -> None:
    assert not share_one_thread()


def test_under_gevent_a_wait_in_the_system_holds_nobody_else_up() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
