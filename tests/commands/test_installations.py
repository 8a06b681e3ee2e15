from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from bridge.ledger import customers, dead, directions, looking, pauses
from bridge.ledger.customers import Mark
from bridge.ledger.directions import DOWN, HALTED, Direction
from bridge.ledger.pauses import Pause
from bridge.ledger.tables import actions
from bridge.services import Services
from tests.commands.conftest import FILE, SECRETS, Terminal


def test_an_installation_is_added_shown_listed_and_removed(terminal: Terminal) -> None:
    shown = terminal.said("installations", "add", "acme", "--from", "-", given=FILE)
    assert shown == terminal.said("installations", "show", "acme")
    assert shown["settings"]["sailthru"]["api_key"] == "acme-key"
    assert [one["name"] for one in terminal.said("installations", "list")] == ["acme"]
    assert terminal.said("installations", "remove", "acme", "--yes") == {"name": "acme", "removed": True}
    assert terminal.said("installations", "list") == []
    terminal.add()


def test_a_file_is_read_from_its_path(terminal: Terminal) -> None:
    (terminal.folder / "acme.toml").write_text(FILE)
    assert terminal.run("installations", "add", "acme", "--from", "acme.toml").exit_code == 0
    result = terminal.run("installations", "add", "other", "--from", "nowhere.toml")
    assert result.exit_code == 2


def test_no_command_ever_shows_a_secret(terminal: Terminal) -> None:
    terminal.add()
    for words in (("show", "acme"), ("list",), ("show", "acme", "--json"), ("list", "--json")):
        output = terminal.run("installations", *words).output
        assert not [secret for secret in SECRETS if secret in output]


def test_every_fault_of_a_file_is_named_and_nothing_is_kept(terminal: Terminal) -> None:
    text = (
        '[zendesk]\nurl = "http://acme.example"\noauth_secret = "the-oauth-secret"\n'
        "[options]\ntickets_kept = 0\n"
    )
    result = terminal.run("installations", "add", "acme", "--from", "-", given=text)
    assert result.exit_code == 1
    assert {line.partition(":")[0] for line in result.stderr.splitlines()} == {
        "zendesk",
        "zendesk.url",
        "zendesk.oauth_secret",
        "sailthru",
        "options.tickets_kept",
    }
    assert "the-oauth-secret" not in result.output
    assert terminal.said("installations", "list") == []


@pytest.mark.parametrize("text", ["[zendesk", 'x = "the-api-secret', "\x00", "a = 1\na = 2"])
def test_what_is_not_toml_is_said_without_repeating_it(terminal: Terminal, text: str) -> None:
    result = terminal.run("installations", "add", "acme", "--from", "-", given=text)
    assert result.exit_code == 1
    assert "is not TOML" in result.stderr
    assert "the-api-secret" not in result.output


def test_given_keys_replace_and_others_stay(terminal: Terminal) -> None:
    terminal.add()
    text = '[zendesk]\nwebhook_secrets = ["a", "b"]\n[options]\ntickets_kept = 7\n'
    shown = terminal.said("installations", "set", "acme", "--from", "-", given=text)
    assert shown["settings"]["options"]["tickets_kept"] == 7
    assert shown["settings"]["zendesk"]["webhook_secrets"] == "2 set"
    assert shown["settings"]["zendesk"]["oauth_client_secret"] == "set"


def test_the_same_account_twice_is_warned_about_beside_pure_json(terminal: Terminal) -> None:
    terminal.add("first")
    result = terminal.run("installations", "add", "second", "--from", "-", "--json", given=FILE)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["name"] == "second"
    assert "first has the same Zendesk account" in result.stderr
    assert "first has the same Sailthru account" in result.stderr


@pytest.mark.parametrize(
    "words", [("show", "nobody"), ("remove", "nobody", "--yes"), ("set", "nobody", "--from", "-")]
)
def test_an_unknown_name_says_where_to_look(terminal: Terminal, words: tuple[str, ...]) -> None:
    result = terminal.run("installations", *words)
    assert result.exit_code == 1
    assert "bridge installations list" in result.stderr


def test_removing_asks_first(terminal: Terminal) -> None:
    terminal.add()
    assert terminal.run("installations", "remove", "acme", given="n\n").exit_code == 1
    assert len(terminal.said("installations", "list")) == 1


def test_a_change_reaches_running_processes_and_is_on_record(terminal: Terminal, services: Services) -> None:
    assert services.directory.get("acme") is None
    terminal.add()
    assert services.directory.ask_now("acme") is not None
    with services.ledger.reading() as connection:
        rows = connection.execute(select(actions)).all()
    assert [(row.action, row.target) for row in rows] == [("installation_added", "acme")]
    assert not [secret for secret in SECRETS if secret in str(rows)]


def test_wrong_usage_ends_with_two(terminal: Terminal) -> None:
    assert terminal.run("installations", "add", "acme").exit_code == 2
    assert terminal.run("nonsense").exit_code == 2


def test_the_list_says_how_each_is_doing_trouble_first(terminal: Terminal, services: Services) -> None:
    # given four installations: one well, one paused, one whose Sailthru is down, one that is halted
    for name in ("well", "paused", "down", "halted"):
        terminal.run("installations", "add", name, "--from", "-", given=FILE)
    with services.ledger.reading() as connection:
        numbers = {name: number for number, name in looking.names(connection).items()}
    now = services.ledger.micros()
    with services.ledger.writing() as connection:
        for name, state in (("down", DOWN), ("halted", HALTED)):
            directions.put(connection, Direction(numbers[name], "sailthru", state, "timeout", now, 9, now))
        pauses.put(connection, Pause(numbers["paused"], "", now, "eve", "moving house"))
        customers.add(connection, numbers["well"], [7, 8])
        customers.mark_owed(connection, numbers["well"], [Mark(7, None)], now)
        letter = dead.DeadLetter(numbers["well"], lane="zendesk", type="push.write", reason="bug", error="!")
        dead.bury(connection, letter, now)
    # when somebody looks
    found = terminal.said("installations", "list")
    # then the worst comes first, with the reason
    assert [(one["name"], one["state"]) for one in found] == [
        ("halted", "halted"), ("down", "down"), ("paused", "paused"), ("well", "ok"),
    ]  # fmt: skip
    assert found[1]["because"] == "sailthru: timeout"
    assert found[2]["because"] == "all lanes, by eve: moving house"
    well = found[3]
    assert (well["owed"], well["dead"], well["drift"], well["because"]) == (1, 1, None, None)
    assert "halted is halted since" in terminal.run("installations", "list").output
