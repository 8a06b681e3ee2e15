"""Who gets in to the console, for how long, and what they may do there."""

from __future__ import annotations

import re

import pytest

from bridge.ledger import operators, sessions
from bridge.ledger.operators import Operator
from bridge.people.passwords import Passwords
from receiver.app import create_app
from receiver.console.console import Console
from receiver.console.sign_in import safe_target
from tests.receiver.console.visitor import Visit, Visitor, form_token, link_path
from tests.receiver.door import Door

PASSWORD = "a horse that nobody rides"


def add(door: Door, name: str = "ada", role: str = "operator") -> None:
    kept = Passwords().hashed(PASSWORD)
    with door.ledger.writing() as connection:
        operators.add(connection, Operator(name, role, kept, created_at=1, changed_at=1))


def sign_in(visitor: Visitor, password: str = PASSWORD, **fields: str) -> int:
    return visitor.send("/login", page="/login", name="ada", password=password, **fields).status_code


def test_signed_out_pages_lead_to_the_door_and_calls_are_refused(visit: Visit) -> None:
    stranger = visit()
    for path in ("/", "/no/such/page"):
        answer = stranger.look(path)
        assert (answer.status_code, answer.location.partition("?")[0]) == (302, "/console/login")
    assert stranger.look("/api/me").status_code == 401
    assert stranger.look("/api/no-such-call").status_code == 401


def test_a_deep_link_is_remembered_through_the_door(door: Door, visit: Visit) -> None:
    add(door)
    stranger = visit()
    answer = stranger.look("/no/such/page?q=type:user&page=2")
    assert answer.location == "/console/login?next=%2Fconsole%2Fno%2Fsuch%2Fpage%3Fq%3Dtype%3Auser%26page%3D2"
    page = stranger.client.get(answer.location)
    assert 'data-next="/console/no/such/page?q=type:user&amp;page=2"' in page.text
    sent = stranger.send(
        "/login", page="/login", name="ada", password=PASSWORD, next="/console/no/such/page?q=1"
    )
    assert sent.location == "/console/no/such/page?q=1"


@pytest.mark.parametrize(
    "given",
    ["https://elsewhere.example/", "//elsewhere.example", "/console//x", "/hooks/", "/console/login", ""],
)
def test_the_door_leads_nowhere_else(given: str) -> None:
    assert safe_target(given) == "/console/"


def test_a_password_lets_in_and_signing_out_ends_it(door: Door, visit: Visit) -> None:
    add(door, role="viewer")
    ada = visit()
    assert sign_in(ada) == 302
    assert ada.look("/api/me").json == {"name": "ada", "role": "viewer"}
    cookie = ada.client.get_cookie("bridge-session", path="/console/")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site) == (True, "Strict")
    assert ada.send("/sign-out").status_code == 302
    assert ada.look("/api/me").status_code == 401
    ada.client.set_cookie("bridge-session", cookie.value, path="/console/")
    assert ada.look("/api/me").status_code == 401  # it ended here, not only in the browser


def test_over_https_the_cookie_is_for_this_host_alone(door: Door, visit: Visit) -> None:
    add(door)
    ada = visit()
    page = ada.client.get("/console/login", base_url="https://bridge.example")
    answer = ada.client.post(
        "/console/login",
        data={"form_token": form_token(page), "name": "ada", "password": PASSWORD},
        base_url="https://bridge.example",
    )
    (cookie,) = [one for one in answer.headers.getlist("Set-Cookie") if "session" in one]
    assert cookie.startswith("__Host-bridge-session=")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_a_wrong_password_is_told_like_a_wrong_name(door: Door, visit: Visit) -> None:
    add(door)
    stranger = visit()
    answers = [
        stranger.send("/login", page="/login", name=name, password="not this one, I fear")
        for name in ("ada", "eve", "no name at all")
    ]
    assert [one.status_code for one in answers] == [401] * 3
    said = {re.sub(r'(value|data-next)="[^"]*"|autofocus', "", one.text) for one in answers}
    assert len(said) == 1


def test_guessing_is_slowed_down_for_all_processes_together(door: Door, visit: Visit) -> None:
    add(door)
    one, other = visit(), visit()
    assert [sign_in(one, "wrong"), sign_in(other, "wrong"), sign_in(one, "wrong")] == [401] * 3
    assert [sign_in(other, "wrong"), sign_in(one, "wrong")] == [401] * 2
    assert sign_in(other) == 429  # the right one, too early
    refused = other.send("/login", page="/login", name="ada", password=PASSWORD)
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    door.clock.pass_by(61)
    assert sign_in(other) == 302


def test_a_link_signs_in_once(door: Door, visit: Visit) -> None:
    path = link_path(door, role="viewer", name="root")
    first, second = visit(), visit()
    assert "This link signs you in" in first.look(path).text  # looking at it uses nothing up
    assert first.send(path, page=path).location == "/console/"
    assert first.look("/api/me").json == {"name": "root", "role": "viewer"}
    again = second.send(path, page="/login")
    assert again.status_code == 401
    assert "used already" in again.text


def test_a_link_that_is_old_or_not_ours_signs_nobody_in(door: Door, visit: Visit) -> None:
    path = link_path(door)
    door.clock.pass_by(601)
    assert visit().send(path, page=path).status_code == 401
    forged = link_path(door).replace(".", "x.")
    assert visit().send(forged, page="/login").status_code == 401


def test_a_session_ends_after_a_working_day(door: Door, visit: Visit) -> None:
    ann = visit("operator")
    door.clock.pass_by(12 * 3600 - 1)
    assert ann.look().status_code == 200
    door.clock.pass_by(1)
    assert ann.look().status_code == 302


def test_a_session_that_is_taken_away_ends_at_once(door: Door, visit: Visit) -> None:
    ann = visit("operator")
    with door.ledger.writing() as connection:
        assert sessions.end_of(connection, "ann") == 1
    assert ann.look("/api/me").status_code == 401


def test_a_cookie_of_another_key_is_nobodys(door: Door, visit: Visit) -> None:
    ann = visit("operator")
    cookie = ann.client.get_cookie("bridge-session", path="/console/")
    assert cookie is not None
    ann.client.set_cookie("bridge-session", cookie.value.replace(".", "x."), path="/console/")
    assert ann.look("/api/me").status_code == 401


def test_a_form_that_another_site_made_changes_nothing(door: Door, visit: Visit) -> None:
    ann = visit("operator")
    for token in ("", "x" * 43, form_token(visit("operator").look())):
        assert ann.client.post("/console/sign-out", data={"form_token": token}).status_code == 403
    assert ann.look("/api/me").status_code == 200


def test_a_sign_in_form_that_another_site_made_lets_nobody_in(door: Door, visit: Visit) -> None:
    add(door)
    token = form_token(visit().look("/login"))
    for visitor in (visit(), visit()):
        sent = visitor.client.post(
            "/console/login", data={"form_token": token, "name": "ada", "password": PASSWORD}
        )
        assert sent.status_code == 403
        visitor.look("/login")  # now it has a cookie, but of another form


def test_viewers_change_nothing_whatever_they_try(door: Door, visit: Visit) -> None:
    viewer = visit("viewer")
    token = form_token(viewer.look())
    for rule in create_app(door.parts).url_map.iter_rules():
        open_to_all = ("/console/login", "/console/link/", "/console/sign-out")
        if not rule.rule.startswith("/console/") or rule.rule.startswith(open_to_all):
            continue
        path = re.sub(r"<[^>]*>", "1", rule.rule)
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
            sent = viewer.client.open(path, method=method, data={"form_token": token})
            assert sent.status_code == 403, f"{method} {path}"


def test_a_page_by_which_viewers_could_change_something_is_not_served(door: Door) -> None:
    with pytest.raises(ValueError, match="viewers change nothing"):
        Console(door.parts.console).page("/lanes", methods=["GET", "POST"])


def test_every_answer_may_stand_in_no_frame_and_runs_nothing_of_its_own(visit: Visit) -> None:
    ann = visit("operator")
    for path in ("/", "/login", "/api/me", "/no/such/page", "/api/no-such-call"):
        headers = ann.look(path).headers
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
    for page in (ann.look("/"), ann.look("/login"), ann.look("/no/such/page")):
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! type=\"module\" src=)", page.text)


def test_a_ledger_that_is_away_is_told_with_what_to_do(door: Door, visit: Visit) -> None:
    ann = visit("operator")
    door.ledger.is_away = True
    answer = ann.look("/")
    assert answer.status_code == 503
    assert "bridge check" in answer.text
    assert ann.look("/api/me").json == {"error": "ledger_away"}
