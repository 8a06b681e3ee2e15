"""The alerts: Prometheus's own checker takes them, each is tested both ways, and each has its page."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULES = ROOT / "ops" / "prometheus" / "alerts.yml"
RULE_TESTS = RULES.with_name("alerts_test.yml")
RUNBOOK = ROOT / "docs" / "runbook"
HEADINGS = ["What it means", "Who is affected", "First", "Over when"]


def alerts() -> dict[str, str]:
    """Every alert with the page that its annotation names."""
    found = re.findall(r"- alert: (\w+)\n.*?runbook: (\S+)\n", RULES.read_text() + "\n", re.DOTALL)
    assert len(found) == RULES.read_text().count("- alert: ")
    return dict(found)


def checked(promtool: str, *words: str) -> str:
    """What promtool says; it fails when the rules do."""
    done = subprocess.run([promtool, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_the_rules(promtool: str) -> None:
    assert f"{len(alerts()) + 1} rules found" in checked(promtool, "check", "rules", str(RULES))


def test_every_alert_fires_when_it_should_and_only_then(promtool: str) -> None:
    checked(promtool, "test", "rules", str(RULE_TESTS))


def test_a_rule_that_is_wrong_would_be_found(promtool: str, tmp_path: Path) -> None:
    (tmp_path / "alerts.yml").write_text(RULES.read_text().replace("> 300", "> 900"))
    (tmp_path / "alerts_test.yml").write_text(RULE_TESTS.read_text())
    done = subprocess.run([promtool, "test", "rules", str(tmp_path / "alerts_test.yml")], check=False)
    assert done.returncode != 0


def test_every_alert_is_tested_both_ways() -> None:
    ways: dict[str, set[bool]] = {name: set() for name in alerts()}
    for name, expected in re.findall(r"alertname: (\w+)\n +exp_alerts:(.*)\n", RULE_TESTS.read_text()):
        ways[name].add(expected.strip() != "[]")
    assert {name for name, seen in ways.items() if seen != {True, False}} == set()


@pytest.mark.parametrize("alert", alerts())
def test_every_alert_has_a_page_that_says_what_to_do(alert: str) -> None:
    page = (ROOT / alerts()[alert]).read_text()
    assert f"Alert `{alert}`." in page
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == HEADINGS
    first = page.split("## First\n", 1)[1].split("## Over when", 1)[0]
    assert re.match(r"\n```\nbridge [a-z]", first), "the page does not begin with a command to run"


def test_every_page_belongs_to_an_alert_and_is_in_the_index() -> None:
    pages = {page.name for page in RUNBOOK.glob("*.md")} - {"README.md"}
    index = (RUNBOOK / "README.md").read_text()
    assert pages == {Path(page).name for page in alerts().values()}
    assert {alert for alert, page in alerts().items() if f"| `{alert}` | [" not in index} == set()
    assert {page for page in pages if f"({page})" not in index} == set()
