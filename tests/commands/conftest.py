"""The command line over a ledger of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bridge.services import Services, build
from bridge.settings import OPTIONS, load_settings
from commands.main import cli

SECRET_KEY = "Qm9v-3kd82-hdWq_7Hs1pLz0-xxTeRvb5"
FILE = """
[zendesk]
url = "http://127.0.0.1:9"
oauth_client_id = "bridge"
oauth_client_secret = "the-oauth-secret"
webhook_secrets = ["the-hook-secret"]
[sailthru]
url = "http://127.0.0.1:9"
api_key = "acme-key"
api_secret = "the-api-secret"
"""
SECRETS = ("the-oauth-secret", "the-hook-secret", "the-api-secret")


@dataclass(frozen=True)
class Terminal:
    """Somebody at a keyboard, in a folder of their own."""

    folder: Path

    def run(self, *words: str, given: str = "") -> Result:
        return CliRunner().invoke(cli, list(words), input=given, prog_name="bridge")

    def said(self, *words: str, given: str = "") -> Any:
        """What a command that succeeds prints with --json."""
        result = self.run(*words, "--json", given=given)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def add(self, name: str = "acme", text: str = FILE) -> None:
        result = self.run("installations", "add", name, "--from", "-", given=text)
        assert result.exit_code == 0, result.output


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    """A terminal before anything was set up but the settings."""
    for option in OPTIONS:
        monkeypatch.delenv(option.name, raising=False)
    monkeypatch.setenv("SECRET_KEY", SECRET_KEY)
    monkeypatch.chdir(tmp_path)
    return Terminal(tmp_path)


@pytest.fixture
def terminal(bare: Terminal) -> Terminal:
    """A terminal with a current ledger."""
    assert bare.run("migrate").exit_code == 0
    return bare


@pytest.fixture
def services(terminal: Terminal) -> Iterator[Services]:
    """What the processes of that ledger work with."""
    made = build(load_settings())
    yield made
    made.close()
