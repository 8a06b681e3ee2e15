"""Carries out one step: the table of who does what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial

from bridge.errors import SendAgain, TryLater
from bridge.setting_up import apps, fields, taking_away, testing, triggers, webhooks
from bridge.setting_up.site import Site
from bridge.setting_up.standing import Standing, Step
from bridge.setting_up.wanted import TWIN, Asked

MOST_WAITS, LONGEST_WAIT_S = 5, 60.0

Do = Callable[[Site, Asked, Standing, Step], Standing]


def _take(site: Site, _asked: Asked, standing: Standing, step: Step) -> Standing:
    return site.take(standing, step)


OF_ALL: Mapping[str, Do] = {
    "take": _take,
    "remove": taking_away.remove,
    "forget": taking_away.forget,
    "drop_secret": taking_away.drop_secret,
    "keep_secret": webhooks.keep_secret,
    "settle": webhooks.settle,
    "switch_on": webhooks.switch_on,
    "promote": webhooks.promote,
    "point": triggers.point,
    "test": testing.prove_twin,
    "install": apps.install,
    "keep_key": apps.keep_key,
}
MAKE: Mapping[str, Do] = {
    "webhook": webhooks.make,
    "trigger": triggers.make,
    "field": fields.make,
    "app": apps.make,
}
CHANGE: Mapping[str, Do] = {"webhook": webhooks.change, "trigger": triggers.change, "app": apps.change}


def carry_out(
    site: Site,
    asked: Asked,
    standing: Standing,
    plan: Callable[[Standing], Sequence[Step]],
    doing: Callable[[Step], AbstractContextManager[None]],
) -> Standing:
    """Do what `plan` says, and ask it again after each step; each is done within `doing`."""
    done: list[Step] = []
    while steps := plan(standing):
        if steps[0] in done:
            raise RuntimeError(f"the step {steps[0]} was done and is planned again")
        with doing(steps[0]):
            standing = _patiently(site, partial(do, site, asked, standing, steps[0]))
        done.append(steps[0])
    return standing


def _patiently(site: Site, step: Callable[[], Standing]) -> Standing:
    """Do a step, again when the account's quota was used up: whatever part of it was done is done over."""
    waits = 0
    while True:
        try:
            return step()
        except TryLater as error:
            waits += 1
            if isinstance(error, SendAgain) or error.after_s is None or waits > MOST_WAITS:
                raise
            site.pause(min(error.after_s, LONGEST_WAIT_S))


def do(site: Site, asked: Asked, standing: Standing, step: Step) -> Standing:
    """Carry out a step; how the account stands then. Raises what the calls and the ledger raise."""
    kind = step.part.partition(".")[0]
    if step.action == "make" and step.part.endswith(TWIN):
        return webhooks.make_twin(site, asked, standing, step)
    if step.action == "make":
        return MAKE[kind](site, asked, standing, step)
    if step.action == "change":
        return CHANGE[kind](site, asked, standing, step)
    return OF_ALL[step.action](site, asked, standing, step)
