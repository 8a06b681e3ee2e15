"""The three things that `bridge setup` does: set up, take away, give new secrets."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from bridge.errors import BridgeError, Refused
from bridge.ledger import actions
from bridge.ledger.installations import Installation
from bridge.remotes.zendesk_admin import ZendeskAdmin
from bridge.remotes.zendesk_errors import FORBIDDEN
from bridge.services import Services
from bridge.setting_up.doing import carry_out
from bridge.setting_up.looking import look
from bridge.setting_up.planning import plan, wanted_webhooks
from bridge.setting_up.removing import removal
from bridge.setting_up.rotating import rotation, to_rotate
from bridge.setting_up.site import Site
from bridge.setting_up.standing import Standing, Step
from bridge.setting_up.testing import send_test
from bridge.setting_up.wanted import Asked
from bridge.setting_up.webhooks import begin_twins, expected_twins
from commands.check_sailthru import look_at_sailthru
from commands.check_zendesk import look_at_us
from commands.findings import FAULT, WARNING, Finding, refused
from commands.opening import operator
from commands.setup.progress import Progress
from commands.setup.sentences import by_hand, notes
from consumers.to_zendesk.account import learn_fields

Plan = Callable[[Standing], Sequence[Step]]


@dataclass
class Run:
    """One run of the command. `hold`, called before each step, keeps other runs away."""

    services: Services
    one: Installation
    asked: Asked
    progress: Progress
    is_dry: bool
    hold: Callable[[], None]

    def set_up(self) -> None:
        """Make what is missing, test it, and say what is left."""
        standing = self._looked(with_sailthru=True)
        if standing is None:
            return
        standing = self._carried_out(standing, lambda now: plan(self.asked, now), "set_up")
        try:
            if not self.is_dry:
                self._learn(standing)
                self._test(standing)
        finally:
            self.progress.tell("notes", notes(self.asked, self.one, standing))
            self.progress.tell("by_hand", by_hand(self.asked))

    def remove(self) -> None:
        """Take away what was made."""
        standing = self._looked(with_sailthru=False)
        if standing is not None:
            self._carried_out(standing, lambda now: removal(self.one.name, now), "set_up_removed")

    def rotate(self) -> None:
        """Let a twin with a secret of its own take the place of each webhook."""
        standing = self._looked(with_sailthru=False)
        if standing is None:
            return
        parts = to_rotate(standing)
        expected = expected_twins(standing, parts)
        begun = expected if self.is_dry else begin_twins(self.site, standing, parts)
        self._carried_out(begun, lambda now: rotation(self.one.name, parts, now), "webhooks_rotated")

    @cached_property
    def site(self) -> Site:
        """Where it happens."""
        admin = ZendeskAdmin(self.services.remotes.zendesk(self.one))
        pause, ledger, vault = threading.Event().wait, self.services.ledger, self.services.vault
        return Site(ledger, vault, self.one.id, self.one.name, admin, pause, lambda: str(uuid.uuid4()))

    def _looked(self, *, with_sailthru: bool) -> Standing | None:
        """How the account stands; None when we are not let in, or may not see it."""
        self.progress.look(self._accounts(with_sailthru=with_sailthru))
        if self.progress.is_failed:
            return None
        site = self.site
        try:
            return look(
                site.ledger, site.vault, site.admin, self.one, with_apps=self.asked.package is not None
            )
        except Refused as error:
            if error.reason != FORBIDDEN:
                raise
            self.progress.look([_no_rights(self.one, error)])
            return None

    def _accounts(self, *, with_sailthru: bool) -> Iterator[Finding]:
        zendesk = self.services.remotes.zendesk(self.one)
        try:
            me = zendesk.me()
        except BridgeError as error:
            yield refused(self.one, "zendesk", error)
        else:
            yield from look_at_us(me, self.one)
            if me.user.role != "admin":
                yield _no_admin(self.one, str(me.user.role))
        if with_sailthru:
            yield from look_at_sailthru(self.services, self.one)

    def _carried_out(self, standing: Standing, plan_of: Plan, action: str) -> Standing:
        steps = plan_of(standing)
        if not steps:
            self.progress.report["steps"] = []
            self.progress.say("Nothing to change in Zendesk.")
            return standing
        if self.is_dry:
            self.progress.planned(steps)
            return standing
        self._note(action)
        return carry_out(self.site, self.asked, standing, plan_of, self._doing)

    @contextmanager
    def _doing(self, step: Step) -> Iterator[None]:
        self.hold()
        with self.progress.doing(step):
            yield

    def _test(self, standing: Standing) -> None:
        for part in wanted_webhooks(self.asked, standing):
            with self.progress.testing(part) as arrived:
                arrived.append(send_test(self.site, standing, part))

    def _learn(self, standing: Standing) -> None:
        """Let the consumers write to fields just made from now on, not only after the next day's look."""
        ledger = self.services.ledger
        with ledger.writing() as connection:
            learn_fields(connection, self.one, standing.seen.fields, "", now=ledger.micros())

    def _note(self, action: str) -> None:
        ledger = self.services.ledger
        with ledger.writing() as connection:
            actions.note(
                connection,
                ledger.micros(),
                operator=operator(),
                action=action,
                target=self.one.name,
                installation_id=self.one.id,
            )


def _no_admin(one: Installation, role: str) -> Finding:
    return Finding(
        WARNING,
        one.name,
        f"signs in to Zendesk as {role}: only an admin may make everything that is needed",
        "let an admin own the OAuth client or API token",
    )


def _no_rights(one: Installation, error: Refused) -> Finding:
    return Finding(
        FAULT,
        one.name,
        f"Zendesk does not let us manage webhooks, triggers, fields or apps ({error.detail})",
        "let an admin own the OAuth client or API token, then run the same command again",
    )
