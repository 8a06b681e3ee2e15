from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.installation import (
    BadInstallation,
    InstallationSettings,
    Options,
    as_record,
    changed,
    documented,
    installation_settings,
)
from schemas.installation_secrets import SECRET_KEYS, joined, split
from schemas.installation_values import PUBLIC_TEST_SECRET

LEAST: dict[str, Any] = {
    "zendesk": {
        "url": "https://acme.zendesk.com",
        "oauth_client_id": "bridge",
        "oauth_client_secret": "oauth-secret",
    },
    "sailthru": {"api_key": "key", "api_secret": "api-secret"},
}


def having(section: str, **keys: Any) -> dict[str, Any]:
    record = deepcopy(LEAST)
    record.setdefault(section, {}).update(keys)
    return record


def faults(record: Any) -> tuple[str, ...]:
    with pytest.raises(BadInstallation) as caught:
        installation_settings(record)
    return caught.value.faults


def test_the_least_file_gets_the_defaults() -> None:
    settings = installation_settings(LEAST)
    assert settings.options == Options()
    assert settings.sailthru.url == "https://api.sailthru.com"
    assert settings.zendesk.webhook_secrets == ()


def test_a_whole_file_is_read_and_written_alike() -> None:
    record = having(
        "zendesk", webhook_secrets=["one", "two"], app_audience=AUDIENCE, app_public_key=PUBLIC_KEY
    )
    record["options"] = {
        "predictions": ["pv_30"],
        "tickets_kept": 3,
        "create_profiles": True,
        "zendesk_share": 1,
    }
    settings = installation_settings(record)
    assert settings.options.predictions == ("pv_30",)
    assert installation_settings(as_record(settings)) == settings
    public, secret = split(as_record(settings))
    assert joined(public, secret) == as_record(settings)


def test_secrets_are_kept_apart_and_never_shown() -> None:
    record = having("zendesk", webhook_secrets=["hook-secret"])
    settings = installation_settings(record)
    public, _secret = split(as_record(settings))
    for secret in ("hook-secret", "oauth-secret", "api-secret"):
        assert secret not in repr(settings)
        assert secret not in repr(public)
    known = {(key.section, key.name) for key in documented()}
    assert {(section, key) for section, keys in SECRET_KEYS.items() for key in keys} <= known


def test_every_fault_is_named_at_once_with_its_place() -> None:
    record: dict[str, Any] = {
        "zendesk": {"url": "http://acme.zendesk.com", "email": "a@b.c", "webhook_secret": "x"},
        "sailthru": {"api_key": ""},
        "option": {},
        "options": {"email_conflict": "guess", "tickets_kept": True, "zendesk_share": 0, "predictions": "pv"},
    }
    record["options"]["score_boundaries"] = [1, 2]

    assert {fault.partition(":")[0] for fault in faults(record)} == {
        "zendesk.url",
        "zendesk.api_token",
        "zendesk.webhook_secret",
        "sailthru.api_key",
        "sailthru.api_secret",
        "option",
        "options.email_conflict",
        "options.tickets_kept",
        "options.zendesk_share",
        "options.predictions",
        "options.score_boundaries",
    }


def test_a_typing_mistake_is_a_fault_that_says_what_was_meant() -> None:
    assert faults(having("zendesk", webhook_secret=["x"])) == (
        "zendesk.webhook_secret: is not a key of this file; did you mean webhook_secrets?",
    )


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://Acme.Zendesk.com/", "https://acme.zendesk.com"),
        (" https://acme.zendesk.com\n", "https://acme.zendesk.com"),
        ("http://127.0.0.1:8001/", "http://127.0.0.1:8001"),
        ("http://localhost:8001", "http://localhost:8001"),
        ("http://[::1]:8001", "http://[::1]:8001"),
    ],
)
def test_addresses_are_brought_to_one_spelling(url: str, read: str) -> None:
    assert installation_settings(having("zendesk", url=url)).zendesk.url == read


@pytest.mark.parametrize(
    "url",
    [
        "",
        "acme.zendesk.com",
        "http://acme.zendesk.com",
        "http://127.0.0.1.example.com",
        "https://acme.zendesk.com/agent",
        "https://me:pw@acme.zendesk.com",
        "https://acme.zendesk.com?x=1",
        "https://[::1",
        "https://acme.zendesk.com:port",
        "ftp://acme.zendesk.com",
        7,
        None,
    ],
)
def test_other_addresses_are_refused(url: Any) -> None:
    (fault,) = faults(having("zendesk", url=url))
    assert fault.startswith("zendesk.url: ")


@pytest.mark.parametrize(
    "keys",
    [
        {"oauth_client_id": "", "oauth_client_secret": ""},
        {"oauth_client_secret": ""},
        {"email": "a@b.c", "api_token": "t"},
    ],
)
def test_exactly_one_complete_way_in_is_needed(keys: Mapping[str, str]) -> None:
    (fault,) = faults(having("zendesk", **keys))
    assert fault.startswith("zendesk")


@pytest.mark.parametrize("value", ["var:x", "percentile:clv_2", "smart_lists:Gold=4, Silver plate=3"])
def test_a_value_score_has_three_forms(value: str) -> None:
    assert installation_settings(having("options", value_score=value)).options.value_score == value


def test_the_boundaries_of_the_score_may_be_fractions_and_touch_both_ends() -> None:
    settings = installation_settings(having("options", score_boundaries=[0, 99.5, 100]))
    assert list(settings.options.score_boundaries) == [0, 99.5, 100]
    assert installation_settings(as_record(settings)) == settings


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("value_score", "var:"),
        ("value_score", "vars:x"),
        ("value_score", "smart_lists:"),
        ("value_score", "smart_lists:Gold"),
        ("value_score", "smart_lists:Gold=high"),
        ("value_score", "smart_lists:Gold=5"),
        ("value_score", "smart_lists:Gold=0"),
        ("score_boundaries", [25, 50]),
        ("score_boundaries", [25, 25, 75]),
        ("score_boundaries", [75, 50, 25]),
        ("score_boundaries", [-1, 50, 75]),
        ("score_boundaries", [25, 50, 101]),
        ("score_boundaries", [25, "50", 75]),
        ("score_boundaries", [True, 50, 75]),
        ("score_boundaries", [25, float("nan"), 75]),
        ("score_boundaries", "25,50,75"),
        ("score_boundaries", None),
        ("email_conflict", "Merge"),
        ("high_value_at", "4"),
        ("high_value_at", 4.5),
        ("high_value_at", 0),
        ("high_value_at", 5),
        ("tickets_kept", 0),
        ("predictions", ["pv 30"]),
        ("currency", "usd"),
        ("ticket_subjects", "false"),
        ("ticket_subjects", 0),
        ("profile_link", "https://x/{user}"),
        ("profile_link", "https://x/{"),
        ("profile_link", "javascript:alert(1)"),
        ("zendesk_share", 0),
        ("sailthru_share", 1.01),
        ("sailthru_share", True),
        ("sailthru_share", "0.5"),
        ("sailthru_share", float("nan")),
    ],
)
def test_an_option_out_of_its_range_is_refused(key: str, value: Any) -> None:
    (fault,) = faults(having("options", **{key: value}))
    assert fault.startswith(f"options.{key}")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("webhook_secrets", [PUBLIC_TEST_SECRET]),
        ("webhook_secrets", [""]),
        ("webhook_secrets", "one"),
        ("app_public_key", "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----"),
        ("app_audience", "https://acme.zendesk.com"),
    ],
)
def test_a_secret_that_guards_nothing_is_refused(key: str, value: Any) -> None:
    (fault,) = faults(having("zendesk", **{key: value}))
    assert fault.startswith(f"zendesk.{key}")


def test_given_keys_replace_and_others_stay() -> None:
    before = installation_settings(having("zendesk", webhook_secrets=["old"]))
    after = changed(before, {"zendesk": {"webhook_secrets": ["new", "old"]}, "options": {"tickets_kept": 9}})
    assert after.zendesk.webhook_secrets == ("new", "old")
    assert after.zendesk.oauth_client_secret == "oauth-secret"
    assert after.options == Options(tickets_kept=9)


def test_a_new_way_in_replaces_the_other_one() -> None:
    by_token = changed(installation_settings(LEAST), {"zendesk": {"email": "a@b.c", "api_token": "t"}})
    assert (by_token.zendesk.oauth_client_id, by_token.zendesk.api_token) == ("", "t")
    back = changed(by_token, {"zendesk": {"oauth_client_id": "i", "oauth_client_secret": "s"}})
    assert (back.zendesk.email, back.zendesk.api_token, back.zendesk.oauth_client_id) == ("", "", "i")


@pytest.mark.parametrize("changes", [{"zendesk": 5}, {"zendesk": {"urll": "x"}}, {"zendesks": {}}])
def test_a_change_is_as_strict_as_a_file(changes: dict[str, Any]) -> None:
    with pytest.raises(BadInstallation):
        changed(installation_settings(LEAST), changes)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["zendesk", "sailthru", "options", "url", "email", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


def problems(make: Callable[[], InstallationSettings]) -> tuple[str, ...]:
    try:
        make()
    except BadInstallation as error:
        return error.faults
    return ()


@given(JUNK)
def test_junk_gives_faults_and_nothing_else(junk: Any) -> None:
    assert problems(lambda: installation_settings(junk))


@given(JUNK)
def test_junk_as_a_change_gives_faults_or_changes_nothing(junk: Any) -> None:
    before = installation_settings(LEAST)
    assert (
        problems(lambda: changed(before, {"zendesk": junk})) or changed(before, {"zendesk": junk}) == before
    )


AUDIENCE = "https://acme.zendesk.com/api/v2/apps/installations/1.json"
PUBLIC_KEY = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"
