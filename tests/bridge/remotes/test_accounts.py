from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bridge.clock import SystemClock
from bridge.ledger.installations import Installation
from bridge.remotes.accounts import Remotes
from bridge.remotes.rates import RateReading
from schemas.installation import InstallationSettings, Options, SailthruAccount, ZendeskAccount
from tests.bridge.remotes.odd_server import OddServer
from tests.bridge.remotes.still_clock import NOW
from tests.bridge.remotes.test_transport import keep_answering

ACME = Installation(
    id=1,
    name="acme",
    settings=InstallationSettings(
        zendesk=ZendeskAccount(url="http://127.0.0.1:1", email="a@b.test", api_token="t0ken"),
        sailthru=SailthruAccount(url="http://127.0.0.1:1", api_key="k", api_secret="s"),
    ),
    updated_at=NOW,
)


@pytest.fixture
def told() -> list[tuple[int, RateReading]]:
    return []


@pytest.fixture
def remotes(told: list[tuple[int, RateReading]]) -> Iterator[Remotes]:
    remotes = Remotes(clock=SystemClock(), on_rate=lambda number, reading: told.append((number, reading)))
    yield remotes
    remotes.close()


def with_settings(installation: Installation, settings: InstallationSettings) -> Installation:
    return replace(installation, settings=settings)


def test_a_client_is_kept_for_as_long_as_its_account_stands(remotes: Remotes) -> None:
    sailthru, zendesk = remotes.sailthru(ACME), remotes.zendesk(ACME)
    other_options = with_settings(ACME, replace(ACME.settings, options=Options(tickets_kept=9)))
    assert remotes.sailthru(other_options) is sailthru
    assert remotes.zendesk(other_options) is zendesk


def test_a_changed_account_gets_a_new_client_at_once(remotes: Remotes) -> None:
    sailthru, zendesk = remotes.sailthru(ACME), remotes.zendesk(ACME)
    new_secret = replace(ACME.settings, sailthru=replace(ACME.settings.sailthru, api_secret="new"))
    changed = with_settings(ACME, new_secret)
    assert remotes.sailthru(changed) is not sailthru
    assert remotes.zendesk(changed) is zendesk


def test_installations_do_not_share_clients(remotes: Remotes) -> None:
    assert remotes.sailthru(ACME) is not remotes.sailthru(replace(ACME, id=2))


def test_a_removed_installation_is_forgotten(remotes: Remotes) -> None:
    sailthru = remotes.sailthru(ACME)
    remotes.forget(ACME.id)
    remotes.forget(ACME.id)
    assert remotes.sailthru(ACME) is not sailthru


def test_many_threads_get_the_same_client(remotes: Remotes) -> None:
    clients: list[object] = []
    threads = [threading.Thread(target=lambda: clients.append(remotes.zendesk(ACME))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(set(map(id, clients))) == 1


def test_a_reading_of_the_quota_names_its_installation(
    remotes: Remotes, told: list[tuple[int, RateReading]]
) -> None:
    with OddServer(keep_answering) as server:
        account = replace(ACME.settings.sailthru, url=server.url)
        acme = with_settings(ACME, replace(ACME.settings, sailthru=account))
        remotes.sailthru(acme).settings()
        remotes.close()
    [(installation_id, reading)] = told
    assert (installation_id, reading.bucket, reading.limit) == (1, "sailthru.settings.get", 300)
