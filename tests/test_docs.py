"""What the documentation says is so: links lead somewhere, commands exist, the code's words are explained."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bridge import customer
from bridge.ledger import events
from bridge.remotes import sailthru_errors, zendesk_errors
from bridge.repair.advice import ADVICE
from commands.main import cli
from receiver import answers, tally
from schemas.installation import installation_settings
from schemas.trigger import read_trigger
from schemas.zendesk_types import MEANINGS, is_kept

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
OPERATIONS = (DOCS / "operations.md").read_text()
CODE = ("bridge", "consumers", "receiver")

# Calls that name the reason of a failure, and which of their arguments it is.
NAMES_A_REASON = {
    "Refused": 1,
    "UserNotFound": 1,
    "NotFound": 1,
    "TryLater": 1,
    "SendAgain": 1,
    "unclear": 2,
    "Dead": 0,
}
# What `dead replay` answers; no dead letter has it for a reason.
# What replays, drops and their undoing say themselves.
ANSWERS_OF_REPLAY = {"event_gone", "consent", "died_again", "not_open", "too_late", "open_already", "unknown"}


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


def slug(heading: str) -> str:
    """The anchor that a heading has where Markdown is shown."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {slug(found) for found in re.findall(r"^#+ +(.+)$", page.read_text(), re.MULTILINE)}


def code_in(page: Path) -> Iterator[str]:
    """The lines of code blocks, and what stands between backticks."""
    text = page.read_text()
    for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL):
        yield from block.replace("\\\n", " ").splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def commands_in(page: Path) -> Iterator[list[str]]:
    """The words after `bridge` of every command that a page names."""
    for line in code_in(page):
        found = re.match(r"\s*(?:\S*/)?bridge ((?:[a-z]|--).*)$", line)
        if found is not None:
            yield shlex.split(found.group(1).replace("…", ""), comments=True)


def strings(node: ast.expr) -> Iterator[str]:
    """The texts an expression may be, as far as they stand there."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.IfExp):
        yield from strings(node.body)
        yield from strings(node.orelse)


def trees() -> Iterator[ast.AST]:
    for folder in CODE:
        for file in (ROOT / folder).rglob("*.py"):
            yield from ast.walk(ast.parse(file.read_text()))


def callee(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return name
    return ""


def reasons() -> set[str]:
    """Every reason that a dead letter can have."""
    found = {
        *sailthru_errors.REFUSED.values(),
        *sailthru_errors.LATER.values(),
        *sailthru_errors._LATER_STATUSES.values(),
        *zendesk_errors._REFUSED.values(),
        *zendesk_errors._LATER.values(),
        customer.EMAIL_CONFLICT,
        customer.EMAIL_TAKEN,
    }
    for node in trees():
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "reason" for target in node.targets
        ):
            found.update(strings(node.value))
        if isinstance(node, ast.Call):
            place = NAMES_A_REASON.get(callee(node))
            if place is not None and len(node.args) > place:
                found.update(strings(node.args[place]))
            if callee(node) == "DeadLetter":
                found.update(
                    text for word in node.keywords if word.arg == "reason" for text in strings(word.value)
                )
    return found - ANSWERS_OF_REPLAY


def codes_of_refused_deliveries() -> set[str]:
    return {
        text
        for file in (ROOT / "receiver").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and callee(node) in ("Rejected", "BadSignature") and node.args
        for text in strings(node.args[0])
    }


def codes_of_the_sidebar() -> set[str]:
    """The words in which the sidebar's page and API say no."""
    places = {"Rejected": 0, "NotLetIn": 0, "NotAccepted": 1}
    found: set[str] = set()
    for file in (ROOT / "receiver" / "sidebar").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call):
                continue
            place = places.get(callee(node))
            if place is not None and len(node.args) > place:
                found.update(strings(node.args[place]))
            found.update(
                text
                for word in node.keywords
                if word.arg == "error" and callee(node) == "answer"
                for text in strings(word.value)
            )
    return found


def metric_names() -> set[str]:
    found = set()
    for node in trees():
        if isinstance(node, ast.Call) and node.args:
            for text in strings(node.args[0]):
                if callee(node) in ("Gauge", "Histogram", "GaugeMetricFamily"):
                    found.add(text)
                if callee(node) == "Counter":
                    found.add(f"{text}_total")
    return {name for name in found if name.startswith("bridge_")}


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its rank or a higher one."""
    rank = heading.index(" ")
    return re.split(rf"^#{{1,{rank}}} ", text.split(f"{heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def explained(heading: str) -> set[str]:
    """The words in the first column of the table under a heading of the operations page."""
    rows = re.findall(r"^\| (`.+?) \|", section(OPERATIONS, heading), re.MULTILINE)
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith(("https://", "http://")):
            continue
        file, _, anchor = target.partition("#")
        other = (page.parent / file).resolve() if file else page
        assert other.exists(), f"{names(page)} links to {target}"
        assert not anchor or anchor in anchors(other), f"{names(page)} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_every_command_a_page_names_exists_with_its_options(page: Path) -> None:
    for words in commands_in(page):
        command: click.Command = cli
        path: list[str] = []
        for word in words:
            if not isinstance(command, click.Group) or word.startswith("-"):
                break
            assert word in command.commands, f"{names(page)} names: bridge {' '.join(words)}"
            command = command.commands[word]
            path.append(word)
        told = CliRunner().invoke(cli, [*path, "--help"])
        assert told.exit_code == 0
        for option in (word for word in words if word.startswith("--")):
            assert option in told.output, f"{names(page)} names: bridge {' '.join(words)}"


def test_the_search_for_commands_finds_them() -> None:
    found = {tuple(words[:2]) for page in PAGES for words in commands_in(page)}
    assert {("installations", "add"), ("dead", "replay"), ("migrate",), ("customers", "show")} <= found


def test_every_make_target_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        match.group(1)
        for page in PAGES
        for line in code_in(page)
        if (match := re.match(r"\s*make ([a-z0-9]+)", line))
    }
    assert {"demo", "test", "run"} <= named <= targets


def test_every_reason_of_a_dead_letter_is_explained() -> None:
    found = reasons()
    assert {"unreadable", "given_up", "bug", "email_taken", "profile_gone", "timeout"} <= found
    assert found - explained("### Dead letters") == set()


def test_every_reason_of_a_dead_letter_has_advice_on_its_page() -> None:
    assert explained("### Dead letters") - set(ADVICE) == set()


def test_every_state_of_a_customer_is_explained_and_drawn() -> None:
    states = {
        value
        for name, value in vars(customer).items()
        if name.isupper() and isinstance(value, str) and name != "EMAIL"
    }
    assert "profile_gone" in states
    assert states == explained("### States of a customer")
    drawn = section((DOCS / "architecture.md").read_text(), "## States of a customer")
    assert {state for state in states if not re.search(rf"\b{state}\b", drawn)} == set()


def test_every_outcome_of_an_event_is_explained() -> None:
    assert explained("### Outcomes of events") == {events.KEPT, events.APPLIED, events.IGNORED, events.DEAD}


def test_every_answer_to_a_delivery_is_explained() -> None:
    codes = {*tally.ORDINARY, *tally.DETOURS, *answers.CODES.values(), *codes_of_refused_deliveries()}
    assert "test_secret" in codes
    assert codes - explained("### Answers to a delivery") == set()


def test_every_no_of_the_sidebar_is_explained() -> None:
    codes = codes_of_the_sidebar() | {"session_expired"}
    assert {"wrong_app", "needs_confirmation", "unknown_customer", "agent_unknown"} <= codes
    assert codes == explained("### Answers of the sidebar")


def test_every_metric_is_explained() -> None:
    found = metric_names()
    assert {"bridge_deliveries_total", "bridge_queue_depth"} <= found
    assert found == {word for word in explained("## Watch") if word.startswith("bridge_")}


def test_every_var_has_its_place_in_the_page_for_marketers() -> None:
    page = (DOCS / "marketers.md").read_text()
    projection = ast.parse((ROOT / "bridge" / "deciding" / "projection.py").read_text())
    sent = {
        node.value
        for node in ast.walk(projection)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith("zendesk_")
    }
    assert len(sent) == 9
    assert set(re.findall(r"^### `(\w+)`$", page, re.MULTILINE)) == sent
    assert set(re.findall(r"^\| `(zendesk_\w+)` \|", page, re.MULTILINE)) == sent


def test_the_events_to_subscribe_are_those_the_bridge_takes_facts_from() -> None:
    page = (DOCS / "getting-started.md").read_text()
    listed = section(page, "### The events to subscribe").split("```")[1].split()
    assert len(listed) == len(set(listed))
    assert set(listed) == {name for name in MEANINGS if is_kept(name)}


def test_the_triggers_body_is_one_that_the_bridge_reads() -> None:
    page = (DOCS / "getting-started.md").read_text()
    (body,) = re.findall(r'^ *(\{"ticket_id".*\})$', page, re.MULTILINE)
    for placeholder, value in (
        ("ticket.id", "991"),
        ("ticket.requester.id", "7"),
        ("ticket.status", "Open"),
        ("ticket.updated_at_with_timestamp", "2026-11-22T09:55:16Z"),
    ):
        assert f"{{{{{placeholder}}}}}" in body
        body = body.replace(f"{{{{{placeholder}}}}}", value)
    read = read_trigger(
        body.encode(),
        installation="acme",
        received_at=datetime(2026, 11, 22, tzinfo=UTC),
        new_id=lambda: "hint-1",
    )
    assert read.events[0].data["ticket_id"] == 991


@pytest.mark.parametrize("page", [ROOT / "README.md", DOCS / "getting-started.md"], ids=names)
def test_the_installation_file_a_page_shows_is_accepted(page: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL)
    files = [tomllib.loads(block) for block in blocks if "[sailthru]" in block]
    assert files
    for file in files:
        assert installation_settings(file).zendesk.url == "https://acme.zendesk.com"


def test_every_decision_is_in_the_index() -> None:
    index = (DOCS / "decisions" / "README.md").read_text()
    assert [page.name for page in (DOCS / "decisions").glob("0*.md") if f"]({page.name})" not in index] == []
