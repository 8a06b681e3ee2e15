from __future__ import annotations

import pytest

from tests.commands.conftest import SECRET_KEY, Terminal

NEWER_KEY = "Zz81-kdPQ2-hdWq_7Hs1pLz0-aaBeRvc7"


def test_migrating_makes_the_tables_and_is_safe_to_repeat(bare: Terminal) -> None:
    assert bare.said("migrate") == {"revision": "0001", "changed": True, "resealed": 0}
    assert bare.said("migrate") == {"revision": "0001", "changed": False, "resealed": 0}


@pytest.mark.parametrize(
    "words", [("queues",), ("installations", "list"), ("dead", "list"), ("events", "list")]
)
def test_without_tables_a_command_says_what_to_run(bare: Terminal, words: tuple[str, ...]) -> None:
    result = bare.run(*words)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "run: bridge migrate" in result.stderr


def test_faulty_settings_are_all_named_and_nothing_is_done(
    bare: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "short")
    monkeypatch.setenv("PORT", "none")
    result = bare.run("migrate")
    assert result.exit_code == 1
    assert [line.partition(":")[0] for line in result.stderr.splitlines()] == ["SECRET_KEY", "PORT"]
    assert list(bare.folder.iterdir()) == []


def test_migrating_seals_secrets_with_the_newest_key(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.add()
    monkeypatch.setenv("SECRET_KEY", f"{NEWER_KEY},{SECRET_KEY}")
    assert terminal.said("migrate")["resealed"] == 1
    monkeypatch.setenv("SECRET_KEY", NEWER_KEY)
    assert terminal.run("installations", "show", "acme").exit_code == 0
    monkeypatch.setenv("SECRET_KEY", SECRET_KEY)
    result = terminal.run("installations", "show", "acme")
    assert result.exit_code == 1
    assert "SECRET_KEY" in result.stderr


def test_a_database_that_is_away_is_a_sentence(bare: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://me:the-password@127.0.0.1:1/bridge")
    result = bare.run("migrate")
    assert result.exit_code == 1
    assert "ledger is away" in result.stderr
    assert "the-password" not in result.output
    assert isinstance(result.exception, SystemExit)
