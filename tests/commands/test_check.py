"""`bridge check` against the sandbox's real servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bridge.deciding.to_zendesk.projection import USER_FIELDS
from bridge.heartbeat import Heartbeat, Pulse
from bridge.ledger.processes import CONSUMER
from bridge.services import Services
from sandbox import Sandbox
from sandbox.moments import system_now
from tests.commands.conftest import Terminal


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox.start() as started:
        yield started


def file(box: Sandbox, **other: str) -> str:
    """An installation file for the sandbox's accounts."""
    zendesk = {
        "url": box.zendesk.server.url,
        "oauth_client_id": box.zendesk.account.oauth_client_id,
        "oauth_client_secret": box.zendesk.account.oauth_client_secret,
    }
    sailthru = {
        "url": box.sailthru.server.url,
        "api_key": box.sailthru.account.api_key,
        "api_secret": box.sailthru.account.api_secret,
    }
    zendesk |= {key: value for key, value in other.items() if key in zendesk}
    sailthru |= {key: value for key, value in other.items() if key in sailthru}
    lines = ["[zendesk]", 'webhook_secrets = ["the-hook-secret"]']
    lines += [f"{key} = {json.dumps(value)}" for key, value in zendesk.items()]
    lines += ["[sailthru]", *(f"{key} = {json.dumps(value)}" for key, value in sailthru.items())]
    return "\n".join(lines)


def report(terminal: Terminal) -> tuple[int, list[dict[str, Any]]]:
    result = terminal.run("check", "--json")
    return result.exit_code, json.loads(result.stdout)["findings"]


def faults(terminal: Terminal) -> list[str]:
    """What is wrong, each with its fix."""
    status, findings = report(terminal)
    wrong = [one for one in findings if one["state"] == "fault"]
    assert (status == 1) == bool(wrong)
    assert all(one["fix"] for one in wrong)
    return [one["finding"] for one in wrong]


def test_when_all_is_well_it_says_so(terminal: Terminal, box: Sandbox) -> None:
    terminal.add(text=file(box))
    assert faults(terminal) == []
    assert "All is well" in terminal.run("check").stdout


def test_credentials_that_do_not_work_are_named_by_system(terminal: Terminal, box: Sandbox) -> None:
    terminal.add(text=file(box, oauth_client_secret="another-secret", api_secret="another-secret"))
    found = faults(terminal)
    assert len(found) == 2
    assert found[0].startswith("zendesk does not accept")
    assert found[1].startswith("sailthru does not accept")
    assert "another-secret" not in terminal.run("check").output


def test_a_system_that_is_away_is_a_fault(terminal: Terminal, box: Sandbox) -> None:
    terminal.add(text=file(box).replace(box.sailthru.server.url, "http://127.0.0.1:9"))
    (found,) = faults(terminal)
    assert found.startswith("sailthru")


def test_the_same_account_twice_is_a_fault_of_both(terminal: Terminal, box: Sandbox) -> None:
    terminal.add("first", text=file(box))
    terminal.add("second", text=file(box))
    assert len(faults(terminal)) == 4


def test_missing_webhook_secrets_are_a_fault(terminal: Terminal, box: Sandbox) -> None:
    terminal.add(text=file(box).replace('["the-hook-secret"]', "[]"))
    (found,) = faults(terminal)
    assert "webhook_secrets" in found


def test_a_clock_that_differs_is_a_fault(terminal: Terminal) -> None:
    with Sandbox.start(now=lambda: system_now() + timedelta(seconds=400)) as ahead:
        terminal.add(text=file(ahead))
        (found,) = faults(terminal)
    assert "clock" in found


def test_without_tables_it_says_what_to_run(bare: Terminal) -> None:
    (found,) = faults(bare)
    assert "bridge migrate" in found


def test_faulty_settings_are_all_named(bare: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "none")
    monkeypatch.setenv("BROKER_URL", "redis://host")
    assert [found.partition(":")[0] for found in faults(bare)] == ["BROKER_URL", "PORT"]


def test_a_broker_that_is_away_is_a_fault(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_URL", "amqp://guest:the-password@127.0.0.1:1/")
    found = faults(terminal)
    assert len(found) == 1
    assert "the-password" not in str(found)


def test_an_empty_ledger_of_installations_is_no_fault(terminal: Terminal) -> None:
    assert faults(terminal) == []


def told(terminal: Terminal, state: str) -> list[str]:
    """What is in this state, of the installation."""
    _, findings = report(terminal)
    return [one["finding"] for one in findings if one["state"] == state and one["part"] == "acme"]


def test_it_says_which_user_fields_are_written_and_that_everybody_can_read_them(
    terminal: Terminal, box: Sandbox
) -> None:
    terminal.add(text=file(box))
    (lacking,) = [one for one in told(terminal, "ok") if "lacks" in one]
    assert lacking.count("sailthru_") == 8
    for field in USER_FIELDS[1:]:
        box.zendesk.add_user_field(field.key, field.type)
    (there,) = [one for one in told(terminal, "ok") if "kept current" in one]
    assert there.count("sailthru_") == 7
    assert "can read them" in there
    assert any("sailthru_optout (text)" in one for one in told(terminal, "warning"))


def test_a_user_field_of_another_type_is_named(terminal: Terminal, box: Sandbox) -> None:
    terminal.add(text=file(box))
    box.zendesk.add_user_field("sailthru_value_score", "dropdown")
    assert any("sailthru_value_score is of type dropdown" in one for one in told(terminal, "warning"))


def test_it_says_which_way_of_tagging_is_in_use(terminal: Terminal, box: Sandbox) -> None:
    terminal.add(text=file(box))
    assert any("tagged as users" in one for one in told(terminal, "ok"))
    box.zendesk.oddities.user_tagging = False
    assert any("open tickets of valuable customers are tagged" in one for one in told(terminal, "warning"))


def of_part(terminal: Terminal, part: str) -> tuple[str, str]:
    """What is said of one part of the bridge: state and finding."""
    (found,) = [one for one in report(terminal)[1] if one["part"] == part]
    return found["state"], found["finding"]


def test_it_says_which_processes_live_and_whether_their_work_comes_round(
    terminal: Terminal, services: Services
) -> None:
    assert of_part(terminal, "consumer") == ("warning", "no process has given a sign of life")
    pulse = Pulse()
    consumer = Heartbeat.of(services.ledger, CONSUMER, pulse)
    consumer.beat()
    assert of_part(terminal, "consumer")[1].endswith("the broker answers none")
    pulse.comes_round(services.clock.now())
    consumer.beat()
    state, said = of_part(terminal, "consumer")
    assert (state, said.partition(",")[0]) == ("ok", "1 process is at work")
    pulse.comes_round(services.clock.now() - timedelta(minutes=10))
    consumer.beat()
    state, said = of_part(terminal, "consumer")
    assert (state, "its work hangs" in said) == ("warning", True)
