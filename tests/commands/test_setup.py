"""`bridge setup` as a new user runs it: against the sandbox, with a receiver that listens and a consumer."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from werkzeug.serving import make_server

from bridge.deciding.to_zendesk.projection import USER_FIELDS
from bridge.ledger import installations, passes
from bridge.services import Services
from bridge.setting_up.titles import TITLES
from commands.setup.alone import alone
from consumers.worker import Worker
from receiver.app import create_app
from receiver.wiring import parts_of
from sandbox import Sandbox
from tests.bridge.setting_up.plot import Handler
from tests.commands.conftest import Terminal
from tests.commands.test_check import file

ALL = ("--triggers", "--fields", "--app")


@dataclass(frozen=True)
class Bridge:
    """One that runs: where it is reached, and the accounts that it is for."""

    url: str
    box: Sandbox
    terminal: Terminal


@pytest.fixture
def running(terminal: Terminal, services: Services) -> Iterator[Bridge]:
    stop = threading.Event()
    server = make_server(
        "127.0.0.1", 0, create_app(parts_of(services)), threaded=True, request_handler=Handler
    )
    worker = Worker(services.ledger, services.directory, services.broker.consumer(), services.clock)

    def consume() -> None:
        while not stop.is_set():
            worker.step(0.05)

    threads = [
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True),
        threading.Thread(target=consume, daemon=True),
    ]
    for thread in threads:
        thread.start()
    # The receiver is in this process here, and its log is no part of what the command says.
    with Sandbox.start() as box, capture_logs():
        terminal.add(text=file(box).replace('webhook_secrets = ["the-hook-secret"]', ""))
        yield Bridge(f"http://127.0.0.1:{server.server_port}", box, terminal)
    stop.set()
    server.shutdown()
    for thread in threads:
        thread.join()
    server.server_close()


def test_one_command_makes_it_work_and_a_second_one_changes_nothing(
    running: Bridge, services: Services
) -> None:
    result = running.terminal.run("setup", "acme", "--public-url", running.url, *ALL)
    assert result.exit_code == 0, result.output
    assert result.output.count("signed, verified and kept") == 2
    assert f"{running.url}/hooks/acme/sailthru/postbacks" in result.output
    with services.ledger.reading() as connection:
        found = installations.by_name(connection, services.vault, name="acme")
    assert found is not None
    kept = found.settings.zendesk
    assert len(kept.webhook_secrets) == 2
    assert kept.app_audience.startswith(running.box.zendesk.url)
    again = running.terminal.run("setup", "acme", "--public-url", running.url, *ALL)
    assert again.exit_code == 0
    assert "Nothing to change" in again.output
    assert running.terminal.run("check").exit_code == 0
    assert not any(secret in result.output + again.output for secret in kept.webhook_secrets)


def test_a_dry_run_says_what_it_would_do_and_removal_takes_all_of_it_away(running: Bridge) -> None:
    told = running.terminal.said("setup", "acme", "--public-url", running.url, *ALL, "--dry-run")
    assert (told["ok"], told["dry_run"], told["mode"]) == (True, True, "set_up")
    made = {step["part"] for step in told["steps"] if step["action"] in ("make", "install")}
    assert {call.method for call in running.box.zendesk.calls if call.path != "/oauth/tokens"} == {"GET"}
    assert running.terminal.run("setup", "acme", "--public-url", running.url, *ALL).exit_code == 0
    gone = running.terminal.said("setup", "acme", "--remove")
    assert {step["part"] for step in gone["steps"]} == made
    assert not running.box.zendesk.webhooks.hooks
    assert "Nothing to change" in running.terminal.run("setup", "acme", "--remove").output


def test_two_at_once_are_one_too_many(running: Bridge, services: Services) -> None:
    one = services.directory.get("acme")
    assert one is not None
    with alone(services, one):
        result = running.terminal.run("setup", "acme", "--public-url", running.url)
    assert result.exit_code == 1
    assert "Another setup of acme runs" in result.output
    assert running.terminal.run("setup", "acme", "--public-url", running.url).exit_code == 0
    warned = running.terminal.run("installations", "remove", "acme", "--yes")
    assert "bridge setup acme --remove" in warned.output


def test_a_run_that_was_killed_keeps_nobody_waiting(running: Bridge, services: Services) -> None:
    one = services.directory.get("acme")
    assert one is not None
    code = "from bridge.holder import new_holder; print(new_holder())"
    gone = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    now, holder = services.ledger.now(), gone.stdout.strip()
    with services.ledger.writing() as connection:
        passes.hold(connection, f"setup/{one.id}", holder, until=now + timedelta(minutes=2), now=now)
    assert running.terminal.run("setup", "acme", "--public-url", running.url).exit_code == 0


def test_what_it_could_not_do_is_said(running: Bridge) -> None:
    running.box.zendesk.set_oddity("ticket_events", value=False)
    running.box.zendesk.add_user_field("sailthru_optout", "checkbox")
    told = running.terminal.said("setup", "acme", "--public-url", running.url, "--fields")
    assert "takes no ticket events" in told["notes"][0]
    assert "sailthru_optout was there before, of type checkbox" in told["notes"][1]
    assert [test["part"] for test in told["tests"]] == ["webhook.events", "webhook.triggers"]


def test_somebody_without_rights_is_told_what_helps(running: Bridge) -> None:
    running.box.zendesk.set_oddity("our_role", "agent")
    result = running.terminal.run("setup", "acme", "--public-url", running.url, "--json")
    assert result.exit_code == 1
    findings = json.loads(result.stdout)["findings"]
    assert [one["state"] for one in findings] == ["ok", "warning", "ok", "fault"]
    assert "let an admin own" in findings[-1]["fix"]


def test_credentials_that_do_not_work_are_found_before_anything_is_made(
    terminal: Terminal, running: Bridge
) -> None:
    terminal.add("wrong", text=file(running.box, oauth_client_secret="another", api_secret="another"))
    result = terminal.run("setup", "wrong", "--public-url", running.url)
    assert result.exit_code == 1
    assert result.output.count("does not accept") == 2


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--remove", "--public-url", "https://a.example.com"),
        ("--rotate", "--app"),
        ("--remove", "--rotate"),
    ],
)
def test_a_wrong_usage_is_told_from_a_failure(terminal: Terminal, words: tuple[str, ...]) -> None:
    terminal.add()
    assert terminal.run("setup", "acme", *words).exit_code == 2


def test_an_address_or_a_name_that_cannot_be_is_refused(terminal: Terminal) -> None:
    assert "https" in terminal.run("setup", "acme", "--public-url", "http://bridge.example.com").output
    result = terminal.run("setup", "nobody", "--public-url", "https://bridge.example.com")
    assert (result.exit_code, "no installation named nobody" in result.output) == (1, True)


def test_every_user_field_has_a_title() -> None:
    assert {field.key for field in USER_FIELDS} == TITLES.keys()
