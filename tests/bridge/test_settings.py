from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.configuration_page import page
from bridge.errors import BadSettings
from bridge.settings import OPTIONS, Settings, load_settings, without_secrets

GOOD_KEY = "Qm9v-3kd82-hdWq_7Hs1pLz0-xxTeRvb5"
OLD_KEY = "Zz81-kdPQ2-hdWq_7Hs1pLz0-aaBeRvc7"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for option in OPTIONS:
        monkeypatch.delenv(option.name, raising=False)
        monkeypatch.delenv(f"{option.name}_FILE", raising=False)
    monkeypatch.chdir(tmp_path)


def faults() -> tuple[str, ...]:
    with pytest.raises(BadSettings) as caught:
        load_settings()
    return caught.value.faults


def test_a_secret_key_is_all_that_must_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", GOOD_KEY)
    assert load_settings() == Settings(secret_keys=(GOOD_KEY,))


def test_several_keys_are_read_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", f" {GOOD_KEY} , {OLD_KEY},")
    assert load_settings().secret_keys == (GOOD_KEY, OLD_KEY)


@pytest.mark.parametrize("key", ["", " , ", "short", "a" * 40, "changeme-" * 6, "ab12" * 10])
def test_a_key_that_can_be_guessed_is_refused_and_not_repeated(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", key)
    (fault,) = faults()
    assert fault.startswith("SECRET_KEY: ")
    assert "token_urlsafe" in fault
    assert not key.strip(" ,") or key not in fault


def test_every_fault_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "80 80")
    monkeypatch.setenv("LOG_LEVEL", "loud")
    monkeypatch.setenv("RETENTION_DAYS", "0")
    monkeypatch.setenv("DATABASE_URL", "mysql://root@host/bridge")
    monkeypatch.setenv("BROKER_URL", "redis://host")
    monkeypatch.setenv("METRICS_TOKEN", "short")
    monkeypatch.setenv("SAILTHRU_SETTLE_S", "0")
    monkeypatch.setenv("SAILTHRU_SETTLE_MOST_S", "3")
    monkeypatch.setenv("REFRESH_OPEN_S", "hourly")
    monkeypatch.setenv("REFRESH_ALL_S", "59")
    named = [fault.partition(":")[0] for fault in faults()]
    assert named == [
        "SECRET_KEY",
        "DATABASE_URL",
        "BROKER_URL",
        "PORT",
        "LOG_LEVEL",
        "METRICS_TOKEN",
        "RETENTION_DAYS",
        "SAILTHRU_SETTLE_S",
        "REFRESH_OPEN_S",
        "REFRESH_ALL_S",
        "SAILTHRU_SETTLE_MOST_S",
    ]


@pytest.mark.parametrize(("settle", "most"), [("31", ""), ("9", "8")])
def test_a_profile_is_not_read_before_it_could_have_settled(
    settle: str, most: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", GOOD_KEY)
    monkeypatch.setenv("SAILTHRU_SETTLE_S", settle)
    monkeypatch.setenv("SAILTHRU_SETTLE_MOST_S", most)
    (fault,) = faults()
    assert fault == f"SAILTHRU_SETTLE_MOST_S: must not be less than SAILTHRU_SETTLE_S, which is {settle}"


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"SECRET_KEY={GOOD_KEY}\nPORT=9000\nLOG_LEVEL=debug\n")
    monkeypatch.setenv("PORT", "9001")
    settings = load_settings()
    assert (settings.port, settings.log_level) == (9001, "DEBUG")
    assert "SECRET_KEY" not in os.environ


def test_a_secret_is_read_from_the_file_that_x_file_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(f"{GOOD_KEY}\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    assert load_settings().secret_keys == (GOOD_KEY,)


def test_a_file_that_is_absent_is_a_fault_among_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "nowhere"))
    monkeypatch.setenv("PORT", "none")
    first, second = faults()
    assert first.startswith("SECRET_KEY: ")
    assert "SECRET_KEY_FILE" in first
    assert second.startswith("PORT: ")


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", GOOD_KEY)
    monkeypatch.setenv("BROKER_URL", " ")
    monkeypatch.setenv("PORT", "")
    assert load_settings() == Settings(secret_keys=(GOOD_KEY,))


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "nonsense", "postgresql+asyncpg://host/x"]
)
def test_a_ledger_that_would_forget_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", GOOD_KEY)
    monkeypatch.setenv("DATABASE_URL", url)
    (fault,) = faults()
    assert fault.startswith("DATABASE_URL: ")


@pytest.mark.parametrize(
    "url", ["postgres://me:pw@host/bridge", "postgresql://host/bridge", "sqlite:////var/lib/bridge.db"]
)
def test_both_databases_are_welcome_in_every_spelling(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", GOOD_KEY)
    monkeypatch.setenv("DATABASE_URL", url)
    assert load_settings().database_url == url


def test_no_secret_is_ever_shown() -> None:
    settings = Settings(
        secret_keys=(GOOD_KEY,),
        database_url="postgres://me:pass-of-db@host/bridge",
        broker_url="amqp://me:pass-of-broker@host/",
        metrics_token="token-of-metrics",
    )
    shown = repr(settings) + repr(without_secrets(settings))
    for secret in (GOOD_KEY, "pass-of-db", "pass-of-broker", "token-of-metrics"):
        assert secret not in shown
    assert "host/bridge" in shown


def test_importing_the_settings_reads_nothing() -> None:
    code = "import os; os.environ['PORT'] = 'junk'; import bridge.settings, bridge.services, bridge.metrics"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_the_page_about_settings_says_what_the_code_says() -> None:
    written = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    assert written == page(), "docs/configuration.md is stale; run: make docs"
    for option in OPTIONS:
        assert f"`{option.name}`" in written
