"""`python -m sandbox`: both stand-ins as a server of their own, until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import dataclasses
import json
import secrets
import signal
import sys

from sandbox.box import Sandbox


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--zendesk-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--sailthru-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds every answer of Sailthru takes")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32), help="for ids and disorder")
    parser.add_argument("--no-quota", action="store_true", help="no limits on requests per minute")
    return parser.parse_args()


def introduction(box: Sandbox) -> str:
    """One line of JSON: where they are and with which credentials."""
    return json.dumps(
        {
            "zendesk": {"url": box.zendesk.url, **dataclasses.asdict(box.zendesk.account)},
            "sailthru": {"url": box.sailthru.url, **dataclasses.asdict(box.sailthru.account)},
        }
    )


def main() -> None:
    asked = options()
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    ports = {"zendesk_port": asked.zendesk_port, "sailthru_port": asked.sailthru_port}
    with Sandbox.start(**ports, seed=asked.seed) as box:
        box.sailthru.latency_s = asked.latency
        if asked.no_quota:
            box.zendesk.quota.lift()
            box.sailthru.quota.lift()
        sys.stdout.write(introduction(box) + "\n")
        sys.stdout.flush()
        signal.sigwait(ends)


if __name__ == "__main__":
    main()
