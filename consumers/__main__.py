"""`python -m consumers`: one consumer process.

SIGTERM finishes the calls under way; a second one ends it at once.
"""

from __future__ import annotations

import gc
import sys

import structlog

from consumers.running import consuming, run
from consumers.starting import start
from consumers.stopping import stop_on_signals

COLLECT_AFTER = (5_000, 20, 20)

log = structlog.get_logger(__name__)


def main() -> int:
    """Run until told to stop; 1 when the settings do not let it start."""
    stop = stop_on_signals()
    services = start("consumer", stop)
    if services is None:
        return 1
    _settle_down()
    run(consuming(services), stop)
    services.close()
    log.info("The consumer has ended.", action="consumer_ended")
    return 0


def _settle_down() -> None:
    """What was made at the start stays: the collector need not look at it again and again.

    And it may look less often, for what a push makes is gone with it, without its help.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


if __name__ == "__main__":
    sys.exit(main())
