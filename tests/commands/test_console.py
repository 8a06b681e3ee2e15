"""`bridge console`: people and links."""

from __future__ import annotations

import json

from sqlalchemy import select

from bridge.ledger import sessions
from bridge.ledger.sessions import Session
from bridge.ledger.tables import actions, operators, sign_in_links
from bridge.people.signed_ids import LINK, SignedIds
from bridge.services import Services
from tests.commands.conftest import SECRET_KEY, Terminal

PASSWORD = "a horse that nobody rides"


def test_an_operator_is_added_listed_and_removed(terminal: Terminal, services: Services) -> None:
    assert terminal.said("console", "users", "add", "ada", "--role", "operator", given=f"{PASSWORD}\n") == {
        "name": "ada",
        "role": "operator",
    }
    (ada,) = terminal.said("console", "users", "list")
    assert (ada["name"], ada["role"], ada["signed_in"]) == ("ada", "operator", 0)
    with services.ledger.reading() as connection:
        kept = connection.scalar(select(operators.c.password))
        noted = connection.execute(select(actions.c.action, actions.c.detail)).all()
    assert kept is not None
    assert kept.startswith("$argon2id$")
    assert [(one.action, json.loads(one.detail)) for one in noted] == [
        ("operator_added", {"role": "operator"})
    ]
    again = terminal.run("console", "users", "add", "ada", given=f"{PASSWORD}\n")
    assert (again.exit_code, "already" in again.stderr) == (1, True)
    assert terminal.said("console", "users", "remove", "ada")["removed"] is True
    assert terminal.run("console", "users", "remove", "ada").exit_code == 1


def test_a_password_that_can_be_guessed_is_refused_and_never_shown(terminal: Terminal) -> None:
    for weak in ("short", "aaaaaaaaaaaaaaaa", "ada-and-a-number-1"):
        result = terminal.run("console", "users", "add", "ada", given=f"{weak}\n")
        assert result.exit_code == 1
        assert weak not in result.output
    assert terminal.said("console", "users", "list") == []


def test_another_password_signs_out_everywhere(terminal: Terminal, services: Services) -> None:
    terminal.said("console", "users", "add", "ada", given=f"{PASSWORD}\n")
    now = services.ledger.micros()
    with services.ledger.writing() as connection:
        for number in range(2):
            one = Session(str(number), "ada", "viewer", "password", now, now + 10**9)
            sessions.begin(connection, one)
        sessions.begin(connection, Session("other", "ben", "viewer", "link", now, now + 10**9))
    assert terminal.said("console", "users", "list")[0]["signed_in"] == 2
    said = terminal.said("console", "users", "password", "ada", given="a cow that everybody knows\n")
    assert said == {"name": "ada", "signed_out": 2}
    with services.ledger.reading() as connection:
        assert [one.name for one in sessions.every(connection, now)] == ["ben"]
    assert terminal.said("console", "sign-out", "--all") == {"signed_out": 1}


def test_a_link_is_signed_and_kept_to_be_used_once(terminal: Terminal, services: Services) -> None:
    said = terminal.said("console", "link", "--role", "viewer", "--url", "https://bridge.example/")
    prefix, _, token = said["url"].rpartition("/")
    assert (prefix, said["role"]) == ("https://bridge.example/console/link", "viewer")
    with services.ledger.reading() as connection:
        (kept,) = connection.execute(select(sign_in_links)).all()
    assert SignedIds([SECRET_KEY], LINK).read(token) == kept.id
    assert (kept.role, kept.used_at) == ("viewer", None)
    plain = terminal.run("console", "link")
    assert plain.stdout.startswith("http://127.0.0.1:8080/console/link/")
    assert len(plain.stdout.splitlines()) == 1  # to be opened by another program


def test_whom_to_sign_out_must_be_said(terminal: Terminal) -> None:
    assert terminal.run("console", "sign-out").exit_code == 2
