"""Filters as people type and link them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.filters import CHOICES, DEAD_WORDS, BadFilter, Filters, read_filters
from bridge.when import Ago, Then


def test_words_become_values() -> None:
    whom = 'customer:"o\'hara ""x""@example.com"'
    text = f"type:ticket  outcome:dead {whom} since:2h until:2026-11-22T10:00:00+01:00"
    assert read_filters(text) == Filters(
        type="ticket",
        outcome="dead",
        customer='o\'hara "x"@example.com',
        since=Ago(timedelta(hours=2)),
        until=Then(datetime(2026, 11, 22, 9, tzinfo=UTC)),
    )
    assert read_filters("  ") == Filters()
    assert read_filters("reason:a reason:b") == Filters(reason="b")
    assert read_filters("customer:o'brien@example.com").customer == "o'brien@example.com"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour:red", "there is no filter colour; there are type:, outcome:"),
        ("ann@example.com", "write customer:ann@example.com"),
        ("outcome:lost", "outcome: there is no lost; one of kept, applied, ignored, dead"),
        ("lane:", "lane: needs a value; one of agent, zendesk, sailthru"),
        ("since:later", "neither a time"),
        ('customer:"ann', "in double quotes"),
        (":x", "write word:value"),
    ],
)
def test_a_word_that_is_none_is_told_what_there_is(text: str, said: str) -> None:
    with pytest.raises(BadFilter) as caught:
        read_filters(text)
    assert said in str(caught.value)


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(BadFilter) as caught:
        read_filters("colour:red outcome:lost type:ticket")
    assert len(caught.value.faults) == 2


def test_a_list_knows_its_own_words_only() -> None:
    assert read_filters("reason:refused", among=DEAD_WORDS) == Filters(reason="refused")
    with pytest.raises(BadFilter, match="there is no filter outcome"):
        read_filters("outcome:dead", among=DEAD_WORDS)


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
times = st.one_of(
    st.builds(
        Ago,
        st.timedeltas(timedelta(0), timedelta(seconds=999_999)).map(lambda t: timedelta(seconds=t.seconds)),
    ),
    st.builds(Then, st.datetimes(timezones=st.just(UTC))),
)


@given(
    st.builds(
        Filters,
        type=texts,
        customer=texts | st.just(""),
        reason=texts | st.just(""),
        outcome=st.sampled_from(["", *CHOICES["outcome"]]),
        since=st.none() | times,
        until=st.none() | times,
    )
)
def test_filters_survive_being_written_and_read(filters: Filters) -> None:
    assert read_filters(str(filters)) == filters
