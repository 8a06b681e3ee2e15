"""What Zendesk's validator of apps refuses, as far as an app like ours can break it.

Ported in our own words from the behaviour of zendesk/zendesk_apps_support (August 2026); each rule gets the
package's files and says what is wrong with them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

Files = Mapping[str, bytes]
Rule = Callable[[Files], Iterator[str]]

LOCALE = re.compile(r"[a-z]{2,3}(-\w{2,3})?")
FLAGS = ("private", "signedUrls", "singleInstall", "requirementsOnly", "marketingOnly")
PLACES = {
    *("ticket_sidebar", "new_ticket_sidebar", "user_sidebar", "organization_sidebar", "top_bar"),
    *("nav_bar", "background", "modal", "ticket_editor"),
}
PLACE_SETTINGS = {"url", "autoLoad", "autoHide", "flexible", "signed", "size", "objectTypes"}
TYPES = {"text", "checkbox", "url", "number", "multiline", "hidden", "oauth", "mtls"}
SCOPES = {
    *("header", "body", "url", "jwt_secret_key", "jwt_claim", "basic_auth_username", "basic_auth_password"),
}
PUBLIC_TEXTS = ("short_description", "long_description", "installation_instructions")
SECRET = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b"
    rb"|(?i:(password|secret|token|api_key)\"?\s*[:=]\s*\"[^\"{]{8,})"
)
INSECURE = re.compile(rb"http://(?!localhost|127\.0\.0\.1)")


def read(files: Files, path: str) -> Any:
    try:
        return json.loads(files.get(path, b"null"))
    except ValueError:
        return None


def manifest(files: Files) -> dict[str, Any]:
    found = read(files, "manifest.json")
    return found if isinstance(found, dict) else {}


def is_at_the_root(files: Files) -> Iterator[str]:
    if not isinstance(read(files, "manifest.json"), dict):
        yield "manifest.json is not at the root, or is no JSON object"


def has_only_known_folders(files: Files) -> Iterator[str]:
    for path in files:
        top, slash, _ = path.partition("/")
        if slash and top not in ("assets", "translations", "lib"):
            yield f"{path}: no such folder belongs in a package"


def holds_no_archives(files: Files) -> Iterator[str]:
    for path in files:
        if path.lower().endswith((".zip", ".pdf", ".tar", ".gz")):
            yield f"{path}: archives and PDFs are refused"


def names_its_author(files: Files) -> Iterator[str]:
    author = manifest(files).get("author")
    if not isinstance(author, dict):
        yield "author is missing"
        return
    for key in ("name", "email"):
        if not isinstance(author.get(key), str) or not author[key]:
            yield f"author.{key} must be a text"
    if urlsplit(str(author.get("url", ""))).scheme not in ("http", "https"):
        yield "author.url must be an address"


def has_its_default_locale(files: Files) -> Iterator[str]:
    locale = manifest(files).get("defaultLocale")
    if not isinstance(locale, str) or not LOCALE.fullmatch(locale):
        yield "defaultLocale is missing or no locale"
    elif f"translations/{locale}.json" not in files:
        yield f"translations/{locale}.json is missing"


def is_of_the_second_framework(files: Files) -> Iterator[str]:
    if manifest(files).get("frameworkVersion") != "2.0":
        yield 'frameworkVersion must be "2.0"'


def has_real_flags(files: Files) -> Iterator[str]:
    for flag in FLAGS:
        if not isinstance(manifest(files).get(flag, False), bool):
            yield f"{flag} must be true or false"


def has_a_place(files: Files) -> Iterator[str]:
    location = manifest(files).get("location")
    if not isinstance(location, dict) or not location:
        yield "location is missing"
        return
    for places in location.values():
        for place in places:
            if place not in PLACES:
                yield f"{place}: no such location"


def places(files: Files) -> Iterator[tuple[str, Any]]:
    location = manifest(files).get("location")
    for host in location.values() if isinstance(location, dict) else ():
        yield from host.items()


def has_places_of_known_settings(files: Files) -> Iterator[str]:
    for place, settings in places(files):
        if isinstance(settings, dict):
            for key in settings.keys() - PLACE_SETTINGS:
                yield f"{place}: {key} is no setting of a location"
            for key in ("autoLoad", "autoHide", "flexible", "signed"):
                if not isinstance(settings.get(key, False), bool):
                    yield f"{place}: {key} must be true or false"


def opens_safe_addresses(files: Files) -> Iterator[str]:
    for place, settings in places(files):
        url = settings.get("url") if isinstance(settings, dict) else settings
        if not isinstance(url, str) or not url:
            yield f"{place}: has no url"
        elif "{{setting." in url:
            continue
        elif "://" not in url:
            if not url.startswith("assets/") or url not in files:
                yield f"{place}: {url} is not in the package"
        elif urlsplit(url).scheme != "https" and urlsplit(url).hostname not in ("localhost", "127.0.0.1"):
            yield f"{place}: {url} is not https"


def has_sound_parameters(files: Files) -> Iterator[str]:
    parameters = manifest(files).get("parameters", [])
    names = [one.get("name") for one in parameters]
    if len(set(names)) != len(names):
        yield "two parameters have one name"
    for one in parameters:
        name = one.get("name")
        if not name or name == "name":
            yield "a parameter needs a name, and may not be called name"
        if one.get("type", "text") not in TYPES:
            yield f"{name}: {one.get('type')} is no type (password and dropdown are no longer)"
        if one.get("type") == "hidden" and one.get("required"):
            yield f"{name}: a hidden parameter cannot be required"
        scopes = one.get("scopes")
        if scopes is not None and (not one.get("secure") or not scopes or set(scopes) - SCOPES):
            yield f"{name}: scopes need secure, and known words"
        if one.get("secure") and not scopes:
            yield f"{name}: secure without scopes"


def whitelists_texts(files: Files) -> Iterator[str]:
    listed = manifest(files).get("domainWhitelist", [])
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        yield "domainWhitelist must be a list of texts"
    secure = [one for one in manifest(files).get("parameters", []) if one.get("secure")]
    if secure and not listed:
        yield "secure settings need a domainWhitelist"


def has_readable_translations(files: Files) -> Iterator[str]:
    for path in files:
        if not path.startswith("translations/"):
            continue
        app = (read(files, path) or {}).get("app")
        if not LOCALE.fullmatch(path.removeprefix("translations/").removesuffix(".json")):
            yield f"{path}: its name is no locale"
        if not isinstance(app, dict) or not app.get("name"):
            yield f"{path}: app.name is missing"
            continue
        if not all(isinstance(text, str) and text for text in app.values()):
            yield f"{path}: a text is empty or no text"
        if manifest(files).get("private", True) is False:
            yield from (f"{path}: app.{key} is missing" for key in PUBLIC_TEXTS if not app.get(key))


def has_logos(files: Files) -> Iterator[str]:
    for name, size in (("logo.png", 320), ("logo-small.png", 128)):
        content = files.get(f"assets/{name}", b"")
        measured = (int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big"))
        if content[:8] != b"\x89PNG\r\n\x1a\n" or measured != (size, size):
            yield f"assets/{name} must be a PNG of {size} by {size}"


def loads_nothing_insecure(files: Files) -> Iterator[str]:
    for path, content in files.items():
        if not path.endswith(".png") and INSECURE.search(content):
            yield f"{path}: names an address without https"


def gives_no_secret_away(files: Files) -> Iterator[str]:
    for path, content in files.items():
        if not path.endswith(".png") and SECRET.search(content):
            yield f"{path}: seems to hold a secret"


RULES: tuple[Rule, ...] = (
    is_at_the_root,
    has_only_known_folders,
    holds_no_archives,
    names_its_author,
    has_its_default_locale,
    is_of_the_second_framework,
    has_real_flags,
    has_a_place,
    has_places_of_known_settings,
    opens_safe_addresses,
    has_sound_parameters,
    whitelists_texts,
    has_readable_translations,
    has_logos,
    loads_nothing_insecure,
    gives_no_secret_away,
)


def faults(files: Files) -> list[str]:
    """What all rules together find."""
    return [fault for rule in RULES for fault in rule(files)]
