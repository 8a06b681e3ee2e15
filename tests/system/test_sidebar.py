"""The sidebar on a running receiver: from Zendesk's token to what Sailthru holds, and while it is silent."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.receiver.sidebar.desk import AUDIENCE, KEY, public_pem, rs256
from tests.services.waiting import wait_until
from tests.system import web
from tests.system.accounts import Accounts
from tests.system.web import Answer

pytestmark = pytest.mark.system

SIDEBARS = 50
DELIVERIES = 40
SLOWEST_HOOK_S = 2.0
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
AGENT = 123


def open_page(accounts: Accounts) -> Answer:
    """Zendesk opens the page beside a ticket."""
    now, url = int(time.time()), accounts.box.zendesk.url
    claims = {
        "aud": AUDIENCE, "iss": urlsplit(url).netloc, "iat": now, "exp": now + 60,
        "sub": f"{url}/api/v2/users/{AGENT}.json",
    }  # fmt: skip
    body = urlencode({"token": rs256(claims)}).encode()
    return web.post(f"{accounts.bridge.url}/sidebar/acme?origin=x&app_guid=y", body, FORM)


def token_of(page: Answer) -> str:
    (content,) = re.findall(r'name="bridge-page" content="([^"]*)"', page.body.decode())
    return str(json.loads(unescape(content))["token"])


def give_the_key(accounts: Accounts) -> None:
    given = (
        f"[zendesk]\napp_audience = {json.dumps(AUDIENCE)}\napp_public_key = {json.dumps(public_pem(KEY))}\n"
    )
    done = accounts.bridge.run("installations", "set", "acme", "--from", "-", given=given)
    assert done.status == 0, done


class Page:
    """An opened page, calling its API."""

    def __init__(self, accounts: Accounts) -> None:
        opened = open_page(accounts)
        assert opened.status == 200, opened
        self.base = f"{accounts.bridge.url}/sidebar/acme/api"
        self.headers = {"Authorization": f"Bearer {token_of(opened)}", "Content-Type": "application/json"}

    def look(self, user: int) -> dict[str, Any]:
        answer = web.get(f"{self.base}/customer?user={user}", self.headers)
        assert answer.status == 200, answer
        return dict(answer.json())

    def act(self, **asked: Any) -> dict[str, Any]:
        answer = web.post(f"{self.base}/actions", json.dumps(asked).encode(), self.headers)
        assert answer.status == 202, answer
        return dict(answer.json()["action"])


def test_an_agents_click_reaches_the_profile(embedded: Accounts) -> None:
    # given a running bridge with a customer
    accounts, bridge = embedded, embedded.bridge
    give_the_key(accounts)
    bridge.start()
    (anna,) = accounts.welcome(1)
    accounts.until_settled()
    # when Zendesk opens the page and the agent looks
    opened = open_page(accounts)
    assert f"frame-ancestors {accounts.box.zendesk.url}" in opened.headers["content-security-policy"]
    page = Page(accounts)
    assert page.look(anna)["customer"]["state"] == "ok"
    # and moves the slider
    action = page.act(key="click-0001", user=anna, kind="health", value="satisfied")
    # then the profile holds it, and the page sees who set it
    sailthru = accounts.box.sailthru
    wait_until(
        lambda: any(one.vars.get("zendesk_health") == "satisfied" for one in sailthru.profiles()),
        within_s=10,
        what="the profile holds the customer's health",
    )
    assert page.look(anna)["health"]["set_by"] == str(AGENT)
    assert action["id"] in accounts.kept()


def test_with_a_silent_sailthru_and_many_sidebars_open_every_hook_is_answered(embedded: Accounts) -> None:
    # given Sailthru a black hole
    accounts, bridge = embedded, embedded.bridge
    give_the_key(accounts)
    bridge.start()
    (anna,) = accounts.welcome(1)
    accounts.until_settled()
    page = Page(accounts)
    accounts.box.sailthru.faults.black_hole(path="/user", times=None)
    took: list[float] = []
    with ThreadPoolExecutor(SIDEBARS) as agents:
        # when many agents look at once, and deliveries come meanwhile
        views = [agents.submit(page.look, anna) for _ in range(SIDEBARS)]
        for number in range(DELIVERIES):
            began = time.monotonic()
            assert accounts.send(accounts.invent(anna, tag=f"t{number}")).status == 202
            took.append(time.monotonic() - began)
        shown = [view.result(30) for view in views]
    # then every hook was answered soon, and every agent sees what is known
    assert max(took) < SLOWEST_HOOK_S, sorted(took)[-5:]
    assert {one["customer"]["state"] for one in shown} == {"ok"}
    assert all(one["freshness"]["problem"] in ("sailthru_slow", "sailthru_down") for one in shown)
