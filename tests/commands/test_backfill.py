"""`bridge backfill` and `bridge reconcile`, against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from sandbox import Sandbox
from tests.commands.conftest import Terminal

LONG_AGO = timedelta(days=30)


@pytest.fixture
def box(terminal: Terminal) -> Iterator[Sandbox]:
    """Two accounts with an installation: three have a profile, one has none, and one is an agent."""
    with Sandbox.start() as box, capture_logs():
        box.zendesk.lift_quota()
        then = datetime.now(UTC) - LONG_AGO
        for name in ("ann", "bob", "cyd"):
            user = box.zendesk.create_user(f"{name}@example.com", tags=["old"], created_at=then)
            box.zendesk.create_ticket(user.id, created_at=then)
            box.sailthru.create_profile(user.email or "")
        box.zendesk.create_user("nobody@example.com", created_at=then)
        box.zendesk.create_user("agent@example.com", role="agent", created_at=then)
        terminal.add(text=installation_of(box))
        yield box


def installation_of(box: Sandbox) -> str:
    """The sandbox's accounts as an installation file."""
    zendesk, sailthru = box.zendesk.account, box.sailthru.account
    return f"""
[zendesk]
url = "{box.zendesk.url}"
oauth_client_id = "{zendesk.oauth_client_id}"
oauth_client_secret = "{zendesk.oauth_client_secret}"
[sailthru]
url = "{box.sailthru.url}"
api_key = "{sailthru.api_key}"
api_secret = "{sailthru.api_secret}"
[options]
zendesk_share = 1.0
exports_per_minute = 1000
"""


def test_a_dry_run_says_what_would_become_of_whom_and_changes_nothing(
    terminal: Terminal, box: Sandbox
) -> None:
    found = terminal.said("backfill", "acme", "--dry-run")
    assert (found["customers"], found["compared"], found["exact"]) == (4, 4, True)
    assert found["profiles"] == {"created": 0, "changed": 3, "left_alone": 0, "no_profile": 1}
    assert found["fields"]["zendesk_tickets"] == 3
    assert len(found["samples"]) == 4
    assert box.sailthru.calls.matching("POST", "/user") == []
    assert terminal.said("events", "list") == []
    shown = terminal.run("backfill", "acme", "--dry-run").stdout
    assert "3 would be changed" in shown


def test_a_backfill_pushes_and_tells_the_result_of_each(terminal: Terminal, box: Sandbox) -> None:
    box.sailthru.faults.answer(
        400, {"error": 11, "errormsg": "Invalid email: cyd"}, method="POST", path="/user"
    )
    done = terminal.said("backfill", "acme", "--yes")
    assert (done["stage"], done["handed_over"], done["unchanged"]) == ("done", 5, 0)
    assert done["outcomes"] == {"applied": 2, "dead": 1, "ignored": 2}
    (refused,) = terminal.said("events", "list", "--source", "backfill", "--outcome", "refused")
    assert refused["type"] == "backfill.customer"
    assert refused["subject"] == f"user:{refused['customer']}"
    # And once more there is nothing to do, and the numbers of a dry run say so
    found = terminal.said("backfill", "acme", "--dry-run")
    assert found["profiles"] == {"created": 0, "changed": 1, "left_alone": 2, "no_profile": 1}


def test_without_anybody_to_ask_it_wants_to_be_told(terminal: Terminal, box: Sandbox) -> None:
    result = terminal.run("backfill", "acme")
    assert result.exit_code == 1
    assert "--yes" in result.output
    assert box.sailthru.calls.matching("POST", "/user") == []


def test_another_since_than_the_one_under_way_is_refused(terminal: Terminal, box: Sandbox) -> None:
    box.zendesk.faults.answer(403, {"error": "Forbidden"}, path="/api/v2/incremental/*", times=None)
    assert terminal.run("backfill", "acme", "--yes").exit_code == 1
    box.zendesk.faults.clear()
    refused = terminal.run("backfill", "acme", "--yes", "--since", "2d")
    assert (refused.exit_code, "--anew" in refused.output) == (1, True)
    assert terminal.said("backfill", "acme", "--yes", "--since", "2d", "--anew")["stage"] == "done"


def test_reconcile_says_how_much_nobody_had_told_of(terminal: Terminal, box: Sandbox) -> None:
    assert terminal.said("backfill", "acme", "--yes")["stage"] == "done"
    assert terminal.said("reconcile", "acme") == {
        "examined": 0,
        "drift": {"customers": 0, "fields": {}},
        "healed": 0,
    }
    # Given a change of a few minutes ago that no delivery told of
    a_while_ago = datetime.now(UTC) - timedelta(seconds=90)
    box.zendesk.create_user("eve@example.com", created_at=a_while_ago)
    found = terminal.said("reconcile", "acme")
    assert (found["examined"], found["drift"]["customers"], found["healed"]) == (1, 1, 1)
    assert found["drift"]["fields"]["email"] == 1
    assert "every change" in terminal.run("reconcile", "acme").stdout.lower()


def test_an_installation_nobody_knows_is_named(terminal: Terminal) -> None:
    for command in (("backfill", "nobody", "--yes"), ("reconcile", "nobody")):
        result = terminal.run(*command)
        assert result.exit_code == 1
        assert "bridge installations list" in result.output
