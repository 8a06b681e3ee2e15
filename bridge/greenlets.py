"""What differs where gevent lets one thread serve all requests of a process: in the web workers.

There the locks, sockets and pauses of the standard library let the other requests go on. What waits inside
the operating system does not: nobody is served until it returns.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable


def share_one_thread() -> bool:
    """Whether gevent has taken the place of this process's threads."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("_thread"))


def aside(wait: Callable[[], None]) -> None:
    """Have `wait` called elsewhere if one thread serves all, so that only the caller waits for it."""
    if not share_one_thread():
        wait()
        return
    from gevent import get_hub  # the other processes do without gevent

    get_hub().threadpool.apply(wait)


def let_others_come() -> None:
    """Give those who could go on a turn, where nobody gets one by himself."""
    if share_one_thread():
        time.sleep(0)
