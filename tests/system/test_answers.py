"""What a sender, a load balancer and Prometheus are told; and how soon an operator's change counts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandbox import Sandbox
from sandbox.zendesk import signing
from tests.services.waiting import wait_until
from tests.system import web
from tests.system.accounts import Accounts
from tests.system.conftest import paired, sqlite_in
from tests.system.running import METRICS_TOKEN, WEB, Bridge
from tests.system.web import Answer

pytestmark = pytest.mark.system

IN_USE_S = 5.0
TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
SIGNATURE = "X-Zendesk-Webhook-Signature"
INVENTED = 6164069643999


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Accounts]:
    """A receiver of three workers, and nothing else, that serves all tests of this file in turn."""
    folder = tmp_path_factory.mktemp("door")
    bridge = Bridge(folder, sqlite_in(folder, migrated_file), settings={"WEB_WORKERS": "3"})
    with Sandbox.start(seed=5) as box, paired(box, bridge) as accounts:
        bridge.start(WEB)
        yield accounts


def test_the_door_answers_as_its_contract_says(door: Accounts) -> None:
    good = door.invent(INVENTED)

    def sent(url: str = good.url, body: bytes = good.body, **changed: str | None) -> Answer:
        headers = {**good.headers, **{name.replace("_", "-"): value for name, value in changed.items()}}
        return web.post(url, body, {name: value for name, value in headers.items() if value is not None})

    assert_told(sent(), 202, {"accepted": 1, "ignored": 0})
    assert_told(sent(good.url.replace("acme", "nobody")), 404, "unknown_installation")
    assert_told(sent(body=good.body + b" "), 401, "bad_signature")
    assert_told(sent(X_Zendesk_Webhook_Signature=None), 401, "unsigned")
    assert sent(X_Zendesk_Webhook_Signature="nöt base64").status == 401
    assert_told(sent(body=b"\x00" * (1024 * 1024 + 1)), 413, "too_large")
    assert_told(sent(Content_Type="application/x-www-form-urlencoded"), 415, "wrong_content_type")
    assert_told(sent(body=b""), 401, "bad_signature")
    refused = web.get(good.url)
    assert_told(refused, 405, "method_not_allowed")
    assert refused.headers["allow"] == "POST"
    assert_told(web.get(f"{door.bridge.url}/hooks"), 404, "not_found")

    unknown = door.box.zendesk.render("user.tags_changed", INVENTED, webhook=door.hook)
    strange = door.signed(unknown.body.replace(b"user.tags_changed", b"user.dreams_changed"))
    assert_told(door.send(strange), 202, {"accepted": 0, "ignored": 1})
    for junk in (b"not JSON", b'{"type": 7}', b"[]", b'"\xff"', b"[" * 200_000):
        assert_told(door.send(door.signed(junk)), 202, {"accepted": 1, "ignored": 0})
    assert "Traceback" not in door.bridge.log_of(WEB)


def test_the_door_answers_postbacks_as_its_contract_says(door: Accounts) -> None:
    url = f"{door.bridge.url}/hooks/acme/sailthru/postbacks"
    headers, body = door.box.sailthru.postbacks.render(
        "update", email="zoë@example.com", **{"lists[All Users]": "0", "vars[first_name]": ""}
    )
    assert_told(web.post(url, body, headers), 200, {"accepted": 1, "ignored": 0})
    _, strange = door.box.sailthru.postbacks.render("tattoo", email="ann@example.com")
    assert_told(web.post(url, strange, headers), 200, {"accepted": 0, "ignored": 1})
    _, nobodys = door.box.sailthru.postbacks.render("verify", email="")
    assert_told(web.post(url, nobodys, headers), 200, {"accepted": 1, "ignored": 0})
    assert_told(web.post(url, body + b"&more=1", headers), 401, "bad_signature")
    assert_told(web.post(url, b"action=optout", headers), 401, "unsigned")
    assert_told(web.post(url, b"\xff&=%zz", headers), 401, "unsigned")
    assert_told(web.post(url, body, {"Content-Type": "application/json"}), 415, "wrong_content_type")
    assert_told(web.post(url, body.ljust(1024 * 1024 + 1, b"x"), headers), 413, "too_large")
    assert_told(web.post(url.replace("acme", "nobody"), body, headers), 404, "unknown_installation")
    refused = web.get(url)
    assert_told(refused, 405, "method_not_allowed")
    assert refused.headers["allow"] == "POST"
    assert "Traceback" not in door.bridge.log_of(WEB)


def test_an_old_signature_and_zendesks_public_test_secret_are_refused(door: Accounts) -> None:
    webhooks = door.box.zendesk.webhooks
    body = door.invent(INVENTED).body

    stale = dict(webhooks.headers(door.hook, body))
    old = "2026-01-01T00:00:00Z"
    stale["X-Zendesk-Webhook-Signature-Timestamp"] = old
    stale[SIGNATURE] = signing.sign(door.hook.secret, old, body)
    assert_told(web.post(door.events_url, body, stale), 401, "stale")

    unsaved = dict(webhooks.headers(door.hook, body))
    stamp = unsaved["X-Zendesk-Webhook-Signature-Timestamp"]
    unsaved[SIGNATURE] = signing.sign(TEST_SECRET, stamp, body)
    assert web.post(door.events_url, body, unsaved).status == 401
    assert "test" in door.bridge.log_of(WEB).lower()


def test_health_and_metrics_are_for_those_who_may_see_them(door: Accounts) -> None:
    bridge = door.bridge

    assert bridge.get("/health/live").status == 200
    ready = bridge.get("/health/ready")
    assert (ready.status, ready.json()) == (200, {"degraded": []})
    assert bridge.get("/metrics").status == 200
    assert bridge.get("/metrics", X_Forwarded_For="127.0.0.1").status == 404
    assert bridge.get("/metrics", Forwarded="for=127.0.0.1", Authorization="Bearer x").status == 404
    assert bridge.get("/metrics", Via="1.1 proxy", Authorization=f"Bearer {METRICS_TOKEN}").status == 200


def test_metrics_add_up_over_all_workers_and_show_what_waits_with_no_consumer(door: Accounts) -> None:
    door.send(door.invent(INVENTED))

    counted = 'bridge_deliveries_total{installation="acme",outcome="published",source="webhook"}'
    depth, age = (f'bridge_queue_{name}{{queue="bridge.zendesk"}}' for name in ("depth", "oldest_seconds"))
    before, began = door.bridge.metrics(), time.monotonic()

    with ThreadPoolExecutor(8) as senders:
        sent = list(senders.map(lambda n: door.send(door.invent(INVENTED + n)).status, range(40)))

    assert sent == [202] * 40
    samples = {}
    for _ in range(6):
        samples = door.bridge.metrics()
        assert samples[counted] - before[counted] == 40
        assert samples[depth] - before[depth] == 40
        assert samples['bridge_queue_depth{queue="bridge.agent"}'] == 0
    passed_s = time.monotonic() - began
    assert samples[age] - before[age] == pytest.approx(passed_s, abs=0.5)


def test_an_installation_added_changed_or_removed_counts_within_five_seconds(door: Accounts) -> None:
    assert door.send(door.invent(INVENTED)).status == 202
    new = door.box.zendesk.webhooks.add(door.events_url, ["user.tags_changed"])
    by_new_secret = door.box.zendesk.render("user.tags_changed", INVENTED, webhook=new)
    assert door.send(by_new_secret).status == 401

    change = f'[zendesk]\nwebhook_secrets = ["{new.secret}"]\n'
    assert door.bridge.said("installations", "set", "acme", "--from", "-", given=change)["name"] == "acme"
    assert door.send(by_new_secret).status == 202
    old_is_refused = lambda: door.send(door.invent(INVENTED)).status == 401  # noqa: E731
    wait_until(old_is_refused, within_s=IN_USE_S, what="the old secret counts no more")

    assert door.bridge.said("installations", "remove", "acme", "--yes")["removed"] is True
    is_gone = lambda: door.send(by_new_secret).status == 404  # noqa: E731
    wait_until(is_gone, within_s=IN_USE_S, what="the removed installation is unknown")

    door.pair()
    assert door.send(door.invent(INVENTED)).status == 202


def assert_told(answer: Answer, status: int, content: str | Mapping[str, int]) -> None:
    """An answer is short JSON and nothing else: what was accepted, or the code of an error."""
    expected = {"error": content} if isinstance(content, str) else dict(content)
    assert (answer.status, json.loads(answer.body)) == (status, expected)
    assert answer.headers["content-type"] == "application/json"
