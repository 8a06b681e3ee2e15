"""An ordinary delivery goes past Flask; nobody outside can tell, whatever is sent."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask, request_started
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from werkzeug.test import create_environ, run_wsgi_app

from bridge.errors import Unavailable
from tests.payloads import payload
from tests.receiver.door import JSON, Door, signed
from tests.receiver.test_hooks import outcomes

CREATED = payload("user.created").body
TRIGGER = payload("trigger").body
EVENTS = "/hooks/acme/zendesk/events"
SOURCES = ("webhook", "trigger", "postback")
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Sent:
    """One request; `more` are entries of the environ, where None takes one out."""

    method: str = "POST"
    path: str = EVENTS
    body: bytes = CREATED
    headers: dict[str, str] = field(default_factory=lambda: signed(CREATED))
    more: dict[str, Any] = field(default_factory=dict)

    def environ(self) -> dict[str, Any]:
        """As a server hands it on, with a body that was not read yet."""
        environ = create_environ(
            "/", method=self.method, input_stream=io.BytesIO(self.body), headers=self.headers
        )
        environ |= {"PATH_INFO": self.path, "CONTENT_LENGTH": str(len(self.body))} | self.more
        return {name: value for name, value in environ.items() if value is not None}


def told(door: Door, app: Any, sent: Sent) -> tuple[Any, ...]:
    """All that can be seen of it: the answer byte for byte, what is kept, counted and logged."""
    before = [outcomes(source) for source in SOURCES]
    with capture_logs() as lines:
        body, status, headers = run_wsgi_app(app, sent.environ(), buffered=True)
    counted = [
        {labels: count - was.get(labels, 0) for labels, count in outcomes(source).items()}
        for source, was in zip(SOURCES, before, strict=True)
    ]
    counts = [{labels: count for labels, count in one.items() if count} for one in counted]
    kept = [(event.type, event.subject, event.data) for event in door.kept()]
    return status, list(headers), b"".join(body), counts, lines, kept


def assert_same(door: Door, sent: Sent) -> str:
    """Both ways tell the same; the status is returned."""
    app = door.client.application

    def through_flask(*call: Any) -> Any:
        return Flask.wsgi_app(app, *call)

    short, long = told(door, app.wsgi_app, sent), told(door, through_flask, sent)
    assert short == long
    status: str = short[0]
    assert not status.startswith("500")
    return status


@contextmanager
def flask_seen(door: Door) -> Iterator[list[str]]:
    """The paths of those requests that Flask got to see."""
    seen: list[str] = []

    def note(_app: Flask, **_more: Any) -> None:
        seen.append("seen")

    with request_started.connected_to(note, door.client.application):
        yield seen


@pytest.mark.parametrize(("hook", "body"), [("events", CREATED), ("triggers", TRIGGER), ("events", b"junk")])
def test_a_delivery_goes_past_flask(door: Door, hook: str, body: bytes) -> None:
    with flask_seen(door) as seen:
        assert door.send(body, hook=f"acme/zendesk/{hook}").status_code == 202
        assert door.send(body, hook=f"acme/zendesk/{hook}", headers={}).status_code == 415
        assert door.send(body, hook=f"nobody/zendesk/{hook}").status_code == 404
    assert seen == []


@pytest.mark.parametrize(
    "sent",
    [
        Sent(method="GET"),
        Sent(path="/hooks/acme/zendesk/events/"),
        Sent(path="/hooks/a b/zendesk/events"),
        Sent(more={"HTTP_HOST": "a..b"}),
        Sent(more={"HTTP_HOST": None}),
        Sent(more={"HTTP_CONNECTION": "upgrade", "HTTP_UPGRADE": "websocket"}),
    ],
)
def test_what_is_in_doubt_goes_through_flask(door: Door, sent: Sent) -> None:
    with flask_seen(door) as seen:
        run_wsgi_app(door.client.application, sent.environ())
    assert seen == ["seen"]


CATALOGUE = [
    ("202", Sent()),
    ("202", Sent(path="/hooks/acme/zendesk/triggers", body=TRIGGER, headers=signed(TRIGGER))),
    ("202", Sent(body=b"junk", headers=signed(b"junk"))),
    ("202", Sent(body=b"", headers=signed(b""))),
    ("202", Sent(headers=signed(CREATED) | {"Content-Type": "Application/JSON ; x=y"})),
    ("202", Sent(more={"CONTENT_LENGTH": None, "wsgi.input_terminated": True})),
    ("202", Sent(more={"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True})),
    ("202", Sent(more={"QUERY_STRING": "a=%zz&b"})),
    ("202", Sent(more={"HTTP_HOST": "bridge.example:8443"})),
    ("202", Sent(more={"HTTP_HOST": None})),
    ("202", Sent(more={"HTTP_EXPECT": "100-continue", "SERVER_PROTOCOL": "HTTP/1.0"})),
    ("202", Sent(more={"HTTP_CONNECTION": "upgrade", "HTTP_UPGRADE": "h2c"})),
    ("202", Sent(method="post")),
    ("401", Sent(headers={"Content-Type": JSON})),
    ("401", Sent(headers=signed(b"else"))),
    ("401", Sent(headers=signed(CREATED, timestamp="2026-11-22T09:00:00Z"))),
    ("401", Sent(headers=signed(CREATED, timestamp="soon"))),
    ("401", Sent(more={"CONTENT_LENGTH": "-1"})),
    ("401", Sent(more={"CONTENT_LENGTH": "nine"})),
    ("401", Sent(more={"CONTENT_LENGTH": "7"})),
    ("401", Sent(more={"HTTP_X_ZENDESK_WEBHOOK_SIGNATURE": "\xff"})),
    ("401", Sent(path="/hooks/acme/sailthru/postbacks", body=b"a=b", headers={"Content-Type": FORM})),
    (
        "413",
        Sent(path="/hooks/acme/sailthru/postbacks", body=b"a=b&" * 10_001, headers={"Content-Type": FORM}),
    ),
    ("413", Sent(body=b" " * (1024 * 1024 + 1))),
    ("413", Sent(more={"CONTENT_LENGTH": "9" * 30})),
    (
        "413",
        Sent(body=b" " * (1024 * 1024 + 1), more={"CONTENT_LENGTH": None, "wsgi.input_terminated": True}),
    ),
    ("415", Sent(headers=signed(CREATED) | {"Content-Type": FORM})),
    ("415", Sent(headers={}, more={"CONTENT_TYPE": None})),
    ("415", Sent(path="/hooks/acme/sailthru/postbacks")),
    ("404", Sent(path="/hooks/nobody/zendesk/events")),
    ("404", Sent(path="/hooks/acme/zendesk/event")),
    ("404", Sent(path="/hooks/acme/zendesk/events/")),
    ("404", Sent(path="/hooks/acme/zendesk/events\n")),
    ("404", Sent(path="/hooks/ac/me/zendesk/events")),
    ("404", Sent(path="/hooks/%61cme/zendesk/events")),
    ("404", Sent(path="/hooks/a\xc3\xa9/zendesk/events")),
    ("404", Sent(path="/hooks/a\xff/zendesk/events")),
    ("404", Sent(path="/hooks/../zendesk/events")),
    ("404", Sent(path="")),
    ("404", Sent(path="*")),
    ("308", Sent(path="//hooks//acme/zendesk/events")),
    ("308", Sent(path="/hooks/acme//zendesk/events")),
    ("400", Sent(more={"HTTP_CONNECTION": "Upgrade", "HTTP_UPGRADE": "websocket"})),
    ("400", Sent(more={"HTTP_HOST": "x" * 64})),
    ("400", Sent(more={"HTTP_HOST": "a..b"})),
    *[("405", Sent(method=method)) for method in ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "X")],
]


@pytest.mark.parametrize(("status", "sent"), CATALOGUE)
def test_both_ways_tell_the_same(door: Door, status: str, sent: Sent) -> None:
    assert assert_same(door, sent)[:3] == status


@pytest.mark.parametrize("vice", [Unavailable("broker"), Unavailable("ledger", "gone"), RuntimeError("no")])
def test_both_ways_tell_of_trouble_the_same(door: Door, vice: Exception) -> None:
    door.acceptance.vice = vice
    assert assert_same(door, Sent()) == "503 SERVICE UNAVAILABLE"


class _Broken(io.RawIOBase):
    def read(self, _size: int = -1) -> bytes:
        raise ConnectionResetError("the sender hung up")


def test_a_sender_that_hangs_up_in_its_body_is_the_same_both_ways(door: Door) -> None:
    app = door.client.application
    found = []
    for way in (app.wsgi_app, lambda *call: Flask.wsgi_app(app, *call)):
        body, status, headers = run_wsgi_app(way, Sent().environ() | {"wsgi.input": _Broken()}, buffered=True)
        found.append((b"".join(body), status, list(headers)))
    assert found[0] == found[1]
    assert found[0][1].startswith("503")


NAMES = st.sampled_from(["acme", "nobody", "", "a/b", "a%2Fb", "..", "A-_9", "acme\n"]) | st.text(
    st.characters(max_codepoint=255), max_size=8
)
ENDS = st.sampled_from(["zendesk/events", "zendesk/triggers", "sailthru/postbacks"]) | st.sampled_from(
    ["zendesk/events/", "zendesk//events", "zendesk", "Zendesk/events", "zendesk/events\n", "a/b"]
)
LATIN = st.text(st.characters(max_codepoint=255), max_size=20)
VALUES = {
    "HTTP_HOST": st.sampled_from(["localhost", "x:80", "x:99999999", "a..b", "é", "[::1]:8", "-a", "a-.b"])
    | LATIN,
    "CONTENT_LENGTH": st.sampled_from(["", "0", "5", "+5", " 5", "5,5", "1_0", "-7", "9999999", None]),
    "CONTENT_TYPE": st.sampled_from([JSON, FORM, "", "text/plain", None]) | LATIN,
    "HTTP_TRANSFER_ENCODING": st.sampled_from(["chunked", "Chunked", "gzip, chunked", "identity", '"']),
    "HTTP_CONNECTION": st.sampled_from(["upgrade", "keep-alive, Upgrade", "close"]),
    "HTTP_UPGRADE": st.sampled_from(["websocket", "WebSocket", "h2c"]),
    "HTTP_X_ZENDESK_WEBHOOK_SIGNATURE": LATIN,
    "HTTP_X_ZENDESK_WEBHOOK_SIGNATURE_TIMESTAMP": LATIN,
    "QUERY_STRING": LATIN,
    "SCRIPT_NAME": st.sampled_from(["", "/hooks", "/x"]),
    "wsgi.input_terminated": st.booleans(),
    "wsgi.url_scheme": st.sampled_from(["http", "https"]),
}


@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None
)
@given(
    method=st.sampled_from(["POST"] * 6 + ["GET", "HEAD", "OPTIONS", "post", "BREW"]),
    path=st.builds("/hooks/{}/{}".format, NAMES, ENDS) | st.just(EVENTS) | LATIN,
    body=st.sampled_from([CREATED, TRIGGER, b"", b"a=b&sig=c"]) | st.binary(max_size=60),
    is_signed=st.booleans(),
    more=st.fixed_dictionaries({}, optional=VALUES),
)
def test_whatever_is_sent_both_ways_tell_the_same(
    door: Door, method: str, path: str, body: bytes, is_signed: bool, more: dict[str, Any]
) -> None:
    headers = signed(body) if is_signed else {"Content-Type": FORM}
    assert_same(door, Sent(method, path, body, headers, more))
