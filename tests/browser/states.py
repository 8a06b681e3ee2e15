"""Every state that has a look of its own: what brings it about, and what an agent does to see it.

The tests go through all of them, and `make screenshots` takes a picture of each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import expect

from tests.browser.bridge import Bridge
from tests.browser.customers import AGENT, Customer, ago
from tests.browser.seat import Seat

ADDRESS = "anna.lindqvist@example.com"
NEW = "anna.lindqvist@example.net"
OTHER = {"sid": "60b7c2d4e5f60718293a4b5c", "address": NEW, "zendesk_id": None}


@dataclass(frozen=True)
class State:
    """`arrange` sets the bridge up, `act` is what the agent does; `shows` must be on the page then."""

    name: str
    shows: str
    arrange: Callable[[Bridge], None]
    act: Callable[[Seat], None] = lambda seat: None
    seat: dict[str, Any] = field(default_factory=dict)

    def reached(self, bridge: Bridge, take: Callable[..., Seat], **how: Any) -> Seat:
        """A seat before the page in this state."""
        self.arrange(bridge)
        seat = take(**{**self.seat, **how}).begin()
        self.act(seat)
        expect(seat.page.get_by_text(self.shows).locator("visible=true").first).to_be_visible()
        return seat


def known(**changed: Any) -> Callable[[Bridge], None]:
    """Anna, with something about her changed."""

    def arrange(bridge: Bridge) -> None:
        bridge.customers[7] = Customer.known(**changed)

    return arrange


def unread(state: str, **customer: Any) -> Callable[[Bridge], None]:
    """Anna, of whom nothing can be read."""
    return known(
        customer={"state": state, "sid": None, "profile_link": None, **customer},
        freshness={"read_at": None, "source": "ledger"},
        score=None, predictions=[], engagement=None, lifetime=None, activity=None, lists=None,
        optout={"value": None}, pushed={"state": "none", "since": None},
    )  # fmt: skip


def trouble(problem: str) -> Callable[[Bridge], None]:
    """Sailthru has a problem; what was read three hours ago is shown."""
    return known(freshness={"read_at": ago(hours=3), "source": "ledger", "problem": problem})


def email(seat: Seat) -> None:
    seat.tab("Email")


def lists(seat: Seat) -> None:
    email(seat)
    expect(seat.page.get_by_label("Add to a list")).to_be_enabled()


def ask_for_more_mail(seat: Seat) -> None:
    email(seat)
    seat.optout.select_option("none")


def ask_to_add(seat: Seat) -> None:
    email(seat)
    seat.page.get_by_label("Add to a list").select_option("Winter Sale")
    seat.button("Add…").click()


def remove(seat: Seat) -> None:
    email(seat)
    seat.button("Remove from Weekend Offers").click()
    expect(seat.button("Undo")).to_be_visible()


def choose_happy(seat: Seat) -> None:
    seat.slider.press("End")
    seat.slider.blur()


def saving(bridge: Bridge) -> None:
    known()(bridge)
    bridge.becomes = "saving"


def refusing(bridge: Bridge) -> None:
    known()(bridge)
    bridge.becomes = "failed: Sailthru refused the change: the profile is locked."


def loading(bridge: Bridge) -> None:
    known()(bridge)
    bridge.hold("customer")


def failing(status: int, **content: Any) -> Callable[[Bridge], None]:
    return lambda bridge: bridge.fail("customer", status, **content)


def session_over(bridge: Bridge) -> None:
    known()(bridge)
    bridge.fail("token", 401, error="session_expired")
    bridge.about["token"] = "too old"


def visitor(bridge: Bridge) -> None:
    known()(bridge)
    bridge.about["agent"] = None
    bridge.fail("agent", 403, error="not_staff")


STATES = [
    State("overview", "Top value",
          known(health={"value": "satisfied", "set_by": AGENT, "set_at": ago(hours=20)})),
    State("overview-not-set", "Not set. Choose", known(score=None, predictions=[], engagement="dormant")),
    State("email", "Opt-out status", known(), lists),
    State("email-removal-held", "Removing in", known(), remove),
    State("email-add", "A new subscription", known(), ask_to_add),
    State("email-more-mail", "Customer asked for this?", known(optout={"value": "all"}), ask_for_more_mail),
    State("loading", "Overview", loading),
    State("saving", "Saving…", saving, choose_happy),
    State("saved", "Saved", known(), choose_happy),
    State("not-saved", "the profile is locked", refusing, choose_happy),
    State("change-waiting", "on its way to Sailthru",
          known(pushed={"state": "waiting", "since": ago(minutes=12),
                        "reason": "Sailthru does not answer."})),
    State("no-profile", "No profile in Sailthru", unread("no_profile")),
    State("no-profile-create", "Create profile", unread("no_profile", can_create=True)),
    State("profile-gone", "The profile is gone", unread("profile_gone")),
    State("no-email", "No email address", unread("no_email", address=None)),
    State("no-requester", "No requester", known(), seat={"zendesk": {"ticket.id": 991}}),
    State("staff", "A member of your team", unread("staff")),
    State("suspended", "Suspended in Zendesk", known(customer={"state": "suspended"})),
    State("deleted", "Deleted in Zendesk", known(customer={"state": "deleted", "address": ADDRESS})),
    State("sync-off", "Sync is off", known(customer={"state": "sync_off"}, sync={"on": False})),
    State("first-time", "Reading this customer for the first time", unread("waiting")),
    State("unknown", "Nothing known yet", unread("unknown")),
    State("sailthru-slow", "Sailthru is slow", trouble("sailthru_slow")),
    State("sailthru-down", "Sailthru does not answer", trouble("sailthru_down")),
    State("rate-limited", "allows no more requests", trouble("rate_limited")),
    State("bad-credentials", "does not accept the bridge's credentials", trouble("bad_credentials")),
    State("address-taken", "Merge (cannot be undone)",
          known(customer={"state": "email_conflict", "address": NEW},
                conflict={"address": NEW, "held": ADDRESS, "kind": "email_conflict", "other": OTHER,
                          "can_merge": True})),
    State("address-shared", "Two customers share one address",
          known(customer={"state": "email_taken"},
                conflict={"address": ADDRESS, "held": None, "kind": "email_taken",
                          "other": {**OTHER, "address": ADDRESS, "zendesk_id": 12}, "can_merge": False})),
    State("unknown-user", "No such user in Zendesk", failing(404, error="unknown_customer")),
    State("bridge-away", "The bridge is busy", failing(503, error="ledger_away")),
    State("session-over", "Please reopen the app", session_over),
    State("visitor", "You may look, but not change", visitor),
    State("zendesk-away", "Zendesk did not load", known(), seat={"sdk": None}),
]  # fmt: skip
