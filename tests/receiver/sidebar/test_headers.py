"""Only that Zendesk account may frame what is under `/sidebar/`, and errors are no exception."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.receiver.door import Door
from tests.receiver.sidebar.desk import Desk, about

ANSWERS: dict[str, tuple[int, Callable[[Desk], TestResponse]]] = {
    "the page": (200, lambda desk: desk.open()),
    "a refusal": (401, lambda desk: desk.open("nonsense")),
    "a page past Zendesk": (401, lambda desk: desk.client.get("/sidebar/acme")),
    "a call without a token": (401, lambda desk: desk.client.post("/sidebar/acme/api/token", json={})),
    "an address that is none": (404, lambda desk: desk.client.get("/sidebar/acme/nothing/here")),
    "a method that is none": (405, lambda desk: desk.client.delete("/sidebar/acme")),
    "too large a form": (413, lambda desk: desk.open("x" * 200_000)),
    "a fault of ours": (503, lambda desk: broken(desk)),
}


def broken(desk: Desk) -> TestResponse:
    token = desk.page()["token"]
    desk.client.application.view_functions["sidebar_api.token"] = fail
    return desk.call("POST", "token", token, json={})


def fail(**_: str) -> str:
    raise ZeroDivisionError


def directives(response: TestResponse) -> dict[str, str]:
    pairs = (part.strip().partition(" ") for part in response.headers["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in pairs}


@pytest.mark.parametrize("case", ANSWERS)
def test_every_answer_names_who_may_frame_it(desk: Desk, case: str) -> None:
    status, ask = ANSWERS[case]
    response = ask(desk)
    assert response.status_code == status
    found = directives(response)
    assert found["frame-ancestors"] == "https://acme.zendesk.com"
    assert found["default-src"] == "'none'"
    assert found["script-src"] == "'self' https://static.zdassets.com"
    assert found["style-src"] == found["connect-src"] == "'self'"
    assert len(response.headers.getlist("Content-Security-Policy")) == 1
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert "X-Frame-Options" not in response.headers


@pytest.mark.parametrize(
    "path", ["/sidebar/nobody", "/sidebar/nobody/api/none", "/sidebar/", "/sidebar/x/y/z"]
)
def test_where_there_is_no_installation_nobody_may_frame_anything(desk: Desk, path: str) -> None:
    response = desk.client.get(path)
    assert response.status_code == 404
    assert directives(response)["frame-ancestors"] == "'none'"


def test_each_installation_is_framed_by_its_own_account(desk: Desk, door: Door) -> None:
    door.add("other")
    desk.let_in("other", url="https://other.zendesk.com")
    found = directives(desk.client.get("/sidebar/other"))
    assert found["frame-ancestors"] == "https://other.zendesk.com"


def test_a_changed_account_frames_at_the_next_look(desk: Desk) -> None:
    desk.let_in("acme", url="https://new.zendesk.com")
    assert directives(desk.client.get("/sidebar/acme"))["frame-ancestors"] == "https://new.zendesk.com"


def test_the_hooks_keep_their_own_headers(desk: Desk) -> None:
    assert directives(desk.client.get("/hooks/acme/zendesk/events"))["frame-ancestors"] == "'none'"


def test_a_stand_in_on_this_machine_may_bring_its_own_sdk(desk: Desk) -> None:
    # given an account that is played on this machine
    account = "http://127.0.0.1:4711"
    desk.let_in("acme", url=account)
    # when its page names where its stand-in for the SDK is
    response = desk.open(page=f"/sidebar/acme?sdk={account}/sdk.js", iss="127.0.0.1:4711")
    # then that is loaded, and allowed
    assert f'<meta name="bridge-sdk" content="{account}/sdk.js">' in response.text
    assert directives(response)["script-src"] == f"'self' https://static.zdassets.com {account}"
    assert directives(response)["frame-ancestors"] == account


@pytest.mark.parametrize(
    ("account", "sdk"),
    [
        ("https://acme.zendesk.com", "https://acme.zendesk.com/sdk.js"),
        ("https://acme.zendesk.com", "http://127.0.0.1:4711/sdk.js"),
        ("http://127.0.0.1:4711", "https://evil.example.com/sdk.js"),
        ("http://127.0.0.1:4711", "http://127.0.0.1:4712/sdk.js"),
    ],
)
def test_nobody_else_says_where_the_sdk_is(desk: Desk, account: str, sdk: str) -> None:
    desk.let_in("acme", url=account)
    response = desk.open(page=f"/sidebar/acme?sdk={sdk}", iss=account.partition("//")[2])
    assert response.status_code == 200
    assert sdk not in response.text
    assert "https://static.zdassets.com/" in response.text


def test_a_page_holds_no_script_and_no_style_of_its_own(desk: Desk) -> None:
    text = desk.open().text
    assert "<style" not in text
    assert " style=" not in text
    assert " onclick=" not in text
    assert text.count("<script") == len(re.findall(r'<script type="module" src="[^"]+"></script>', text)) == 1


def test_a_file_is_kept_for_ever_under_the_address_of_its_content(desk: Desk) -> None:
    text = desk.open().text
    (address,) = (part for part in text.split('"') if re.search("^/sidebar/static/[0-9a-f]+/page.js$", part))
    kept = desk.client.get(address)
    assert kept.status_code == 200
    assert kept.content_type == "text/javascript; charset=utf-8"
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert kept.headers["X-Content-Type-Options"] == "nosniff"
    assert desk.client.get(address, headers={"If-None-Match": kept.headers["ETag"]}).status_code == 304


def test_an_address_without_the_right_digest_is_asked_again_each_time(desk: Desk) -> None:
    for address in ("/sidebar/static/0/page.js", "/sidebar/static/old/en.json"):
        assert desk.client.get(address).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "name", ["nothing.js", "../page.py", "%2e%2e/page.py", "translations/../../page.py", ""]
)
def test_no_other_file_can_be_had(desk: Desk, name: str) -> None:
    assert desk.client.get(f"/sidebar/static/0/{name}").status_code == 404


def test_the_texts_of_a_language_are_files_too(desk: Desk) -> None:
    page = desk.page()
    assert page["languages"] == ["de", "en", "es", "fr", "ja", "pt"]
    assert desk.client.get(f"{page['texts']}en.json").content_type == "application/json"


def test_all_that_is_loaded_for_english_is_under_60_kb(desk: Desk) -> None:
    page = desk.open()
    named = re.findall(r'(?:href|src)="(/sidebar/static/[^"]+)"', page.text)
    files = [*named, f"{about(page)['texts']}en.json"]
    assert [one.rpartition("/")[2] for one in files] == ["sidebar.css", "page.js", "en.json"]
    assert len(page.data) + sum(len(desk.client.get(one).data) for one in files) < 60_000
