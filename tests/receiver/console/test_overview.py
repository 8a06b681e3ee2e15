"""The Overview: is it flowing, how old is the oldest, who is in trouble?"""

from __future__ import annotations

import re
from dataclasses import replace

from bridge.clock import to_micros
from bridge.ledger import directions, samples
from bridge.ledger.directions import HALTED, Direction
from bridge.ledger.samples import MINUTE_S, TEN_MINUTES_S
from bridge.pausing import pause
from receiver.app import create_app
from receiver.console.charts import Frame, chart
from receiver.console.words import count, rate, span
from tests.receiver.console.visitor import Visit, Visitor, form_token
from tests.receiver.door import Door

SECOND = 1_000_000


def told(door: Door, step_s: int, **values: float) -> None:
    with door.ledger.writing() as connection:
        named = {name.replace("_", "."): value for name, value in values.items()}
        samples.put(connection, step_s, door.ledger.micros(), named)


def cells(page: str, key: str, *, table: int = 0) -> list[str]:
    """What stands in a row; some keys are in several tables."""
    row = re.findall(rf'<tr data-key="{key}">(.*?)</tr>', page, re.DOTALL)[table]
    return [re.sub(r"<[^>]*>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]


def test_one_look_says_whether_it_flows(door: Door, visit: Visit) -> None:
    told(door, MINUTE_S, zendesk_in=20, zendesk_out=50, zendesk_unapplied=60, sailthru_errors=3, lag_p99=2.5)
    page = visit("viewer").look().text
    assert cells(page, "zendesk")[:6] == ["Zendesk", "0", "0 s", "20/min", "50/min", "2 min"]
    assert cells(page, "sailthru")[3:5] == ["-", "-"]
    assert cells(page, "sailthru", table=1) == ["Sailthru", "-", "3.0/min", "-"]
    assert "99 of 100 within <strong>2.5 s</strong>" in page


def test_installations_in_trouble_come_first_with_why_and_since_when(door: Door, visit: Visit) -> None:
    door.add("aaa")
    since = to_micros(door.clock.now()) - 60 * SECOND
    with door.ledger.writing() as connection:
        directions.put(connection, Direction(1, "sailthru", HALTED, "bad_credentials", since, 1, since))
    door.clock.pass_by(10)
    pause(door.ledger, "zendesk", "acme", operator="root", reason="a move", via="command")
    page = visit("viewer").look().text
    keys = re.findall(r'data-key="(acme[^"]*|aaa)"', page)
    assert keys == ["acme sailthru halted", "acme zendesk paused", "aaa"]
    assert cells(page, "acme sailthru halted")[1:5] == [
        "Sailthru halted",
        "2026-11-22T09:54:18Z",
        "bad_credentials",
        "0",
    ]
    assert cells(page, "acme zendesk paused")[1:4:2] == ["Zendesk paused", "root: a move"]


def test_the_last_hour_or_the_last_day_is_drawn_with_a_table_beside_it(door: Door, visit: Visit) -> None:
    ann = visit("operator")
    told(door, MINUTE_S, agent_in=12)
    told(door, TEN_MINUTES_S, agent_in=7)
    hour, day = ann.look("/").text, ann.look("/?span=day").text
    assert ("in now 12/min" in hour, "in now 7.0/min" in hour) == (True, False)
    assert "in now 7.0/min" in day
    assert hour.count("<svg") == hour.count("<details>") == 3 * 3 + 2 * 2 + 1


def test_a_line_is_drawn_through_numbers_and_not_through_gaps() -> None:
    frame = Frame(begin=0, end=300 * SECOND, step_s=60)
    points = [(0, 0.0), (60 * SECOND, 50.0), (240 * SECOND, 100.0)]
    drawn = chart("Waiting", [("depth", points)], frame, count)
    assert drawn.lines[0].path == "M0.0 72.0h.1L60.0 36.0M240.0 0.0h.1"
    assert (drawn.top, drawn.lines[0].newest) == ("100", "100")
    assert drawn.rows[0] == ("00:04", ["100"])


def test_an_empty_chart_is_no_error() -> None:
    drawn = chart("Lag", [("p50", []), ("p99", [])], Frame(0, SECOND, 60), span)
    assert [line.path for line in drawn.lines] == ["", ""]
    assert drawn.rows == []


def test_numbers_are_said_as_people_read_them() -> None:
    assert [span(value) for value in (None, 0, 0.42, 59.6, 150, 7_500, 400_000)] == [
        "-",
        "0 s",
        "0.4 s",
        "60 s",
        "2 min",
        "2 h 5 min",
        "4 d 15 h",
    ]
    assert [rate(value) for value in (None, 0, 0.4, 1200.4)] == ["-", "0/min", "0.4/min", "1,200/min"]


def test_a_stream_tells_what_changes_and_nothing_twice(door: Door, visit: Visit) -> None:
    ann = visit("operator")
    stream = ann.look("/api/stream?topic=overview", buffered=False)
    assert stream.headers["Content-Type"].startswith("text/event-stream")
    lines = stream.iter_encoded()
    assert next(lines).startswith(b"retry: ")
    assert next(lines).startswith(b"event: overview\ndata: ")
    told(door, MINUTE_S, zendesk_in=77)
    door.clock.pass_by(5)
    assert b"77/min" in next(lines)
    stream.close()


def test_there_is_an_end_of_places_and_then_one_asks(door: Door, visit: Visit) -> None:
    ann = visit("operator")
    client = create_app(
        replace(door.parts, console=replace(door.parts.console, streams_at_once=1))
    ).test_client()
    narrow = Visitor(door, client)
    narrow.sign_in_by_link()
    first = narrow.look("/api/stream?topic=overview", buffered=False)
    full = narrow.look("/api/stream?topic=overview")
    assert (full.status_code, full.json) == (503, {"error": "streams_full"})
    answer = ann.look("/api/live/overview")
    assert "Lanes" in answer.text
    same = ann.look("/api/live/overview", headers={"If-None-Match": answer.headers["ETag"]})
    assert same.status_code == 304
    first.close()
    again = narrow.look("/api/stream?topic=overview", buffered=False)
    assert again.status_code == 200
    again.close()


def test_streams_end_with_their_process(door: Door, visit: Visit) -> None:
    app = create_app(door.parts)
    ann = Visitor(door, app.test_client())
    ann.sign_in_by_link()
    stream = ann.look("/api/stream?topic=overview", buffered=False)
    app.extensions["console_streams"].end()
    assert len(list(stream.iter_encoded())) <= 2
    assert ann.look("/api/stream?topic=overview").status_code == 503


def test_nobody_streams_who_is_not_signed_in(visit: Visit) -> None:
    for path in ("/api/stream?topic=overview", "/api/live/overview"):
        assert visit().look(path).status_code == 401
        assert visit("viewer").look(path.replace("overview", "nothing")).status_code == 404


def test_too_many_pages_at_once_are_told_so(door: Door, visit: Visit) -> None:
    ann = visit("operator")
    none_free = replace(door.parts.console, pages_at_once=0, busy_after_s=0)
    ann.client.application = create_app(replace(door.parts, console=none_free))
    answer = ann.look("/")
    assert (answer.status_code, "Too many pages at once" in answer.text) == (503, True)
    assert ann.look("/login").status_code == 200


def test_pages_carry_the_token_of_their_session(visit: Visit) -> None:
    assert form_token(visit("viewer").look()) != form_token(visit("viewer").look())
