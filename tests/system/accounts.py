"""The two accounts of one installation, and what Sailthru must hold by what Zendesk says."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sandbox import TICKET_EVENTS, USER_EVENTS, Call, Delivery, Sandbox
from sandbox.zendesk.webhooks import Rendered, Webhook
from tests.services.waiting import wait_until
from tests.system import web
from tests.system.running import Bridge
from tests.system.web import Answer

PLENTY = 60_000  # requests a minute: these stories are not about quotas
SETTLES_S = 45.0


@dataclass
class Accounts:
    """A pair of accounts, paired with a bridge under `name`."""

    box: Sandbox
    bridge: Bridge
    name: str = "acme"
    options: str = "create_profiles = true"
    users: list[int] = field(default_factory=list)
    hook: Webhook = field(init=False)
    trigger_hook: Webhook = field(init=False)

    def __post_init__(self) -> None:
        self.box.zendesk.set_limit("account", PLENTY)
        self.box.sailthru.lift_quota()
        names = [*(f"user.{name}" for name in USER_EVENTS), *(f"ticket.{name}" for name in TICKET_EVENTS)]
        self.hook = self.box.zendesk.subscribe(self.events_url, names)
        # A webhook of its own without a trigger: the test sends what a trigger would, when it wants to.
        self.trigger_hook = self.box.zendesk.webhooks.add(self.triggers_url, ["conditional_ticket_events"])

    @property
    def events_url(self) -> str:
        return f"{self.bridge.url}/hooks/{self.name}/zendesk/events"

    @property
    def triggers_url(self) -> str:
        return f"{self.bridge.url}/hooks/{self.name}/zendesk/triggers"

    @property
    def file(self) -> str:
        """The installation's file."""
        zendesk, sailthru = self.box.zendesk, self.box.sailthru
        return f"""
[zendesk]
url = "{zendesk.url}"
oauth_client_id = "{zendesk.account.oauth_client_id}"
oauth_client_secret = "{zendesk.account.oauth_client_secret}"
webhook_secrets = ["{self.hook.secret}", "{self.trigger_hook.secret}"]
[sailthru]
url = "{sailthru.url}"
api_key = "{sailthru.account.api_key}"
api_secret = "{sailthru.account.api_secret}"
[options]
zendesk_share = 0.9
sailthru_share = 0.9
{self.options}
"""

    @property
    def secrets(self) -> Sequence[str]:
        """What must never be seen in a log, an answer or a page."""
        zendesk, sailthru = self.box.zendesk.account, self.box.sailthru.account
        hooks = [hook.secret for hook in self.box.zendesk.webhooks.hooks.values()]
        return [zendesk.oauth_client_secret, zendesk.api_token, sailthru.api_secret, *hooks]

    def pair(self) -> None:
        """Add the installation."""
        done = self.bridge.run("installations", "add", self.name, "--from", "-", given=self.file)
        assert done.status == 0, done

    def send(self, rendered: Rendered) -> Answer:
        return web.post(rendered.url, rendered.body, rendered.headers)

    def signed(self, body: bytes, *, hook: Webhook | None = None) -> Rendered:
        """Any body, signed as Zendesk signs."""
        return self.box.zendesk.render_trigger(body, hook or self.hook)

    def invent(self, user_id: int, *, tag: str = "vip") -> Rendered:
        """A signed tag event of a user, unsent; Zendesk itself knows nothing of it."""
        event = {"added": {"tags": [tag]}, "removed": {"tags": []}}
        return self.box.zendesk.render("user.tags_changed", user_id, event=event, webhook=self.hook)

    def welcome(self, number: int) -> list[int]:
        """So many new customers; their ids. Each address names the account, so that a log can be searched."""
        known = len(self.users)
        for each in range(known, known + number):
            self.users.append(self.box.zendesk.create_user(f"customer{each}@{self.name}.example.com").id)
        return self.users[known:]

    # What must be so in the end

    def wanted(self, user_id: int) -> tuple[str | None, dict[str, Any]]:
        """The address and the vars that the customer's profile must hold."""
        zendesk = self.box.zendesk
        user = zendesk.user(user_id)
        tickets = [ticket for ticket in zendesk.tickets_of(user_id) if ticket.status != "deleted"]
        newest = sorted(tickets, key=lambda ticket: (_iso(ticket.updated_at), ticket.id))[-50:]
        return user.email, {
            "zendesk_profile_url": f"{zendesk.url}/agent/users/{user_id}",
            "zendesk_tags": sorted(user.tags),
            "zendesk_created": _iso(user.created_at),
            "zendesk_sync": user.active,
            "zendesk_active": user.active,
            "zendesk_id": user_id,
            "zendesk_ticket_count": len(tickets),
            "zendesk_tickets": {
                str(ticket.id): {
                    "id": ticket.id,
                    "created_at": _iso(ticket.created_at),
                    "updated_at": _iso(ticket.updated_at),
                    "status": ticket.status,
                    "subject": ticket.subject if ticket.is_public else "",
                    "channel": ticket.channel,
                    "url": f"{zendesk.url}/agent/tickets/{ticket.id}",
                }
                for ticket in newest
            },
        }

    def faults(self, user_ids: Iterable[int] | None = None) -> dict[int, Any]:
        """Which customers' profiles are not as they must be: (what must be, what is)."""
        held = {
            profile.vars.get("zendesk_id"): (profile.email, dict(profile.vars))
            for profile in self.box.sailthru.profiles()
        }
        wanted = {one: self.wanted(one) for one in (self.users if user_ids is None else user_ids)}
        return {one: (wanted[one], held.get(one)) for one in wanted if held.get(one) != wanted[one]}

    def agrees(self, *user_ids: int) -> bool:
        return not self.faults(user_ids or None)

    def until_agreed(self, *user_ids: int, within_s: float = SETTLES_S) -> None:
        """Wait until the profiles are as they must be; says which are not."""
        try:
            wait_until(
                lambda: self.agrees(*user_ids), within_s=within_s, what="the profiles agree with Zendesk"
            )
        except TimeoutError as late:
            faults = self.faults(user_ids or None)
            one = next(iter(faults.items()), None)
            raise AssertionError(f"{late}; {len(faults)} do not, such as {one}") from late

    def until_settled(self, within_s: float = SETTLES_S) -> None:
        """Wait until nothing waits, is owed or disagrees."""
        self.until_agreed(within_s=within_s)
        wait_until(self.is_idle, within_s=within_s, what="nothing is queued or owed")
        self.until_agreed(within_s=within_s)

    def is_idle(self) -> bool:
        samples = self.bridge.metrics()
        depth, oldest = (samples.get(f'{name}{{queue="bridge.zendesk"}}') for name in _QUEUE_GAUGES)
        return depth == 0 and oldest == 0

    # What was asked of Sailthru

    def pushes(self) -> list[Call]:
        return self.box.sailthru.calls.matching("POST", "/user")

    def answered(self) -> set[str]:
        """The ids of the events that were answered 2xx, at least once."""
        return {one.event_id for one in self.box.zendesk.deliveries if _was_accepted(one)}

    def send_unanswered_again(self) -> None:
        """Zendesk's own people press the button: whatever was never accepted is sent once more."""
        accepted = self.answered()
        for one in self.box.zendesk.deliveries:
            if one.event_id not in accepted:
                accepted.add(one.event_id)
                self.box.zendesk.webhooks.courier.send(replace(one, attempts=[], state="waiting"))

    def kept(self) -> set[str]:
        """The ids of the events that the bridge keeps."""
        return {row["id"] for row in self.bridge.said("events", "list", "--limit", "10000")}


_QUEUE_GAUGES = ("bridge_queue_depth", "bridge_queue_oldest_seconds")


def _was_accepted(delivery: Delivery) -> bool:
    return any(200 <= attempt.status < 300 for attempt in delivery.attempts)


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Bustle:
    """People at work in Zendesk: each step changes one customer, by chance but the same each time."""

    accounts: Accounts
    seed: int = 1
    steps: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._tickets: list[int] = []

    def go_on(self, steps: int) -> None:
        for _ in range(steps):
            self.steps += 1
            self._step()

    def _step(self) -> None:
        zendesk, pick = self.accounts.box.zendesk, self._random
        user = pick.choice(self.accounts.users)
        match pick.choice(("tag", "tag", "untag", "ticket", "status", "requester", "address", "delete")):
            case "tag":
                zendesk.add_tags(user, [f"tag{pick.randrange(6)}"])
            case "untag":
                zendesk.remove_tags(user, [f"tag{pick.randrange(6)}"])
            case "address":
                name = self.accounts.name
                zendesk.change_email(user, f"moved{self.steps}.{user}@{name}.example.com")
            case "ticket":
                self._tickets.append(zendesk.create_ticket(user, subject=f"Question {self.steps}").id)
            case "status" if self._tickets:
                status = pick.choice(("open", "pending", "solved"))
                zendesk.update_ticket(pick.choice(self._tickets), status=status)
            case "requester" if self._tickets:
                zendesk.change_requester(pick.choice(self._tickets), user)
            case "delete" if len(self._tickets) > 5:
                zendesk.delete_ticket(self._tickets.pop(pick.randrange(len(self._tickets))))
            case _:
                zendesk.add_tags(user, [f"step{self.steps}"])
