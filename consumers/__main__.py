"""`python -m consumers`: one consumer process.

SIGTERM finishes the calls under way; a second one ends it at once.
"""

from __future__ import annotations

import sys

import structlog

from consumers.running import consuming, run
from consumers.starting import start
from consumers.stopping import stop_on_signals

SWITCH_S = 0.0005

log = structlog.get_logger(__name__)


def main() -> int:
    """Run until told to stop; 1 when the settings do not let it start."""
    stop = stop_on_signals()
    services = start("consumer", stop)
    if services is None:
        return 1
    _favour_short_turns()
    run(consuming(services), stop)
    services.close()
    log.info("The consumer has ended.", action="consumer_ended")
    return 0


def _favour_short_turns() -> None:
    """Let a thread that comes back from the database or the network have the interpreter soon.

    One thread writes what many others wait for. By default it stands back for 5 ms each time it returns
    from a statement while any of them computes.
    """
    sys.setswitchinterval(SWITCH_S)


if __name__ == "__main__":
    sys.exit(main())
