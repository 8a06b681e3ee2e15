"""Postbacks: who is told of what, in which words, signed so that Sailthru's own client believes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from sailthru.sailthru_client import SailthruClient, get_signature_hash

from sandbox import Sandbox
from tests.sandbox.conftest import Receiver

ANN = "ann@example.com"
Told = Callable[[], list[dict[str, str]]]


@pytest.fixture
def told(box: Sandbox, receiver: Receiver) -> Told:
    """The forms that came since the last asking."""
    receiver.answer = lambda _nth: (200, {})
    box.sailthru.subscribe(receiver.url)

    def since() -> list[dict[str, str]]:
        box.sailthru.wait_idle()
        forms = [dict(parse_qsl(body.decode(), keep_blank_values=True)) for _, body in receiver.received]
        receiver.received.clear()
        return forms

    return since


def without_signature(form: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in form.items() if name not in ("sig", "api_key", "action")}


@pytest.mark.parametrize("mode", ["basic", "all"])
def test_an_opt_out_and_the_way_back_name_the_same_mode(box: Sandbox, told: Told, mode: str) -> None:
    box.sailthru.create_profile(ANN)
    box.sailthru.set_optout(ANN, mode, blast_id="77")
    box.sailthru.set_optout(ANN, "none")
    out, back = told()
    assert without_signature(out) == {"email": ANN, "mode": mode, "optout": "1", "blast_id": "77"}
    assert without_signature(back) == {"email": ANN, "mode": mode, "optout": "0"}
    assert (out["action"], out["api_key"]) == ("optout", box.sailthru.account.api_key)


def test_a_saved_page_names_lists_vars_and_the_sid(box: Sandbox, told: Told) -> None:
    sid = box.sailthru.create_profile(ANN, lists=["Old"])
    box.sailthru.save_user_page(
        ANN, lists={"News": 1, "Old": 0}, vars={"city": "Łódź", "plan": {"a": [1, True]}}
    )
    (form,) = told()
    assert without_signature(form) == {
        "sid": sid,
        "email": ANN,
        "page": "optout",
        "optout_email": "none",
        "lists[News]": "1",
        "lists[Old]": "0",
        "vars[city]": "Łódź",
        "vars[plan][a][0]": "1",
        "vars[plan][a][1]": "1",
    }
    profile = box.sailthru.profile(ANN)
    assert profile is not None
    assert (list(profile.lists), profile.vars["city"]) == (["News"], "Łódź")


def test_an_update_may_come_without_a_sid(box: Sandbox, told: Told) -> None:
    box.sailthru.create_profile(ANN)
    box.sailthru.oddities.update_sid = False
    box.sailthru.save_user_page(ANN, optout_email="all")
    (form,) = told()
    assert without_signature(form) == {"email": ANN, "page": "optout", "optout_email": "all"}


def test_sailthrus_own_client_accepts_them(box: Sandbox, told: Told, client: SailthruClient) -> None:
    box.sailthru.create_profile(ANN)
    box.sailthru.set_optout(ANN, "all")
    box.sailthru.save_user_page(ANN, lists={"Zażółć": 1}, vars={"empty": "", "deep": {"a": {"b": 2}}})
    box.sailthru.hard_bounce(ANN)
    box.sailthru.hard_bounce(ANN, blast_id="77")
    box.sailthru.verify(ANN)
    optout, update, single, campaign, verify = told()
    assert client.receive_optout_post(optout)
    assert client.receive_update_post(update)
    assert client.receive_hardbounce_post(single)
    assert client.receive_hardbounce_post(campaign)
    # Its check of `verify` fails on Python 3 after the signature, on a reply it decoded already.
    assert verify.pop("sig") == get_signature_hash(verify, box.sailthru.account.api_secret)
    assert client.get_send(verify["send_id"]).get_body()["email"] == ANN


def test_sailthrus_own_client_refuses_what_was_changed(
    box: Sandbox, told: Told, client: SailthruClient
) -> None:
    box.sailthru.create_profile(ANN)
    box.sailthru.set_optout(ANN, "all")
    (form,) = told()
    assert not client.receive_optout_post({**form, "email": "bob@example.com"})
    assert not client.receive_update_post(form)


def test_a_mail_nobody_sent_is_unknown(client: SailthruClient) -> None:
    assert client.get_send("W0").get_body()["error"] == 12
    assert client.get_blast("0").get_body()["error"] == 13


def test_what_a_marketer_or_the_api_does_is_not_told(
    box: Sandbox, told: Told, client: SailthruClient
) -> None:
    box.sailthru.create_profile(ANN)
    box.sailthru.join_list(ANN, "News")
    box.sailthru.set_vars(ANN, a=1)
    box.sailthru.set_score(ANN, 4)
    box.sailthru.edit_optout(ANN, "all")
    box.sailthru.set_engagement(ANN, "dormant")
    box.sailthru.open(ANN)
    box.sailthru.purchase(ANN, 100)
    box.sailthru.change_address(ANN, "new@example.com")
    client.api_post("user", {"id": "new@example.com", "optout_email": "none", "vars": {"a": 2}})
    box.sailthru.delete_profile("new@example.com")
    assert told() == []


def test_with_echo_the_api_tells_of_every_write_even_one_that_changes_nothing(
    box: Sandbox, told: Told, client: SailthruClient
) -> None:
    box.sailthru.oddities.echo = True
    for _ in range(2):
        client.api_post(
            "user", {"id": ANN, "vars": {"tags": ["a", "b"], "sync": False}, "lists": {"News": 1}}
        )
    client.api_get("user", {"id": ANN, "key": "email"})
    first, second = told()
    assert first == second
    profile = box.sailthru.profile(ANN)
    assert profile is not None
    assert without_signature(first) == {
        "sid": profile.sid,
        "email": ANN,
        "page": "api",
        "optout_email": "none",
        "lists[News]": "1",
        "vars[tags][0]": "a",
        "vars[tags][1]": "b",
        "vars[sync]": "",
    }


def test_with_echo_an_opt_out_by_the_api_is_told_twice(
    box: Sandbox, told: Told, client: SailthruClient
) -> None:
    box.sailthru.create_profile(ANN)
    box.sailthru.oddities.echo = True
    client.api_post("user", {"id": ANN, "optout_email": "all"})
    client.api_post("user", {"id": ANN, "optout_email": "all"})
    assert [form["action"] for form in told()] == ["update", "optout", "update"]


def test_a_write_that_is_refused_is_not_told(box: Sandbox, told: Told, client: SailthruClient) -> None:
    box.sailthru.oddities.echo = True
    client.api_post("user", {"id": ANN, "vars": {"1bad": 1}})
    assert told() == []


def test_with_an_echo_of_its_pages_a_marketers_changes_are_told(box: Sandbox, told: Told) -> None:
    sid = box.sailthru.create_profile(ANN)
    box.sailthru.create_profile("twin@example.com")
    box.sailthru.oddities.ui_echo = True
    box.sailthru.join_list(ANN, "News")
    box.sailthru.edit_optout(ANN, "basic")
    box.sailthru.change_address(ANN, "new@example.com")
    box.sailthru.merge("twin@example.com", "new@example.com")
    forms = told()
    assert [form["action"] for form in forms] == ["update", "update", "optout", "update", "update"]
    assert {form["sid"] for form in forms if form["action"] == "update"} == {sid}
    assert forms[-1]["email"] == "new@example.com"


def test_each_kind_goes_to_its_own_address(box: Sandbox, receiver: Receiver) -> None:
    box.sailthru.create_profile(ANN)
    box.sailthru.subscribe(f"{receiver.url}/bounces", ["hardbounce"])
    box.sailthru.set_optout(ANN, "all")
    box.sailthru.hard_bounce(ANN)
    box.sailthru.wait_idle()
    assert [delivery.type for delivery in box.sailthru.deliveries] == ["hardbounce"]
    assert len(receiver.received) == 1


def test_a_postback_that_fails_is_not_sent_again(box: Sandbox, told: Told, receiver: Receiver) -> None:
    receiver.answer = lambda _nth: (503, {"Retry-After": "30"})
    box.sailthru.create_profile(ANN)
    box.sailthru.set_optout(ANN, "all")
    assert len(told()) == 1
    assert box.sailthru.deliveries[0].state == "given up"


def test_postbacks_come_twice_late_or_never_as_asked(box: Sandbox, told: Told) -> None:
    box.sailthru.create_profile(ANN)
    box.sailthru.oddities.duplicate_every = 1
    box.sailthru.set_optout(ANN, "all")
    assert len(told()) == 2
    box.sailthru.oddities.duplicate_every = 0
    box.sailthru.oddities.delay_s = 60
    box.sailthru.set_optout(ANN, "none")
    with pytest.raises(TimeoutError):
        box.sailthru.wait_idle(0.1)
    box.sailthru.flush()
    assert len(told()) == 1
    box.sailthru.oddities.delay_s = 0
    box.sailthru.oddities.drop_fraction = 1.0
    box.sailthru.set_optout(ANN, "all")
    assert told() == []
    assert box.sailthru.deliveries[-1].state == "dropped"


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("open", {"who": ANN, "opened_at": "2026-11-01T10:00:00+00:00"}),
        ("purchase", {"who": ANN, "price": 1999}),
        ("set_optout", {"who": ANN, "mode": "all"}),
        ("put_in_smart_list", {"who": ANN, "name": "Top"}),
        ("lag", {"who": ANN, "seconds": 5}),
        ("set_oddity", {"name": "echo", "value": True}),
        ("wait_idle", {}),
    ],
)
def test_the_verbs_are_there_over_http(box: Sandbox, verb: str, arguments: dict[str, Any]) -> None:
    box.sailthru.create_profile(ANN)
    reply = requests.post(f"{box.sailthru.url}/sandbox/{verb}", json=arguments, timeout=5)
    assert reply.status_code == 200, reply.text
