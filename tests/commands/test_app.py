"""`bridge app package` writes what Zendesk takes, and refuses what it could never open."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from tests.commands.conftest import Terminal
from tests.zendesk_app import rules

URL = "https://bridge.example.com"


def files_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert package.testzip() is None
        return {name: package.read(name) for name in package.namelist()}


def test_it_writes_the_package_and_says_what_is_next(bare: Terminal) -> None:
    result = bare.run("app", "package", "acme", "--url", f"{URL}/")
    assert result.exit_code == 0, result.output
    assert f"{URL}/sidebar/acme" in result.output
    assert "Admin Center" in result.output
    assert rules.faults(files_of((bare.folder / "sailthru-acme.zip").read_bytes())) == []


def test_the_only_installation_need_not_be_named(terminal: Terminal) -> None:
    assert terminal.run("app", "package", "--url", URL).exit_code == 1
    terminal.add("acme")
    told = terminal.said("app", "package", "--url", URL, "--out", "app.zip")
    assert told == {"file": "app.zip", "installation": "acme", "page": f"{URL}/sidebar/acme"}
    terminal.add("beta")
    result = terminal.run("app", "package", "--url", URL)
    assert result.exit_code == 1
    assert "acme, beta" in result.output


@pytest.mark.parametrize(
    "url",
    [
        "http://bridge.example.com", "bridge.example.com", "https://", "https://a.example.com/path",
        "https://user@a.example.com", "ftp://a.example.com", "https://a.example.com:port", "https://ä.com",
    ],
)  # fmt: skip
def test_an_address_that_zendesk_cannot_open_is_refused(bare: Terminal, url: str) -> None:
    result = bare.run("app", "package", "acme", "--url", url)
    assert result.exit_code == 1
    assert "--url" in result.output
    assert not list(Path(bare.folder).glob("*.zip"))


def test_a_name_that_cannot_be_one_is_refused(bare: Terminal) -> None:
    assert bare.run("app", "package", "../x", "--url", URL).exit_code == 1
