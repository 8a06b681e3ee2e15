"""What the door makes of event webhooks: one spelling, nothing that is of no use, and a sentence for junk."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.delivery import Read
from schemas.errors import Unreadable
from schemas.event import Event, from_bytes
from schemas.zendesk_events import read_delivery
from schemas.zendesk_types import MEANINGS, Meaning
from tests.payloads import EVENTS, payload

ARRIVAL = datetime(2026, 11, 22, 9, 55, 18, tzinfo=UTC)
ANN = {
    "id": 6164000000007,
    "email": "ann@example.com",
    "role": "end-user",
    "created_at": "2026-11-20T08:00:00Z",
    "updated_at": "2026-11-22T09:55:16Z",
}
PARCEL = {
    "id": 991,
    "requester_id": 6164000000007,
    "status": "open",
    "subject": "Where is my parcel?",
    "channel": "web_service",
    "created_at": "2026-11-22T09:50:00Z",
    "updated_at": "2026-11-22T09:55:16Z",
    "public": True,
}


def read(body: bytes | dict[str, Any]) -> Read:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_delivery(raw, installation="acme", received_at=ARRIVAL)


def one(body: bytes | dict[str, Any]) -> Event:
    (event,) = read(body).events
    return event


def recorded(name: str) -> dict[str, Any]:
    return dict(json.loads(payload(name).body))


def changed(name: str, **parts: Any) -> dict[str, Any]:
    return recorded(name) | parts


def with_detail(name: str, **parts: Any) -> dict[str, Any]:
    return changed(name, detail=recorded(name)["detail"] | parts)


EXPECTED: dict[str, dict[str, Any]] = {
    "user.created": {"user": ANN},
    "user.deleted": {"user": ANN | {"email": None}},
    "user.active_changed": {"user": ANN, "active": False},
    "user.merged": {"user": ANN, "other_id": 6164000000008},
    "user.identity_changed": {
        "user": ANN | {"email": "ann@new.example"},
        "identity": {"type": "email", "primary": True, "value": "ann@new.example"},
        "previous": {"type": "email", "primary": True, "value": "ann@example.com"},
    },
    "user.identity_created": {
        "user": ANN,
        "identity": {"type": "phone_number", "primary": False, "value": None},
        "previous": None,
    },
    "user.identity_deleted": {
        "user": ANN,
        "identity": {"type": "email", "primary": False, "value": "old@example.com"},
        "previous": None,
    },
    "user.tags_changed": {"user": ANN, "added": ["gold", "vip"], "removed": ["new"]},
    "user.role_changed": {"user": ANN | {"role": "agent"}, "role": "agent"},
    "ticket.created": {"ticket": PARCEL},
    "ticket.status_changed": {"ticket": PARCEL | {"status": "solved"}},
    "ticket.requester_changed": {
        "ticket": PARCEL | {"requester_id": 6164000000009},
        "previous_requester_id": 6164000000007,
    },
    "ticket.tags_changed": {"ticket": PARCEL},
    "ticket.comment_added": {"ticket": PARCEL | {"public": False, "subject": ""}},
    "ticket.soft_deleted": {
        "ticket": PARCEL | {"status": "deleted", "requester_id": None, "channel": ""},
    },
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_delivery_says_this_and_nothing_else(name: str) -> None:
    event = one(payload(name).body)

    assert event.data == EXPECTED[name]
    assert (event.type, event.installation, event.lane, event.source) == (name, "acme", "zendesk", "webhook")
    assert event.id == recorded(name)["id"]
    kind = name.partition(".")[0]
    assert event.subject == f"{kind}:{EXPECTED[name][kind]['id']}"
    assert event.received_at == ARRIVAL


@pytest.mark.parametrize("name", EVENTS)
def test_what_is_read_survives_the_queue(name: str) -> None:
    for event in read(payload(name).body).events:
        assert from_bytes(event.to_bytes()) == event


def test_all_27_user_and_37_ticket_types_have_a_meaning() -> None:
    kinds = [name.partition(".")[0] for name in MEANINGS]
    assert (kinds.count("user"), kinds.count("ticket")) == (27, 37)


@pytest.mark.parametrize("separator", [":", "/"])
@pytest.mark.parametrize("name", MEANINGS)
def test_each_type_is_kept_or_counted_in_both_spellings(name: str, separator: str) -> None:
    sample = recorded("user.created" if name.startswith("user.") else "ticket.created")
    body = sample | {"type": f"zen:event-type{separator}{name}"}

    result = read(body)

    if MEANINGS[name] is Meaning.IGNORED:
        assert result == Read(events=(), ignored=1)
    else:
        (event,) = result.events
        assert event.type == name
        assert event.data[MEANINGS[name].value] == (ANN if name.startswith("user.") else PARCEL)


@pytest.mark.parametrize(
    "unknown",
    [
        "zen:event-type:organization.created",
        "zen:event-type:user.email_changed",
        "user.created",
        "zen:event-type:",
        "x",
    ],
)
def test_a_type_that_nobody_knows_is_counted_and_ignored(unknown: str) -> None:
    assert read({"type": unknown}) == Read(events=(), ignored=1)


def test_comments_names_and_numbers_stay_outside() -> None:
    kept = (
        one(payload("ticket.comment_added").body).to_bytes()
        + one(payload("user.identity_created").body).to_bytes()
    )
    for secret in (b"4111", b"Smith", b"0171", b"171", b"Do not tell"):
        assert secret not in kept


def test_nine_digits_of_a_second_are_read() -> None:
    assert one(payload("ticket.created").body).occurred_at == datetime(2026, 11, 22, 9, 55, 16, 672717, UTC)


@pytest.mark.parametrize(("ahead_s", "counts_as_s"), [(-86_400, -86_400), (300, 300), (301, 0), (10**8, 0)])
def test_an_event_from_too_far_in_the_future_happened_when_it_arrived(ahead_s: int, counts_as_s: int) -> None:
    time = (ARRIVAL + timedelta(seconds=ahead_s)).isoformat()
    assert one(changed("user.created", time=time)).occurred_at == ARRIVAL + timedelta(seconds=counts_as_s)


@pytest.mark.parametrize("absent", ["0", "", None, 0])
def test_every_spelling_of_nobody_is_none(absent: object) -> None:
    assert one(with_detail("ticket.created", requester_id=absent)).data["ticket"]["requester_id"] is None
    assert (
        one(changed("ticket.requester_changed", event={"previous": absent})).data["previous_requester_id"]
        is None
    )


def test_upper_and_lower_case_roles_are_one() -> None:
    assert one(with_detail("user.created", role="END_USER")).data["user"] == ANN


def test_numbers_may_be_numbers() -> None:
    assert one(with_detail("user.created", id=6164000000007)).data["user"] == ANN


@pytest.mark.parametrize("is_public", [False, None, "false"])
def test_what_is_not_said_to_be_public_is_private(is_public: object) -> None:
    assert one(with_detail("ticket.created", is_public=is_public)).data["ticket"]["public"] is False


@pytest.mark.parametrize("event", [{}, None, {"identity": None}, {"current": {}}])
def test_an_identity_event_without_an_identity_is_a_bare_hint(event: object) -> None:
    data = one(changed("user.identity_created", event=event)).data
    assert (data["identity"], data["previous"]) == (None, None)


@pytest.mark.parametrize(
    "added", [{"tags": ["gold", "vip"]}, {"tags": "vip gold"}, ["vip", "gold"], "gold vip"]
)
def test_tags_may_be_a_list_or_a_text(added: object) -> None:
    data = one(changed("user.tags_changed", event={"added": added, "removed": {"tags": None}})).data
    assert (data["added"], data["removed"]) == (["gold", "vip"], [])


def test_fields_that_came_later_are_read_over() -> None:
    assert one(changed("user.created", novelty={"a": 1}) | {"event": {"meta": 1}}).data == {"user": ANN}


UNREADABLE: dict[str, bytes | dict[str, Any]] = {
    "nothing": b"",
    "only spaces": b" \n",
    "no JSON": b"{ticket_id: 991}",
    "not UTF-8": b'{"type": "\xff"}',
    "a list": b"[]",
    "a number": b"7",
    "deep nesting": b"[" * 200_000 + b"]" * 200_000,
    "deep nesting inside": b'{"type": "zen:event-type:user.created", "x":'
    + b"[" * 200_000
    + b"]" * 200_000
    + b"}",
    "a number of 5,000 digits": b'{"type": ' + b"9" * 5_000 + b"}",
    "a type that is a number": b'{"type": 7}',
    "a type that is null": {"type": None},
    "no type": {"id": "1"},
    "an empty type": {"type": ""},
    "no id": {key: part for key, part in recorded("user.created").items() if key != "id"},
    "an id that is a number": changed("user.created", id=7),
    "an id that is too long": changed("user.created", id="x" * 201),
    "an id with a NUL": changed("user.created", id="a\x00"),
    "no detail": changed("user.created", detail=None),
    "a detail that is a list": changed("user.created", detail=[]),
    "a detail without id": with_detail("user.created", id=None),
    "an id of nobody": with_detail("user.created", id="0"),
    "an id that is no number": with_detail("user.created", id="seven"),
    "an id of 64 bits": with_detail("user.created", id=str(2**63)),
    "a ticket id of 64 bits": with_detail("ticket.created", id=2**64),
    "a requester of 64 bits": with_detail("ticket.created", requester_id=str(2**63)),
    "a huge id": with_detail("user.created", id="9" * 5_000),
    "an id that is a list": with_detail("user.created", id=[7]),
    "an address that is an object": with_detail("user.created", email={"a": 1}),
    "an address with a NUL": with_detail("user.created", email="a\x00@example.com"),
    "a subject with half a pair": with_detail("ticket.created", subject="\ud83d"),
    "raw half a pair": b'{"type": "zen:event-type:ticket.created", "id": "\xed\xa0\x80"}',
    "a tag with half a pair": changed("user.tags_changed", event={"added": {"tags": ["\udc00"]}}),
    "a tag that is a number": changed("user.tags_changed", event={"added": {"tags": [7]}}),
    "tags that are a number": changed("user.tags_changed", event={"added": 7}),
    "no time": changed("user.created", time=None),
    "a time that is none": changed("user.created", time="yesterday"),
    "a time without offset": changed("user.created", time="2026-11-22T09:55:16"),
    "an event that is a text": changed("user.tags_changed", event="vip"),
    "a merge with a text": changed("user.merged", event={"user": "7"}),
    "an identity that is a text": changed("user.identity_changed", event={"current": "ann"}),
    "active that is a text": changed("user.active_changed", event={"current": "perhaps"}),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_ends_in_a_sentence(what: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(UNREADABLE[what])
    assert caught.value.fault.endswith(".")
    assert caught.value.fault.isprintable()
    assert "example.com" not in str(caught.value)


def test_all_faults_of_a_detail_are_named_at_once() -> None:
    with pytest.raises(Unreadable, match=r"detail\.email: .* detail\.id: "):
        read(with_detail("user.created", id="seven", email=7))


def test_the_body_of_a_trigger_is_told_its_address() -> None:
    with pytest.raises(Unreadable) as caught:
        read(payload("trigger").body)
    assert "/hooks/acme/zendesk/triggers" in caught.value.hint


ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.sampled_from(["7", "email", "zen:event-type:x"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(body=st.binary())
def test_random_bytes_end_in_unreadable(body: bytes) -> None:
    with suppress(Unreadable):
        read(body)


@given(
    name=st.sampled_from(sorted(EXPECTED)),
    part=st.sampled_from(["id", "time", "detail", "event"]),
    value=ANY_JSON,
)
def test_a_part_of_any_shape_ends_in_an_event_or_in_unreadable(name: str, part: str, value: object) -> None:
    with suppress(Unreadable):
        event = one(changed(name, **{part: value}))
        assert from_bytes(event.to_bytes()) == event


@given(
    name=st.sampled_from(sorted(EXPECTED)),
    detail=st.dictionaries(st.sampled_from([*ANN, *PARCEL, "via", "is_public"]), ANY_JSON),
    event=st.dictionaries(
        st.sampled_from(["current", "previous", "identity", "added", "removed", "user"]), ANY_JSON
    ),
)
def test_fields_of_any_shape_end_in_an_event_or_in_unreadable(
    name: str, detail: dict[str, Any], event: dict[str, Any]
) -> None:
    with suppress(Unreadable):
        kept = one(with_detail(name, **detail) | {"event": event})
        assert from_bytes(kept.to_bytes()) == kept
