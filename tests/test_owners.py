"""The table of owners says of each field what the code does with it, and leaves none out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge import facts
from bridge.customer import EMAIL
from bridge.deciding.projection import sailthru_profile
from bridge.deciding.to_zendesk.projection import USER_FIELDS
from bridge.deciding.way_back import HIGH_VALUE_TAG
from bridge.owners import AGENT, OWNERS, SAILTHRU, ZENDESK, owner_of
from schemas.installation import Options
from tests.bridge.deciding.test_projection import facts as facts_of

PAGE = (Path(__file__).parents[1] / "docs" / "architecture.md").read_text()


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    facts: frozenset[str]
    owner: str
    system: str
    fields: frozenset[str]


def lines() -> list[Line]:
    table = PAGE.split("## Who owns what\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]
    return [Line(_words(named), owner, system, _words(written)) for named, owner, system, written in rows]


def _words(cell: str) -> frozenset[str]:
    return frozenset(re.findall(r"`([^`]+)`", cell))


def kept_facts() -> set[str]:
    """The names of all facts, as `bridge/facts.py` has them; a prefix ends with its slash."""
    return {
        value
        for name, value in vars(facts).items()
        if name.isupper() and isinstance(value, str) and value != facts.SAILTHRU_PREFIX
    }


def test_every_fact_is_in_the_table_once_with_its_owner() -> None:
    written = [(name.removesuffix("…"), line.owner) for line in lines() for name in line.facts]
    assert {name for name, _ in written} == kept_facts()
    assert len(written) == len(kept_facts())
    for name, owner in written:
        assert owner_of(name + "x" if name.endswith("/") else name) == owner


def test_every_var_the_projection_makes_is_in_the_table_and_no_other() -> None:
    everything = facts_of(health="neutral")
    made = set(sailthru_profile(7, everything, "https://acme.zendesk.com", Options())) | {EMAIL}
    to_sailthru = [line for line in lines() if line.system == "Sailthru"]
    named = [field for line in to_sailthru for field in line.fields]
    assert sorted(named) == sorted(made)
    assert {line.owner for line in to_sailthru} == {ZENDESK, AGENT}


def test_every_field_and_tag_of_the_way_back_is_in_the_table_beside_its_fact() -> None:
    to_zendesk = [line for line in lines() if line.system == "Zendesk"]
    named = {(name, field) for line in to_zendesk for name in line.facts for field in line.fields}
    tag = (facts.SCORE, HIGH_VALUE_TAG)
    assert named == {(field.fact, field.key) for field in USER_FIELDS} | {tag}
    assert {line.owner for line in to_zendesk} == {SAILTHRU}


def test_nothing_flows_back_to_its_owner() -> None:
    assert [line for line in lines() if line.system == line.owner] == []


def test_a_field_nobody_owns_is_a_fault() -> None:
    with pytest.raises(KeyError):
        owner_of("colour")
    assert set(OWNERS.values()) == {ZENDESK, SAILTHRU, AGENT}
