"""The signature of postbacks, alone: vectors, the maker's own client, and junk of every kind."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sailthru.sailthru_client import SailthruClient, get_signature_hash

from receiver.postback_signatures import verify_postback
from receiver.signatures import BadSignature
from schemas.form import TooManyFields
from schemas.installation import SailthruAccount
from tests.payloads import POSTBACKS, form
from tests.receiver.postbacks import KEY, SECRET, encoded, postback, sig, signed_form

URL = "https://api.sailthru.com"
ACCOUNT = SailthruAccount(URL, KEY, SECRET)
GOOD = postback("optout", email="ann@example.com", mode="all", optout="1")


def refusal(body: bytes, account: SailthruAccount = ACCOUNT) -> BadSignature:
    with pytest.raises(BadSignature) as caught:
        verify_postback(body, account)
    assert caught.value.status == 401
    return caught.value


@pytest.mark.parametrize(
    ("fields", "signature"),
    [
        (
            {"action": "optout", "api_key": "123key", "email": "foo@bar.com", "mode": "basic", "optout": "1"},
            "52043ae02a95614d4e529300b8a31585",
        ),
        (
            {
                "action": "update",
                "api_key": "123key",
                "email": "a@b.com",
                "lists[All Users]": "0",
                "optout_email": "none",
                "page": "optout",
            },
            "7a8153a3483919913e3ad55e304dc0de",
        ),
    ],
)
def test_the_known_vectors_are_met(fields: dict[str, str], signature: str) -> None:
    account = SailthruAccount(URL, "123key", "abcsecret")
    verify_postback(urlencode({**fields, "sig": signature}).encode(), account)
    verify_postback(urlencode({"sig": signature, **dict(reversed(fields.items()))}).encode(), account)
    for name in fields:
        changed = {**fields, name: fields[name] + "x", "sig": signature}
        assert refusal(urlencode(changed).encode(), account).code == "bad_signature"


@pytest.mark.parametrize("name", POSTBACKS)
def test_every_recorded_postback_verifies(name: str) -> None:
    verify_postback(form(name), ACCOUNT)


@pytest.mark.parametrize("name", [name for name in POSTBACKS if name not in ("verify", "hardbounce")])
def test_the_makers_client_accepts_what_we_accept(name: str) -> None:
    fields = dict(parse_qsl(form(name).decode(), keep_blank_values=True))
    client = SailthruClient(KEY, SECRET, URL)
    received = client.receive_update_post if name == "update" else client.receive_optout_post
    assert received(fields) is True
    assert received({**fields, "email": "eve@example.com"}) is False


@pytest.mark.parametrize("name", POSTBACKS)
def test_the_makers_signature_of_every_recorded_postback_is_the_one_in_it(name: str) -> None:
    """Of verify and hardbounce too, for which the maker's client asks its API besides."""
    fields = dict(parse_qsl(form(name).decode(), keep_blank_values=True))
    assert fields.pop("sig") == get_signature_hash(fields, SECRET)


# The maker's client encodes as UTF-8, in which half a surrogate pair has no form.
utf8_text = st.text(st.characters(codec="utf-8"), max_size=20)


@settings(deadline=None)  # the machine may be busy
@given(
    fields=st.dictionaries(utf8_text.filter(lambda name: name not in ("sig", "api_key")), utf8_text),
    secret=utf8_text,
    key=utf8_text,
)
def test_whatever_the_makers_client_signs_is_accepted(fields: dict[str, str], secret: str, key: str) -> None:
    parameters = {**fields, "api_key": key}
    body = urlencode({**parameters, "sig": get_signature_hash(parameters, secret)}).encode()
    verify_postback(body, SailthruAccount(URL, key, secret))


@settings(deadline=None)
@given(
    names=st.dictionaries(
        st.sampled_from(["lists", "vars"]), st.dictionaries(utf8_text, utf8_text, max_size=3)
    )
)
def test_nested_fields_are_signed_as_the_makers_client_signs_the_nest(
    names: dict[str, dict[str, str]],
) -> None:
    nest = {"action": "update", "email": "a@b.com", "api_key": KEY, **names}
    flat = {f"{outer}[{name}]": value for outer, inner in names.items() for name, value in inner.items()}
    fields = [("action", "update"), ("email", "a@b.com"), ("api_key", KEY), *flat.items()]
    verify_postback(urlencode([*fields, ("sig", get_signature_hash(nest, SECRET))]).encode(), ACCOUNT)


def test_the_signature_covers_values_alone_so_names_may_be_swapped() -> None:
    """Why a postback is a hint: whoever saw one can make others of it."""
    one, other = ("email", "ann@example.com"), ("mode", "all")
    swapped = [("email", "all"), ("mode", "ann@example.com")]
    fields = [("action", "optout"), ("api_key", KEY)]
    assert sig(value for _, value in [*fields, one, other]) == sig(value for _, value in [*fields, *swapped])


def test_blank_values_are_values() -> None:
    verify_postback(signed_form([("api_key", KEY), ("a", ""), ("b", "x")]), ACCOUNT)


def test_bytes_that_are_no_utf8_are_checked_as_they_came() -> None:
    verify_postback(signed_form([("api_key", KEY), ("action", b"\xff\xfe"), (b"\xff", b"\x00")]), ACCOUNT)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (encoded([("action", "optout"), ("api_key", KEY)]), "no field sig"),
        (b"", "no field sig"),
        (b"&&&", "no field sig"),
        (b'{"action": "optout"}', "no field sig"),
        (b"sig[]=x&SIG=y&sig+=z", "no field sig"),
    ],
)
def test_without_a_sig_it_is_unsigned(body: bytes, words: str) -> None:
    error = refusal(body)
    assert (error.code, words in error.hint) == ("unsigned", True)


@pytest.mark.parametrize(
    "given_sig",
    [
        "",
        "é",
        b"\xff" * 32,
        "0" * 32,
        sig([KEY], "another"),
        sig([KEY]).upper(),
        sig([KEY]) + " ",
        sig([KEY])[:-1],
        "A" * 1_000_000,
    ],
)
def test_only_the_very_32_digits_are_a_signature(given_sig: str | bytes) -> None:
    verify_postback(encoded([("api_key", KEY), ("sig", sig([KEY]))]), ACCOUNT)
    assert refusal(encoded([("api_key", KEY), ("sig", given_sig)])).code == "bad_signature"


def test_a_sig_that_comes_twice_is_none_even_when_both_are_right() -> None:
    good = ("sig", sig([KEY]))
    assert "more than one" in refusal(encoded([("api_key", KEY), good, good])).hint


@pytest.mark.parametrize(
    "fields",
    [
        [("action", "optout")],
        [("action", "optout"), ("api_key", "another")],
        [("action", "optout"), ("api_key", "")],
        [("action", "optout"), ("api_key", KEY), ("api_key", KEY)],
        [("action", "optout"), ("other", KEY)],
        [("action", "optout"), ("api_key", b"\xff")],
    ],
)
def test_a_form_that_is_signed_well_but_carries_another_key_is_refused(
    fields: list[tuple[str, str | bytes]],
) -> None:
    error = refusal(signed_form(fields))
    assert (error.code, "api_key" in error.hint) == ("bad_signature", True)


def test_another_account_with_the_same_secret_is_another_account() -> None:
    refusal(GOOD, SailthruAccount(URL, "another", SECRET))
    refusal(GOOD, SailthruAccount(URL, KEY, "another"))


def test_an_account_of_odd_letters_verifies_too() -> None:
    account = SailthruAccount(URL, "schlüssel", "größe")
    verify_postback(postback("optout", key="schlüssel", secret="größe", email="a@b.com"), account)


@given(
    st.binary(max_size=300)
    | st.lists(st.sampled_from([b"sig", b"=", b"&", b"%", b"api_key", b"key"])).map(b"".join)
)
def test_junk_ends_in_bad_signature(body: bytes) -> None:
    with suppress(BadSignature):
        verify_postback(body, ACCOUNT)
        raise AssertionError("junk verified")


def test_a_form_of_too_many_fields_is_no_work() -> None:
    with pytest.raises(TooManyFields):
        verify_postback(b"a&" * 20_000, ACCOUNT)
