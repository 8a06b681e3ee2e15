"""The maker's own client is the third opinion on how a request is signed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sailthru.sailthru_client import get_signature_hash

from bridge.remotes.sailthru_signing import leaf_values, signature, signed_parameters

KNOWN = [
    (["123key", "json", '{"id":"neil@example.com"}'], "fa5c79189b708199f3cf69f1cf8f7928"),
    (["123key", "json", '{"id": "neil@example.com"}'], "af2842cc628acee9e257127cf8dcd166"),
    (["123key", "json", '{"id":"zoë@example.com","key":"email"}'], "7c192bf474829c06a5880ba067e856ba"),
]


@pytest.mark.parametrize(("values", "sig"), KNOWN)
def test_the_known_signatures_are_ours(values: list[str], sig: str) -> None:
    assert signature("abcsecret", values) == sig
    assert signature("abcsecret", reversed(values)) == sig


def test_a_postback_is_signed_over_its_values_alone() -> None:
    fields = {"action": "optout", "api_key": "123key", "email": "foo@bar.com", "mode": "basic", "optout": "1"}
    assert signature("abcsecret", leaf_values(fields)) == "52043ae02a95614d4e529300b8a31585"
    fields = {
        "action": "update",
        "api_key": "123key",
        "email": "a@b.com",
        "lists[All Users]": "0",
        "optout_email": "none",
        "page": "optout",
    }
    assert signature("abcsecret", leaf_values(fields)) == "7a8153a3483919913e3ad55e304dc0de"


values_of_any_kind = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
# The maker's client encodes the text as UTF-8, in which half a surrogate pair has no form.
utf8_text = st.text(st.characters(codec="utf-8"))


@settings(deadline=None)  # the machine may be busy
@given(api_key=utf8_text, secret=utf8_text, asked=st.dictionaries(st.text(), values_of_any_kind))
def test_any_request_is_signed_as_the_makers_client_signs_it(
    api_key: str, secret: str, asked: dict[str, Any]
) -> None:
    text = json.dumps(asked)
    ours = signed_parameters(api_key, secret, text)
    theirs = get_signature_hash({"api_key": api_key, "format": "json", "json": text}, secret)
    assert ours["sig"] == theirs


@settings(deadline=None)  # the machine may be busy
@given(
    parameters=st.dictionaries(
        utf8_text,
        st.recursive(
            utf8_text,
            lambda one: st.lists(one, max_size=3) | st.dictionaries(utf8_text, one, max_size=3),
            max_leaves=8,
        ),
        max_size=4,
    )
)
def test_any_nest_of_texts_is_signed_as_the_makers_client_signs_it(parameters: dict[str, Any]) -> None:
    assert signature("s", leaf_values(parameters)) == get_signature_hash(parameters, "s")
