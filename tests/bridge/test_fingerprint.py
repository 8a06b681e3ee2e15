"""Letters that died of the same are one group, whoever they are about."""

from __future__ import annotations

import pytest

from bridge.fingerprint import LONGEST_SHAPE, fingerprint, is_about_consent, shape, system_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann@example.com is held by 4711", "bob.b+x@mail.example is held by 12"),
        ("no profile 5f0c1d2e3a4b5c6d7e8f9a0b", "no profile 0b1c2d3e4f5a6b7c8d9e0f1a"),
        ('field "favourite colour" is odd', 'field "size" is odd'),
        ("GET https://acme.zendesk.com/api/v2/users/7.json failed", "GET https://b.example/x failed"),
        ("too late: 2026-11-22T09:55:16Z", "too late: 2025-01-02T03:04:05.678+00:00"),
        ("Took  12.5 s\nto answer", "took 3.25 s to answer"),
    ],
)
def test_what_differs_from_customer_to_customer_is_taken_out(one: str, other: str) -> None:
    assert shape(one) == shape(other)
    assert fingerprint("invalid", "zendesk", one) == fingerprint("invalid", "zendesk", other)


def test_another_code_system_or_message_is_another_trouble() -> None:
    told = [
        ("invalid", "zendesk", "is odd"),
        ("too_large", "zendesk", "is odd"),
        ("invalid", "sailthru", "is odd"),
        ("invalid", "zendesk", "is missing"),
    ]
    assert len({fingerprint(*one) for one in told}) == 4


def test_a_shape_shows_no_address_and_is_short() -> None:
    told = shape("<ann@example.com> said " + "x " * 5_000)
    assert "example.com" not in told
    assert len(told) <= LONGEST_SHAPE


@pytest.mark.parametrize(
    ("told", "system"),
    [
        (("push.write", "zendesk", "refused"), "sailthru"),
        (("push.check_holder", "zendesk", "refused"), "zendesk"),
        (("push.zendesk_set_fields", "sailthru", "invalid"), "zendesk"),
        (("read.user", "zendesk", "forbidden"), "zendesk"),
        (("read.profile", "sailthru", "garbled"), "sailthru"),
        (("agent.optout", "agent", "given_up"), "sailthru"),
        (("push.write", "zendesk", "bug"), "bridge"),
        (("user.tags_changed", "zendesk", "given_up"), "bridge"),
        (("unreadable", "zendesk", "unreadable"), "bridge"),
    ],
)
def test_a_letter_tells_whose_no_it_was(told: tuple[str, str, str], system: str) -> None:
    assert system_of(*told) == system


def test_letters_that_hold_up_a_customers_wish_are_known() -> None:
    assert is_about_consent("agent.optout")
    assert is_about_consent("agent.list_remove")
    assert is_about_consent("push.zendesk_set_fields", ("sailthru_engagement", "sailthru_optout"))
    assert not is_about_consent("push.zendesk_set_fields", ("sailthru_engagement",))
    assert not is_about_consent("push.write")
