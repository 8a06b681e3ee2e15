"""A building plot: an account in the sandbox, a real receiver, and a consumer moved by hand."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from sqlalchemy import event
from werkzeug.serving import WSGIRequestHandler, make_server

from bridge.deciding.to_zendesk.projection import USER_FIELDS
from bridge.ledger import installations, set_ups
from bridge.ledger.installations import Installation
from bridge.ledger.set_ups import SetUp
from bridge.ledger.tables import metadata
from bridge.remotes.zendesk_admin import ZendeskAdmin
from bridge.services import Services, build
from bridge.setting_up.doing import carry_out
from bridge.setting_up.looking import look
from bridge.setting_up.planning import plan
from bridge.setting_up.removing import removal
from bridge.setting_up.rotating import rotation, to_rotate
from bridge.setting_up.site import Site
from bridge.setting_up.standing import Standing, Step
from bridge.setting_up.titles import wanted_fields
from bridge.setting_up.wanted import Asked
from bridge.setting_up.webhooks import begin_twins
from bridge.settings import Settings
from consumers.worker import Worker
from receiver.app import create_app
from receiver.wiring import parts_of
from sandbox import Sandbox
from schemas.installation import ZendeskAccount
from tests.consumers.world import ManualClock, settings_for
from tests.properties.brittle import BrittleLedger, Steps, _Brittle

NAME = "acme"
FIELDS = wanted_fields((field.key, field.type) for field in USER_FIELDS)
PACKAGES = Path(__file__).parents[3] / "zendesk_app"


class Handler(WSGIRequestHandler):
    """Says nothing."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@dataclass
class Plot:
    """One account to be built on. `waits`: the seconds that were waited so far.

    `before_step` is called before each step of a run.
    """

    box: Sandbox
    clock: ManualClock
    services: Services
    installation: Installation
    url: str
    worker: Worker
    waits: list[float] = field(default_factory=list)
    has_consumer: bool = True
    before_step: Callable[[], object] = lambda: None

    def asked(self, **more: Any) -> Asked:
        return Asked(NAME, self.url, **more)

    def site(self, steps: Steps | None = None) -> Site:
        """Where a run works; with `steps` it dies at one of them."""
        zendesk, ledger = self.services.remotes.zendesk(self.installation), self.services.ledger
        numbers = itertools.count(len(self.waits))
        client = zendesk if steps is None else cast(Any, _Brittle(zendesk, steps, "Zendesk"))
        site_ledger = ledger if steps is None else BrittleLedger(ledger, steps)
        number = self.installation.id
        return Site(
            site_ledger, self.services.vault, number, NAME, ZendeskAdmin(client), self.pause,
            lambda: f"trial-{self.clock.now():%H%M%S%f}-{next(numbers)}",
        )  # fmt: skip

    def pause(self, seconds: float) -> None:
        """Time passes; what is under way arrives, and the consumer works."""
        self.box.zendesk.wait_idle()
        self.waits.append(seconds)
        self.clock.move(seconds)
        while self.has_consumer and self.worker.step(0):
            pass

    def look(self, site: Site, asked: Asked | None = None) -> Standing:
        with_apps = asked is not None and asked.package is not None
        return look(site.ledger, site.vault, site.admin, self.installation, with_apps=with_apps)

    def set_up(self, steps: Steps | None = None, **more: Any) -> list[Step]:
        """A whole run; what it did."""
        site, asked = self.site(steps), self.asked(**more)
        return self._carried_out(site, asked, self.look(site, asked), lambda now: plan(asked, now))

    def remove(self, steps: Steps | None = None) -> list[Step]:
        site = self.site(steps)
        return self._carried_out(site, self.asked(), self.look(site), lambda now: removal(NAME, now))

    def rotate(self, steps: Steps | None = None) -> list[Step]:
        site = self.site(steps)
        standing = self.look(site)
        parts = to_rotate(standing)
        begun = begin_twins(site, standing, parts)
        return self._carried_out(site, self.asked(), begun, lambda now: rotation(NAME, parts, now))

    def _carried_out(
        self, site: Site, asked: Asked, standing: Standing, plan_of: Callable[[Standing], Sequence[Step]]
    ) -> list[Step]:
        done: list[Step] = []

        @contextmanager
        def doing(step: Step) -> Iterator[None]:
            self.before_step()
            yield
            done.append(step)

        carry_out(site, asked, standing, plan_of, doing)
        return done

    def account(self) -> ZendeskAccount:
        """What the ledger keeps of the account now."""
        with self.services.ledger.reading() as connection:
            found = installations.by_name(connection, self.services.vault, name=NAME)
        assert found is not None
        return found.settings.zendesk

    def parts(self) -> dict[str, SetUp]:
        """What the record says of a set-up."""
        with self.services.ledger.reading() as connection:
            return set_ups.parts_of(connection, self.installation.id)

    def there(self) -> dict[str, Any]:
        """Everything in the account that a set-up may touch, without the numbers that Zendesk gives."""
        zendesk = self.box.zendesk
        hooks = zendesk.webhooks.hooks
        return {
            "webhooks": sorted(
                (one.name, one.endpoint, one.status, len(one.subscriptions)) for one in hooks.values()
            ),
            "triggers": sorted(
                (one.title, hooks[one.webhook_id].name, one.active, tuple(sorted(one.update_types)))
                for one in zendesk.webhooks.triggers.values()
            ),
            "fields": sorted((key, one["type"]) for key, one in zendesk.user_fields.by_key.items()),
            "apps": sorted(one.name for one in zendesk.apps.apps.values()),
            "installed": len(zendesk.apps.installed),
        }  # fmt: skip

    def secrets_there(self) -> set[str]:
        """What the webhooks in the account sign with."""
        return {one.secret for one in self.box.zendesk.webhooks.hooks.values()}


def _careless(connection: Any, _record: object) -> None:
    """No power fails here, and waiting for the disk is half of all the time."""
    connection.execute("PRAGMA synchronous = OFF")


@contextmanager
def open_plot(folder: Path) -> Iterator[Plot]:
    """A plot with nothing on it."""
    clock = ManualClock()
    with Sandbox.start(now=clock.now) as box:
        services = build(Settings(("k" * 40,), f"sqlite:///{folder / 'bridge.db'}"), clock)
        event.listen(services.ledger.engine, "connect", _careless)
        metadata.create_all(services.ledger.engine)
        with services.ledger.writing() as connection:
            installation = installations.add(
                connection, services.vault, name=NAME, settings=settings_for(box), at=clock.now()
            )
        app = create_app(parts_of(services))
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        worker = Worker(services.ledger, services.directory, services.broker.consumer(), clock)
        try:
            yield Plot(box, clock, services, installation, f"http://127.0.0.1:{server.server_port}", worker)
        finally:
            box.zendesk.wait_idle()
            server.shutdown()
            thread.join()
            server.server_close()
            services.close()
