"""`bridge dead`, `lanes` and `audit`: everything the pages do, with the same words."""

from __future__ import annotations

import json

import pytest

from bridge.ledger import customers, dead
from bridge.ledger.customers import Mark
from bridge.ledger.dead import DeadLetter
from bridge.services import Services
from tests import loosening
from tests.commands.conftest import Terminal


@pytest.fixture
def acme(terminal: Terminal, services: Services) -> int:
    """An installation with three customers whose pushes Sailthru refused, one of them in another way."""
    terminal.add()
    kept = services.directory.ask_now("acme")
    assert kept is not None
    with services.ledger.writing() as connection:
        for number in (7, 8, 9):
            customers.add(connection, kept.id, [number])
            customers.mark_owed(connection, kept.id, [Mark(number, f"p{number}@example.com")], 1)
            reason = "invalid_email" if number == 9 else "bad_value"
            letter = DeadLetter(
                kept.id, "zendesk", "push.write", reason, f"user {number} is odd", zendesk_id=number
            )
            dead.bury(connection, letter, services.ledger.micros())
    return kept.id


def test_groups_show_whom_a_trouble_hit(terminal: Terminal, acme: int) -> None:
    first, second = terminal.said("dead", "groups")
    assert (first["reason"], first["letters"], first["customers"], first["error"]) == (
        "bad_value",
        2,
        2,
        "user <n> is odd",
    )
    assert second["reason"] == "invalid_email"
    assert len(terminal.said("dead", "list", "--group", first["group"])) == 2
    assert terminal.run("dead", "groups").exit_code == 0


def test_show_says_what_to_do_next(terminal: Terminal, acme: int) -> None:
    (row,) = terminal.said("dead", "list", "--reason", "invalid_email", "--customer", "p9@example.com")
    shown = terminal.said("dead", "show", str(row["id"]))
    assert (shown["system"], shown["now"], shown["replays"]) == ("sailthru", "open", 0)
    assert "Correct the address" in shown["next"]


def test_a_dry_run_says_what_would_happen_and_changes_nothing(terminal: Terminal, acme: int) -> None:
    told = terminal.said("dead", "replay", "--all", "--dry-run")
    assert (told["letters"], told["looked_at"], sum(told["outcomes"].values())) == (3, 3, 3)
    assert "Nothing was changed" in terminal.run("dead", "replay", "--all", "--dry-run").output
    assert terminal.said("dead", "drop", "--all", "--dry-run") == {"would_drop": 3}
    assert len(terminal.said("dead", "list")) == 3
    assert terminal.said("audit", "list", "--action", "dead") == []


def test_all_that_match_are_replayed_and_counted(terminal: Terminal, acme: int) -> None:
    done = terminal.said("dead", "replay", "--all", "--reason", "bad_value", "--rate", "6000")
    assert (len(done["replayed"]), done["failed"]) == (2, [])
    (job,) = terminal.said("dead", "replays")
    assert (job["state"], job["replayed"], job["total"], job["letters"]) == (
        "finished",
        2,
        2,
        "reason:bad_value",
    )
    assert terminal.run("dead", "stop", str(job["replay"])).exit_code == 1


def test_a_replay_left_to_the_clock_can_be_stopped(terminal: Terminal, acme: int) -> None:
    begun = terminal.said("dead", "replay", "--all", "--no-wait")
    assert begun == {"replay": 1, "letters": 3, "per_minute": 300}
    assert terminal.said("dead", "stop", "1") == {"stopped": 1}
    assert [row["state"] for row in terminal.said("dead", "replays")] == ["stopped"]
    assert len(terminal.said("dead", "list")) == 3


def test_what_died_again_needs_to_be_asked_for(terminal: Terminal, services: Services, acme: int) -> None:
    (row,) = terminal.said("dead", "list", "--reason", "invalid_email")
    number = str(row["id"])
    terminal.said("dead", "replay", number)
    with services.ledger.writing() as connection:
        letter = dead.one(connection, row["id"])
        assert letter is not None
        dead.bury(connection, letter, services.ledger.micros())
    refused = terminal.run("dead", "replay", number, "--json")
    assert refused.exit_code == 1
    assert "--again" in json.loads(refused.stdout)["failed"][0]["error"]
    left = terminal.run("dead", "replay", "--all", "--reason", "invalid_email")
    assert "Replayed: 0." in left.output
    assert "1 died of the same" in left.stderr
    assert terminal.said("dead", "replay", number, "--again")["replayed"] == [row["id"]]


def test_a_drop_has_a_reason_and_a_way_back(terminal: Terminal, acme: int) -> None:
    (row,) = terminal.said("dead", "list", "--reason", "invalid_email")
    number = str(row["id"])
    terminal.said("dead", "drop", number, "--because", "the user is gone")
    shown = terminal.said("dead", "show", number)
    assert (shown["state"], shown["dropped_because"]) == ("dropped", "the user is gone")
    assert terminal.said("dead", "undrop", number) == {"undropped": [row["id"]], "failed": []}
    assert terminal.run("dead", "undrop", number, "999").exit_code == 1
    assert len(terminal.said("dead", "list")) == 3


def test_lanes_are_paused_with_a_reason_and_seen(terminal: Terminal, acme: int) -> None:
    assert terminal.run("lanes", "pause", "zendesk").exit_code == 2
    assert terminal.run("lanes", "pause", "--because", "x").exit_code == 1
    terminal.said("lanes", "pause", "zendesk", "--installation", "acme", "--because", "a sale")
    rows = {row["lane"]: row for row in terminal.said("lanes", "list")}
    assert rows["zendesk"]["because"] == "a sale"
    assert rows["zendesk"]["installation"] == "acme"
    assert [rows[lane]["paused"] for lane in ("agent", "sailthru")] == [False, False]
    assert "a sale" in terminal.run("queues").output
    (queue,) = [row for row in terminal.said("queues") if row["lane"] == "zendesk"]
    assert (queue["owed"], queue["oldest_seconds"]) == (3, 0)
    terminal.said("lanes", "resume", "zendesk", "--installation", "acme")
    assert terminal.run("lanes", "resume", "zendesk", "--installation", "acme").exit_code == 1


def test_the_audit_says_who_did_what(terminal: Terminal, acme: int) -> None:
    terminal.said("lanes", "pause", "agent", "--because", "a sale")
    terminal.said("dead", "drop", "--all", "--because", "gone")
    newest = terminal.said("audit", "list", "--since", "1h")
    assert [row["action"] for row in newest][:4] == ["dead_dropped"] * 3 + ["paused"]
    assert newest[0]["detail"] == {"reason": "invalid_email", "because": "gone"}
    assert {row["via"] for row in newest} == {"command"}
    assert len(terminal.said("audit", "list", "--action", "dead", "--installation", "acme")) == 3
    assert terminal.said("audit", "list", "--operator", "nobody-of-that-name") == []
    assert terminal.run("audit", "list").exit_code == 0


def test_a_failed_change_is_found_understood_and_replayed_in_three_commands(
    terminal: Terminal, services: Services, acme: int
) -> None:
    # 1: which change of the customer failed, and why
    (row,) = terminal.said("dead", "list", "--customer", "p9@example.com")
    assert row["error"] == "user 9 is odd"
    # 2: try it again
    assert terminal.said("dead", "replay", str(row["id"]))["replayed"] == [row["id"]]
    with services.ledger.writing() as connection:  # the consumer pushes, and it is taken
        held = customers.locked(connection, acme, [9])
        customers.save(connection, [held[9].but(owed=False, due_at=None)])
    # 3: did it help
    assert terminal.said("dead", "show", str(row["id"]))["now"] == "done"


def test_no_command_replays_what_loosens_consent(terminal: Terminal, services: Services, acme: int) -> None:
    with services.ledger.writing() as connection:
        buried = [dead.bury(connection, one, services.ledger.micros()) for one in loosening.letters(acme)]
    ids = [str(number) for number in buried]
    for words in (
        ids,
        [*ids, "--again"],
        ["--all", "--lane", "agent"],
        ["--all", "--lane", "agent", "--again"],
    ):
        answer = terminal.run("dead", "replay", *words, "--rate", "6000", "--json")
        assert answer.exit_code == 1, words
        told = json.loads(answer.stdout)
        assert (told["replayed"], len(told["failed"])) == ([], len(ids)), words
    outcomes = terminal.said("dead", "replay", "--all", "--lane", "agent", "--dry-run")["outcomes"]
    assert outcomes == {"refused": len(ids)}
    assert list(services.broker.consumer().take(0)) == []
