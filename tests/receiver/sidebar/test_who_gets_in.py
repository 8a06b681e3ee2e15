"""The page opens to Zendesk's token alone, and says to everybody else what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from tests.receiver.door import Door
from tests.receiver.sidebar.desk import AUDIENCE, KEY, Desk, hs256, public_pem, rs256, unsigned

NOBODYS = generate_private_key(public_exponent=65537, key_size=2048)

NO_KEY = "-----BEGIN PUBLIC KEY-----\nbm90aGluZw==\n-----END PUBLIC KEY-----"

ATTACKS: dict[str, Callable[[Desk], str]] = {
    "no token": lambda desk: "",
    "no token at all": lambda desk: "four.letter.word",
    "only dots": lambda desk: "..",
    "another alphabet": lambda desk: "töken.ü.ö",
    "endless": lambda desk: "a" * 60_000,
    "deeply nested": lambda desk: rs256(desk.claims(deep=None)).split(".")[0] + "." + "W1tb" * 2000 + ".a",
    "the audience of another app": lambda desk: rs256(desk.claims(aud=AUDIENCE.replace("1.json", "2.json"))),
    "no audience": lambda desk: rs256(desk.claims(aud=None)),
    "an audience that is no text": lambda desk: rs256(desk.claims(aud=7)),
    "another account": lambda desk: rs256(desk.claims(iss="evil.zendesk.com")),
    "an account that begins alike": lambda desk: rs256(desk.claims(iss="acme.zendesk.com.evil.com")),
    "no account": lambda desk: rs256(desk.claims(iss=None)),
    "expired": lambda desk: rs256(desk.claims(exp=now(desk) - 31)),
    "never expires": lambda desk: rs256(desk.claims(exp=None)),
    "expires at no time": lambda desk: rs256(desk.claims(exp="tomorrow")),
    "expires after all time": lambda desk: rs256(desk.claims(exp=10**18)),
    "expires when true": lambda desk: rs256(desk.claims(exp=True)),
    "made in the future": lambda desk: rs256(desk.claims(iat=now(desk) + 31, exp=now(desk) + 99)),
    "made at no known time": lambda desk: rs256(desk.claims(iat=None)),
    "made long ago and valid for a day": lambda desk: rs256(
        desk.claims(iat=now(desk) - 631, exp=now(desk) + 86_400)
    ),
    "not valid yet": lambda desk: rs256(desk.claims(nbf=now(desk) + 31)),
    "unsigned": lambda desk: unsigned(desk.claims()),
    "signed with the public key as a secret": lambda desk: hs256(
        desk.claims(), public_pem(desk.key).encode()
    ),
    "signed with the public key and a line end": lambda desk: hs256(
        desk.claims(), f"{public_pem(desk.key)}\n".encode()
    ),
    "signed with nothing": lambda desk: hs256(desk.claims(), b""),
    "signed by another app": lambda desk: rs256(desk.claims(), NOBODYS),
    "says it is HS256 but is not": lambda desk: rs256(desk.claims(), alg="HS256"),
    "says it needs nothing": lambda desk: rs256(desk.claims(), alg="none"),
    "brings its own key": lambda desk: rs256(desk.claims(), NOBODYS, jwk={"kty": "RSA"}, kid="../../k"),
    "altered": lambda desk: altered(rs256(desk.claims())),
    "cut short": lambda desk: rs256(desk.claims())[:-9],
    "critical words nobody knows": lambda desk: rs256(desk.claims(), crit=["b64"], b64=False),
}


def now(desk: Desk) -> int:
    return int(desk.door.clock.now().timestamp())


def altered(token: str) -> str:
    head, body, signature = token.split(".")
    return f"{head}.{body[:-2]}{'AA' if body[-2:] != 'AA' else 'BB'}.{signature}"


def test_zendesks_token_opens_the_page(desk: Desk) -> None:
    response = desk.open()
    assert response.status_code == 200
    assert response.content_type == "text/html; charset=utf-8"
    assert "https://static.zdassets.com/zendesk_app_framework_sdk/2.0/zaf_sdk.min.js" in response.text


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://acme.zendesk.com"},
        {"aud": ["https://elsewhere.example.com", AUDIENCE]},
        {"sub": "whoever"},
        {"sub": None, "context": None, "qsh": "anything"},
    ],
)
def test_what_zendesk_may_write_otherwise_opens_it_too(desk: Desk, claims: dict[str, Any]) -> None:
    assert desk.open(**claims).status_code == 200


@pytest.mark.parametrize("skew", [-30, 30])
def test_clocks_may_differ_by_half_a_minute(desk: Desk, skew: int) -> None:
    assert desk.open(iat=now(desk) + skew, exp=now(desk) + max(skew, -30)).status_code == 200


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_other_token_opens_it(desk: Desk, attack: str) -> None:
    response = desk.open(ATTACKS[attack](desk))
    assert response.status_code == 401
    assert "bridge-page" not in response.text
    assert "<h1>" in response.text


def test_a_token_of_one_account_does_not_open_the_page_of_another(desk: Desk, door: Door) -> None:
    # given another installation of the same vendor's app, with the same key
    door.add("other")
    desk.let_in("other", url="https://other.zendesk.com", app_audience=AUDIENCE.replace("acme", "other"))
    # when acme's token is sent to it
    response = desk.open(page="/sidebar/other")
    # then
    assert response.status_code == 401


@pytest.mark.parametrize(
    "missing",
    [{"app_public_key": ""}, {"app_audience": ""}, {"app_public_key": NO_KEY}],
)
def test_without_key_or_audience_nobody_gets_in_and_the_page_says_why(
    desk: Desk, missing: dict[str, str]
) -> None:
    desk.let_in("acme", **missing)
    response = desk.open()
    assert response.status_code == 401
    assert 'data-code="no_app_key"' in response.text


def test_a_key_that_was_set_opens_without_a_restart(desk: Desk, door: Door) -> None:
    # given a receiver that knows the installation without a key
    desk.let_in("acme", app_public_key="")
    assert desk.open().status_code == 401
    # when the key is set
    desk.let_in("acme")
    # then
    assert desk.open().status_code == 200


def test_nobody_is_let_in_where_there_is_no_installation(desk: Desk) -> None:
    assert desk.open(page="/sidebar/nobody").status_code == 404
    assert desk.client.get("/sidebar/nobody").status_code == 404


def test_a_page_opened_past_zendesk_says_where_it_belongs(desk: Desk) -> None:
    response = desk.client.get("/sidebar/acme")
    assert response.status_code == 401
    assert "Open this page in Zendesk" in response.text


def test_while_the_ledger_is_away_a_known_installation_still_opens(desk: Desk, door: Door) -> None:
    assert desk.open().status_code == 200
    door.ledger.is_away = True
    door.clock.pass_by(60)
    assert desk.open().status_code == 200


def test_while_the_ledger_is_away_a_stranger_is_asked_to_come_again(desk: Desk, door: Door) -> None:
    door.ledger.is_away = True
    response = desk.open(page="/sidebar/nobody")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "30"
    assert "<h1>" in response.text


@pytest.mark.parametrize(
    ("sub", "agent"),
    [
        ("https://acme.zendesk.com/api/v2/users/123.json", "123"),
        ("https://acme.zendesk.com/api/v2/users/123", "123"),
        ("123", "123"),
        (123, "123"),
        (None, None),
        ("https://evil.example.com/api/v2/users/123.json", None),
        ("https://acme.zendesk.com.evil.com/api/v2/users/123.json", None),
        ("somebody", None),
        ("", None),
        ("9" * 30, None),
        (True, None),
        ({"id": 5}, None),
    ],
)
def test_the_agent_is_whom_zendesks_token_names(desk: Desk, sub: Any, agent: str | None) -> None:
    assert desk.page(sub=sub)["agent"] == agent


def test_no_token_is_ever_in_the_log(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    token = rs256(desk.claims(aud="https://elsewhere.example.com"))
    desk.open(token)
    shown = capsys.readouterr()
    assert token.split(".")[2][:20] not in shown.out + shown.err


def test_the_key_of_the_tests_is_not_the_strangers() -> None:
    assert public_pem(KEY) != public_pem(NOBODYS)
