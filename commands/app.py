"""`bridge app`: the sidebar app, as a package that Zendesk's admin center takes."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from bridge.errors import BadSettings
from bridge.ledger.installations import NAME
from commands.opening import json_option, opened
from commands.output import print_json
from schemas.installation_values import is_loopback

SOURCE = Path(__file__).parents[1] / "zendesk_app"
PACKED = ("manifest.json", "assets/*.png", "translations/*.json")
# The same sources make the same bytes, whenever they are packed: the oldest time that a zip can hold.
PACKED_AT = (1980, 1, 1, 0, 0, 0)
READABLE = 0o100644 << 16


@click.group()
def app() -> None:
    """Make the package of the sidebar app."""


@app.command()
@click.argument("name", required=False)
@click.option("--url", required=True, help="Where Zendesk's users reach the receiver, https://<host>.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; by default sailthru-<NAME>.zip in this folder.",
)
@json_option
def package(name: str | None, url: str, out: Path | None, as_json: bool) -> None:
    """Write the app's package for the installation NAME, which may be left out where there is only one."""
    base = _checked_url(url)
    chosen = name if name is not None else _only_one()
    if not NAME.fullmatch(chosen):
        raise BadSettings([f"{chosen!r} is no name of an installation; see: bridge installations list"])
    target = out or Path(f"sailthru-{chosen}.zip")
    target.write_bytes(packed(base, chosen))
    page = f"{base}/sidebar/{chosen}"
    if as_json:
        print_json({"file": str(target), "installation": chosen, "page": page})
        return
    click.echo(f"Wrote {target}; Zendesk will open {page}.")
    click.echo("Next: upload it in the Admin Center as a private app for Zendesk Support.")


def packed(base: str, name: str) -> bytes:
    """The package of one installation whose receiver is at `base`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package_file:
        for path, content in sorted(_files(base, name).items()):
            entry = zipfile.ZipInfo(path, date_time=PACKED_AT)
            entry.external_attr = READABLE
            entry.compress_type = zipfile.ZIP_DEFLATED
            package_file.writestr(entry, content)
    return buffer.getvalue()


def manifest(template: Mapping[str, Any], base: str, name: str) -> dict[str, Any]:
    """The manifest with what is this installation's own filled in."""
    author = {**template["author"], "email": f"bridge@{urlsplit(base).hostname}", "url": base}
    places = template["location"]["support"]
    page = f"{base}/sidebar/{name}"
    support = {place: {**settings, "url": page} for place, settings in places.items()}
    filled = {
        "author": author,
        "version": version("sailthru-zendesk-bridge"),
        "location": {"support": support},
    }
    return {**template, **filled}


def _files(base: str, name: str) -> dict[str, bytes]:
    found = {
        str(path.relative_to(SOURCE)): path.read_bytes()
        for pattern in PACKED
        for path in SOURCE.glob(pattern)
    }
    if "manifest.json" not in found:
        raise BadSettings([f"{SOURCE} is missing: run the command in a checkout of the bridge"])
    filled = manifest(json.loads(found["manifest.json"]), base, name)
    found["manifest.json"] = json.dumps(filled, ensure_ascii=False, indent=2).encode() + b"\n"
    return found


def _checked_url(url: str) -> str:
    """The address alone, without a slash at its end. Raises `BadSettings`."""
    text = url.strip().rstrip("/")
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise BadSettings([f"--url: {url} is not an address"]) from None
    is_secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not host or not is_secure:
        raise BadSettings([f"--url: must begin with https://, for Zendesk opens no other page: {url}"])
    if parts.path or parts.query or parts.fragment or parts.username or not host.isascii():
        raise BadSettings([f"--url: must be the address alone, as in https://bridge.example.com: {url}"])
    return text


def _only_one() -> str:
    with opened() as services:
        names = [one.name for one in services.directory.all()]
    if len(names) == 1:
        return names[0]
    if not names:
        raise BadSettings(["there is no installation yet; add one with: bridge installations add NAME"])
    raise BadSettings([f"there are several installations; name one of them: {', '.join(names)}"])
