"""What the demo says at the end: sentences for people, a record for programs, addresses to open."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from bridge.settings import Settings
from commands.demo.console_link import console_link
from commands.demo.playing import Played
from commands.demo.showing import sentence
from commands.demo.stage import Stage
from commands.demo.tour import FORTH
from commands.demo.verdict import Verdict


def opening(settings: Mapping[str, str]) -> str:
    """What is not here as it is in production."""
    ours, theirs = settings["SAILTHRU_SETTLE_S"], Settings.sailthru_settle_s
    return (
        f"Sailthru shows changes late, so a profile is read {ours} s after the last word about\n"
        f"it; outside this demo after {theirs} s, if SAILTHRU_SETTLE_S says nothing else."
    )


def sentences(played: Sequence[Played], verdict: Verdict) -> Iterator[str]:
    """The verdict in words."""
    for fault in verdict.faults:
        yield f"WRONG {fault}"
    for one in verdict.differences:
        yield sentence(one)
    if not verdict.is_good:
        return
    yield (
        f"All is well: after each of {len(played)} changes both systems held what they must.\n"
        "From change to agreement,"
    )
    for words, times in _times(played).items():
        yield f"  {words}: median {median(times):.2f} s, slowest {max(times):.2f} s"


def _times(played: Sequence[Played]) -> dict[str, list[float]]:
    """The seconds of all steps by the way they go; what goes both ways takes as long as the way back."""
    times = {
        "from Zendesk to Sailthru": [one.seconds for one in played if one.way == FORTH],
        "from Sailthru to Zendesk": [one.seconds for one in played if one.way != FORTH],
    }
    return {words: seconds for words, seconds in times.items() if seconds}


def record(stage: Stage, played: Sequence[Played], verdict: Verdict) -> dict[str, Any]:
    """The whole tour."""
    return {
        "ok": verdict.is_good,
        "broker": stage.settings["BROKER_URL"].partition(":")[0],
        "steps": [_step(one) for one in played],
        "faults": list(verdict.faults),
        "differences": [asdict(one) for one in verdict.differences],
        "addresses": _places(stage),
        "processes": dict(stage.children.names),
    }


def addresses(stage: Stage) -> Iterator[str]:
    """What to open and to try while all of it runs."""
    places = _places(stage)
    width = max(map(len, places))
    yield ""
    for name, url in places.items():
        yield f"  {name:<{width}}  {url}"
    bridge = Path(sys.executable).with_name("bridge")
    yield ""
    yield "Into the console, once and within ten minutes (another link: bridge console link):"
    yield f"  {console_link(stage)}"
    yield ""
    yield "In a second terminal:"
    yield f"  cd {stage.folder}"
    for words in ("customers show cleo.martin@example.org", "events list", "queues", "check"):
        yield f"  {bridge} {words}"
    yield "Change something yourself, and look again at what both hold:"
    yield (
        f"  curl -X POST {stage.zendesk.url}/sandbox/create_user"
        """ -d '{"email": "you@example.com", "tags": ["hello"]}'"""
    )
    yield (
        f"  curl -X POST {stage.sailthru.url}/sandbox/set_optout"
        """ -d '{"who": "ada.byron@example.org", "mode": "all"}'"""
    )
    yield ""
    yield "Ctrl-C ends it all."


def _places(stage: Stage) -> Mapping[str, str]:
    return {
        "the sidebar beside a ticket": f"{stage.zendesk.url}/agent/",
        "what Zendesk holds": f"{stage.zendesk.url}/sandbox/state",
        "what Sailthru holds": f"{stage.sailthru.url}/sandbox/state",
        "the receiver's health": f"{stage.url}/health/ready",
        "the console": f"{stage.url}/console/",
        "metrics": f"{stage.url}/metrics",
        "logs": f"{stage.folder}/*.log",
    }


def _step(one: Played) -> dict[str, Any]:
    return {
        "step": one.title,
        "way": one.way,
        "seconds": round(one.seconds, 3),
        "agrees": not one.differences,
        "changes": [asdict(change) for change in one.changes],
        "differences": [asdict(difference) for difference in one.differences],
    }
