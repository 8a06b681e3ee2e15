"""The two Zendesk hooks: what is kept, what is answered, and what never happens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge import metrics
from bridge.errors import Unavailable
from receiver.signatures import WINDOW_S
from tests.payloads import EVENTS, SECRET, payload
from tests.receiver.door import Door, signed

CREATED = payload("user.created").body
TRIGGER = payload("trigger").body


def outcomes(source: str = "webhook") -> dict[tuple[str, str], float]:
    """(installation, outcome) -> how many deliveries were counted so far."""
    page = metrics.exposition()[0].decode()
    found = {}
    for line in page.splitlines():
        if line.startswith("bridge_deliveries_total{") and f'source="{source}"' in line:
            labels = dict(
                part.split("=", 1) for part in line[line.index("{") + 1 : line.index("}")].split(",")
            )
            found[labels["installation"].strip('"'), labels["outcome"].strip('"')] = float(
                line.rsplit(" ", 1)[1]
            )
    return found


@pytest.mark.parametrize("name", EVENTS)
def test_a_recorded_delivery_is_accepted_as_it_came(door: Door, name: str) -> None:
    recorded = payload(name)

    response = door.send(recorded.body, headers=recorded.headers)

    kept = door.kept()
    assert response.status_code == 202
    assert response.json == {"accepted": len(kept), "ignored": 1 - len(kept)}
    assert [event.type for event in kept] == (
        [] if name in ("user.name_changed", "organization.created") else [name]
    )


def test_a_trigger_is_kept_as_a_hint(door: Door) -> None:
    response = door.send(TRIGGER, hook="acme/zendesk/triggers")

    (hint,) = door.kept()
    assert (response.status_code, response.json) == (202, {"accepted": 1, "ignored": 0})
    assert (hint.id, hint.type, hint.subject) == ("fresh-1", "trigger", "ticket:991")


def test_a_delivery_that_came_twice_keeps_its_id(door: Door) -> None:
    door.send(CREATED)
    door.send(CREATED)
    first, second = door.kept()
    assert first.id == second.id == json.loads(CREATED)["id"]


def test_two_triggers_are_two_hints(door: Door) -> None:
    door.send(TRIGGER, hook="acme/zendesk/triggers")
    door.send(TRIGGER, hook="acme/zendesk/triggers")
    assert len({hint.id for hint in door.kept()}) == 2


@pytest.mark.parametrize("hook", ["events", "triggers"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b'{"type": 7}',
        b"[" * 200_000,
        b"\x00\xff",
        b'{"type": "zen:event-type:user.created"}',
    ],
)
def test_signed_junk_is_accepted_and_kept_for_an_operator(door: Door, hook: str, body: bytes) -> None:
    response = door.send(body, hook=f"acme/zendesk/{hook}")

    (letter,) = door.kept()
    assert (response.status_code, response.json) == (202, {"accepted": 1, "ignored": 0})
    assert letter.type == "unreadable"
    assert letter.data["fault"]
    assert letter.data["hook"] == f"zendesk/{hook}"


@pytest.mark.parametrize(
    ("body", "hook", "right"), [(TRIGGER, "events", "triggers"), (CREATED, "triggers", "events")]
)
def test_a_body_at_the_wrong_address_is_told_the_right_one(
    door: Door, body: bytes, hook: str, right: str
) -> None:
    with capture_logs() as lines:
        assert door.send(body, hook=f"acme/zendesk/{hook}").status_code == 202
    (letter,) = door.kept()
    assert f"/hooks/acme/zendesk/{right}" in letter.data["hint"]
    assert f"/hooks/acme/zendesk/{right}" in lines[-1]["hint"]


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=ascii"]
)
def test_json_with_any_charset_is_taken(door: Door, content_type: str) -> None:
    headers = signed(CREATED) | {"Content-Type": content_type}
    assert door.send(CREATED, headers=headers).status_code == 202


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""]
)
@pytest.mark.parametrize("is_signed", [True, False])
def test_any_other_content_type_is_415_signed_or_not(door: Door, content_type: str, is_signed: bool) -> None:
    headers = (signed(CREATED) if is_signed else {}) | {"Content-Type": content_type}

    response = door.send(CREATED, headers=headers)

    assert (response.status_code, response.json) == (415, {"error": "wrong_content_type"})
    assert door.kept() == []


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options"])
def test_any_other_method_is_405(door: Door, method: str) -> None:
    response = getattr(door.client, method)("/hooks/acme/zendesk/events")
    assert (response.status_code, response.json) == (405, {"error": "method_not_allowed"})
    assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    "path", ["/", "/hooks", "/hooks/acme", "/hooks/acme/zendesk/other", "/hooks/acme/zendesk/events/"]
)
def test_what_is_not_there_is_404(door: Door, path: str) -> None:
    response = door.client.post(path, data=b"{}", headers=signed(b"{}"))
    assert (response.status_code, response.json) == (404, {"error": "not_found"})


def test_an_installation_that_nobody_added_is_404(door: Door) -> None:
    response = door.send(CREATED, hook="nobody/zendesk/events")
    assert (response.status_code, response.json) == (404, {"error": "unknown_installation"})
    assert door.kept() == []


def test_an_installation_is_known_from_the_moment_it_was_added(door: Door) -> None:
    assert door.send(CREATED).status_code == 202  # the directory has just been read
    door.add("late", SECRET)

    assert door.send(CREATED, hook="late/zendesk/events").status_code == 202


def test_a_new_secret_verifies_from_the_moment_it_was_set(door: Door) -> None:
    assert door.send(CREATED).status_code == 202
    door.give_secrets("acme", "a new one")

    assert door.send(CREATED, headers=signed(CREATED, secret="a new one")).status_code == 202


def test_an_event_tells_how_it_came_and_which_secret_verified_but_never_the_secret(door: Door) -> None:
    door.give_secrets("acme", "a new one", SECRET)
    ids = {
        "X-Zendesk-Webhook-Invocation-Id": "01JDA3V8Q0",
        "X-Zendesk-Webhook-Id": "line\tbreaks are left out",
    }

    door.send(CREATED, headers=signed(CREATED) | ids)

    (event,) = door.kept()
    assert event.delivery == {"secret": 2, "invocation": "01JDA3V8Q0", "sent_at": "2026-11-22T09:55:18Z"}


def test_a_flood_of_bad_signatures_asks_the_ledger_once_a_second(door: Door) -> None:
    door.send(CREATED)
    before = door.ledger.readings
    for name in ("acme", "nobody", "no-one", "none"):
        for _ in range(20):
            assert door.send(CREATED, hook=f"{name}/zendesk/events", headers=signed(b"else")).status_code in (
                401,
                404,
            )
    assert door.ledger.readings - before == 2

    door.clock.pass_by(1)
    door.send(CREATED, headers=signed(b"else"))
    assert door.ledger.readings - before == 3


def test_with_the_ledger_away_the_known_installations_stand(door: Door) -> None:
    door.send(CREATED)
    door.ledger.is_away = True
    door.clock.pass_by(60)

    assert door.send(CREATED).status_code == 202
    assert door.send(CREATED, headers=signed(b"else")).status_code == 401


def test_with_the_ledger_away_nobody_is_told_that_an_installation_is_not_there(door: Door) -> None:
    door.send(CREATED)
    door.ledger.is_away = True
    for _ in range(3):
        response = door.send(CREATED, hook="nobody/zendesk/events")
        assert (response.status_code, response.json) == (503, {"error": "ledger_away"})
        assert response.headers["Retry-After"] == "30"


def test_a_receiver_that_never_read_the_ledger_says_try_again(door: Door) -> None:
    door.ledger.is_away = True
    assert door.send(CREATED).status_code == 503


@pytest.mark.parametrize(
    ("vice", "code"),
    [(Unavailable("broker"), "broker_away"), (RuntimeError("ann@example.com"), "unforeseen")],
)
def test_what_nothing_can_keep_is_a_503_that_zendesk_sends_again(
    door: Door, vice: Exception, code: str
) -> None:
    door.acceptance.vice = vice

    response = door.send(CREATED)

    assert (response.status_code, response.json) == (503, {"error": code})
    assert response.headers["Retry-After"] == "30"
    assert "Traceback" not in response.text


@pytest.mark.parametrize("way", ["published", "spooled", "parked"])
def test_whatever_keeps_it_the_sender_hears_the_same(door: Door, way: str) -> None:
    door.acceptance.way = way
    before = outcomes().get(("acme", way), 0)

    assert door.send(CREATED).json == {"accepted": 1, "ignored": 0}

    assert outcomes()["acme", way] == before + 1


def test_every_delivery_is_counted_once_and_strangers_name_no_labels(door: Door) -> None:
    before = outcomes()
    for body, hook, headers in (
        (CREATED, "acme", None),
        (b"junk", "acme", None),
        (payload("user.name_changed").body, "acme", None),
        (CREATED, "acme", signed(b"else")),
        (CREATED, "acme", signed(CREATED) | {"Content-Type": "text/plain"}),
        (b"x" * (1024 * 1024 + 1), "acme", None),
        (CREATED, "a-stranger", None),
    ):
        door.send(body, hook=f"{hook}/zendesk/events", headers=headers)

    counted = {labels: count - before.get(labels, 0) for labels, count in outcomes().items()}
    assert {labels: count for labels, count in counted.items() if count} == {
        ("acme", "published"): 1,
        ("acme", "unreadable"): 1,
        ("acme", "ignored"): 1,
        ("acme", "bad_signature"): 1,
        ("acme", "wrong_content_type"): 1,
        ("acme", "too_large"): 1,
        ("unknown", "unknown_installation"): 1,
    }


@pytest.mark.parametrize(("way", "level"), [("published", "debug"), ("spooled", "info"), ("parked", "info")])
def test_the_ordinary_is_logged_only_when_debugging(door: Door, way: str, level: str) -> None:
    door.acceptance.way = way
    with capture_logs() as lines:
        door.send(CREATED)
    assert [(line["log_level"], line["outcome"]) for line in lines] == [(level, way)]


def test_the_log_has_one_line_a_delivery_and_nothing_of_what_was_in_it(door: Door) -> None:
    with capture_logs() as lines:
        door.send(CREATED)
        door.send(CREATED, headers=signed(b"else"))
        door.send(b'{"email": "ann@example.com"')
        door.send(CREATED, hook="a-stranger/zendesk/events")

    assert [line["action"] for line in lines] == [
        "delivery_accepted",
        "delivery_refused",
        "delivery_unreadable",
        "delivery_refused",
    ]
    assert [line["installation"] for line in lines] == ["acme", "acme", "acme", ""]
    text = str(lines).lower()
    for secret in ("ann@", "example.com", SECRET.lower(), "stranger", "6164000000007"):
        assert secret not in text


def test_the_log_says_to_save_the_webhook_first(door: Door) -> None:
    public = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
    with capture_logs() as lines:
        assert door.send(CREATED, headers=signed(CREATED, secret=public)).status_code == 401
    assert "Save the webhook, then test it." in lines[-1]["hint"]


def test_an_unforeseen_failure_is_logged_without_the_body(door: Door) -> None:
    door.acceptance.vice = RuntimeError("no")
    with capture_logs() as lines:
        door.send(CREATED)
    failures = [line for line in lines if line["action"] == "request_failed"]
    assert [line["exc_info"] for line in failures] == [door.acceptance.vice]
    assert "example" not in str(lines)


@pytest.mark.parametrize(
    ("path", "how"),
    [
        ("/hooks/acme/zendesk/events", {"data": CREATED, "headers": signed(CREATED)}),
        ("/hooks/acme/zendesk/events", {"data": b"x"}),
        ("/nowhere", {}),
        ("/health/live", {"method": "GET"}),
        ("/metrics", {"method": "GET"}),
    ],
)
def test_every_answer_carries_the_security_headers(door: Door, path: str, how: dict[str, Any]) -> None:
    response = door.client.open(path, **{"method": "POST"} | how)
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"


def test_an_event_sent_late_is_taken_by_the_time_of_its_sending(door: Door) -> None:
    """Zendesk was seen to send an event eight minutes after it happened."""
    body = json.dumps(json.loads(CREATED) | {"time": "2026-11-22T09:40:00Z"}).encode()
    door.clock.pass_by(WINDOW_S)
    assert door.send(body).status_code == 202
