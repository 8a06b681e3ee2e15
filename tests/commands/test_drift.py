"""`bridge reconcile --audit` and `bridge customers forget`, against the sandbox."""

from __future__ import annotations

import json

import pytest

from sandbox import Sandbox
from tests.commands.conftest import Terminal
from tests.commands.test_backfill import box

__all__ = ["box"]  # a fixture


@pytest.fixture
def synced(terminal: Terminal, box: Sandbox) -> Terminal:
    """Everybody is in both systems; then a marketer changes one var of Ann's."""
    terminal.said("backfill", "acme", "--yes")
    box.sailthru.set_vars("ann@example.com", zendesk_tags=["ann@example.com"])
    return terminal


def test_an_audit_prints_counts_by_field_and_examples_with_both_values(synced: Terminal) -> None:
    record = synced.said("reconcile", "acme", "--audit", "--all")
    assert (record["examined"], record["without_profile"], record["healed"]) == (3, 2, 0)
    # Whoever was pushed in the last half minute may be shown as before that
    assert record["waiting"] + record["drift"]["customers"] <= 1
    text = synced.run("reconcile", "acme", "--audit", "--sample", "2").stdout
    assert "Compared 2 customers" in text
    assert "ann@example.com" not in text


@pytest.mark.parametrize(
    "words", [("--sample", "3"), ("--all",), ("--fix",), ("--audit", "--sample", "3", "--all")]
)
def test_what_goes_with_an_audit_is_said(terminal: Terminal, words: tuple[str, ...]) -> None:
    result = terminal.run("reconcile", "acme", *words)
    assert result.exit_code == 2


def test_a_customer_is_forgotten_by_address_and_does_not_come_back(synced: Terminal, box: Sandbox) -> None:
    shown = synced.said("customers", "show", "ann@example.com")
    synced_id = str(shown["zendesk_id"])
    record = synced.said("customers", "forget", "ann@example.com")
    assert record["removed"]["customers"] == 1
    assert record["sailthru"] is None
    assert synced.run("customers", "show", synced_id).exit_code == 1
    # Nor by everything that Zendesk has
    synced.said("backfill", "acme", "--yes", "--anew")
    assert synced.run("customers", "show", synced_id).exit_code == 1
    # Asked once more, it is known to be forgotten, and nothing of it is left
    again = synced.said("customers", "forget", synced_id)
    assert again["forgotten_before"] is not None
    assert again["removed"] == {}
    assert json.dumps(box.sailthru.profile("ann@example.com").vars).count("zendesk_id") == 1  # type: ignore[union-attr]


def test_forgetting_nobody_says_how_to_name_somebody(synced: Terminal) -> None:
    result = synced.run("customers", "forget", "stranger@example.com")
    assert result.exit_code == 1
    assert "forget it by its Zendesk id" in result.stderr
