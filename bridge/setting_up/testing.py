"""Lets Zendesk send a test through a webhook, and waits until it has come all the way into the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.errors import BridgeError, Refused
from bridge.ledger import events
from bridge.setting_up.site import Site
from bridge.setting_up.standing import Standing, Step
from bridge.setting_up.wanted import Asked
from schemas.trial import trial_body
from schemas.zendesk_admin import WebhookReply

# A receiver may not have the newest secret yet; a consumer may have other things to do first.
TRIES, BETWEEN_TRIES_S = 6, 2.0
ARRIVES_WITHIN_S, LOOK_EVERY_S = 15.0, 0.25


class NotArrived(BridgeError):
    """A test delivery that did not arrive; `fix` says what may help."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.fix = fix


@dataclass(frozen=True)
class Arrived:
    """A test that came all the way: from asking Zendesk until its event was in the ledger."""

    seconds: float


def send_test(site: Site, standing: Standing, part: str) -> Arrived:
    """Send one test through a webhook. Raises `NotArrived`, and what the calls raise."""
    started = site.ledger.clock.monotonic()
    hook = next(one for one in standing.seen.webhooks if one.id == standing.id_of(part))
    number = _accepted(site, hook.id, hook.endpoint)
    for _ in range(int(ARRIVES_WITHIN_S / LOOK_EVERY_S)):
        with site.ledger.reading() as connection:
            if events.exists(connection, site.installation_id, number):
                return Arrived(site.ledger.clock.monotonic() - started)
        site.pause(LOOK_EVERY_S)
    raise NotArrived(
        "the receiver took the test delivery, and no consumer has kept it",
        "start the consumer, then run the same command again",
    )


def prove_twin(site: Site, _asked: Asked, standing: Standing, step: Step) -> Standing:
    """Note that a twin's deliveries are verified, or raise."""
    send_test(site, standing, step.part)
    return site.describe(standing, step.part, is_tested=True)


def _accepted(site: Site, webhook_id: str, address: str) -> str:
    """The id of a test that the receiver has accepted."""
    tries = 1
    while True:
        number = site.new_id()
        reply = _tested(site, webhook_id, address, number)
        if 200 <= reply.status < 300:
            return number
        if tries == TRIES:
            raise NotArrived(
                f"the test delivery was answered {reply.status}: {_shown(reply.body)}",
                f"see that Zendesk reaches {address}, and the receiver's log; then run this again",
            )
        tries += 1
        site.pause(BETWEEN_TRIES_S)


def _tested(site: Site, webhook_id: str, address: str, number: str) -> WebhookReply:
    try:
        return site.admin.test_webhook(webhook_id, address, trial_body(number))
    except Refused as error:
        raise NotArrived(
            f"Zendesk sends no test: {error.detail}", "look at a real delivery: bridge events list"
        ) from None


def _shown(body: str) -> str:
    return "".join(mark if mark.isprintable() else " " for mark in body)[:200] or "nothing"
