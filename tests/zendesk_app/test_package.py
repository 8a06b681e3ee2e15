"""The package that `bridge app package` writes is one that Zendesk takes; each rule can find its fault."""

from __future__ import annotations

import json
import runpy
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from bridge.app_package import SOURCE, packed
from tests.commands.test_app import URL, files_of
from tests.zendesk_app import rules

Break = Callable[[dict[str, bytes]], None]


def change(**changed: Any) -> Break:
    """Other words in the manifest; None leaves one out."""

    def break_it(files: dict[str, bytes]) -> None:
        known = {**json.loads(files["manifest.json"]), **changed}
        kept = {name: value for name, value in known.items() if value is not None}
        files["manifest.json"] = json.dumps(kept).encode()

    return break_it


def put(path: str, content: bytes) -> Break:
    return lambda files: files.update({path: content})


def drop(path: str) -> Break:
    def break_it(files: dict[str, bytes]) -> None:
        del files[path]

    return break_it


def place(settings: Any, where: str = "ticket_sidebar") -> Break:
    return change(location={"support": {where: settings}})


AUTHOR = {"name": "A", "email": "a@example.com", "url": URL}
BROKEN: list[tuple[rules.Rule, Break]] = [
    (rules.is_at_the_root, drop("manifest.json")),
    (rules.is_at_the_root, put("manifest.json", b"{")),
    (rules.has_only_known_folders, put("app/manifest.json", b"{}")),
    (rules.holds_no_archives, put("assets/more.zip", b"")),
    (rules.holds_no_archives, put("assets/manual.pdf", b"")),
    (rules.names_its_author, change(author=None)),
    (rules.names_its_author, change(author={**AUTHOR, "email": 7})),
    (rules.names_its_author, change(author={**AUTHOR, "name": ""})),
    (rules.names_its_author, change(author={**AUTHOR, "url": "ftp://x"})),
    (rules.has_its_default_locale, change(defaultLocale=None)),
    (rules.has_its_default_locale, change(defaultLocale="English")),
    (rules.has_its_default_locale, drop("translations/en.json")),
    (rules.is_of_the_second_framework, change(frameworkVersion=2.0)),
    (rules.has_real_flags, change(signedUrls="true")),
    (rules.has_real_flags, change(private=1)),
    (rules.has_a_place, change(location=None)),
    (rules.has_a_place, place({"url": URL}, "side_bar")),
    (rules.has_places_of_known_settings, place({"url": URL, "colour": "red"})),
    (rules.has_places_of_known_settings, place({"url": URL, "autoLoad": "yes"})),
    (rules.opens_safe_addresses, place({"url": "http://bridge.example.com/"})),
    (rules.opens_safe_addresses, place({"url": ""})),
    (rules.opens_safe_addresses, place("assets/iframe.html")),
    (rules.opens_safe_addresses, place("iframe.html")),
    (rules.has_sound_parameters, change(parameters=[{"name": "a"}, {"name": "a"}])),
    (rules.has_sound_parameters, change(parameters=[{"name": "name"}])),
    (rules.has_sound_parameters, change(parameters=[{"name": "a", "type": "password"}])),
    (rules.has_sound_parameters, change(parameters=[{"name": "a", "type": "dropdown"}])),
    (rules.has_sound_parameters, change(parameters=[{"name": "a", "type": "hidden", "required": True}])),
    (rules.has_sound_parameters, change(parameters=[{"name": "a", "scopes": ["header"]}])),
    (rules.has_sound_parameters, change(parameters=[{"name": "a", "secure": True}])),
    (rules.whitelists_texts, change(domainWhitelist="example.com")),
    (rules.whitelists_texts, change(parameters=[{"name": "a", "secure": True, "scopes": ["header"]}])),
    (rules.has_readable_translations, put("translations/en.json", b"{")),
    (rules.has_readable_translations, put("translations/fr.json", b'{"app": {"name": ""}}')),
    (rules.has_readable_translations, put("translations/klingon.json", b'{"app": {"name": "x"}}')),
    (rules.has_readable_translations, put("translations/de.json", b'{"app": {"name": "x", "other": 7}}')),
    (rules.has_logos, drop("assets/logo.png")),
    (rules.has_logos, put("assets/logo-small.png", b"GIF89a")),
    (rules.loads_nothing_insecure, put("assets/a.js", b'load("http://example.com/x.js")')),
    (rules.gives_no_secret_away, put("assets/a.js", b'api_key = "abcdef0123456789"')),
    (rules.gives_no_secret_away, put("assets/key.txt", b"-----BEGIN RSA PRIVATE KEY-----")),
]


@pytest.fixture
def files() -> dict[str, bytes]:
    return files_of(packed(URL, "acme"))


def test_zendesks_validator_finds_nothing(files: dict[str, bytes]) -> None:
    assert rules.faults(files) == []


@pytest.mark.parametrize(("rule", "break_it"), BROKEN)
def test_each_rule_finds_its_fault(files: dict[str, bytes], rule: rules.Rule, break_it: Break) -> None:
    assert list(rule(files)) == []
    break_it(files)
    assert list(rule(files)) != []


def test_no_rule_is_without_a_fault_that_it_finds() -> None:
    assert {rule for rule, _ in BROKEN} == set(rules.RULES)


def test_a_public_app_would_need_more_words(files: dict[str, bytes]) -> None:
    change(private=False)(files)
    assert list(rules.has_readable_translations(files)) == []
    put("translations/en.json", b'{"app": {"name": "x"}}')(files)
    assert len(list(rules.has_readable_translations(files))) == 3


def test_both_places_open_the_page_of_this_installation_signed(files: dict[str, bytes]) -> None:
    manifest = json.loads(files["manifest.json"])
    assert manifest["signedUrls"] is True
    assert {place: told["url"] for place, told in manifest["location"]["support"].items()} == {
        "ticket_sidebar": f"{URL}/sidebar/acme",
        "user_sidebar": f"{URL}/sidebar/acme",
    }
    assert "parameters" not in manifest


def test_only_what_belongs_in_it_is_packed(files: dict[str, bytes]) -> None:
    assert sorted(files) == [
        *("assets/logo-small.png", "assets/logo.png", "manifest.json"),
        *(f"translations/{locale}.json" for locale in ("de", "en", "es", "fr", "ja", "pt")),
    ]


def test_all_languages_say_the_same_things() -> None:
    texts = {path.stem: json.loads(path.read_text())["app"] for path in SOURCE.glob("translations/*.json")}
    assert len({tuple(sorted(app)) for app in texts.values()}) == 1


def test_which_languages_nobody_reviewed_is_said() -> None:
    told = (SOURCE / "README.md").read_text()
    unreviewed = {path.stem for path in SOURCE.glob("translations/*.json")} - {"en"}
    assert "not reviewed" in told
    assert all(f"`{locale}`" in told for locale in unreviewed)


def test_the_same_sources_make_the_same_package() -> None:
    assert packed(URL, "acme") == packed(URL, "acme")


def test_the_logos_are_what_the_script_draws() -> None:
    script = runpy.run_path(str(SOURCE / "draw_logos.py"))
    drawn = script["png"](script["drawn"](128))
    assert pixels(drawn) == pixels((SOURCE / "assets" / "logo-small.png").read_bytes())


def pixels(png: bytes) -> bytes:
    start = png.index(b"IDAT")
    length = int.from_bytes(png[start - 4 : start], "big")
    return zlib.decompress(png[start + 4 : start + 4 + length])
