"""What an operator sets, from the environment or `.env`; each option is documented here and nowhere else.

`docs/configuration.md` is made from `OPTIONS`. Importing this module reads nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from environs import EnvError, EnvValidationError, FileAwareEnv, ValidationError, validate
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from bridge.errors import BadSettings

LEAST_SECRET_LENGTH = 32
LEAST_DIFFERENT_CHARACTERS = 8
LEAST_TOKEN_LENGTH = 16
OBVIOUS = ("changeme", "change-me", "change_me", "replace", "your-", "your_", "secret", "password", "example")
MAKE_A_SECRET = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"  # noqa: S105 - a command, no password
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True)
class Settings:
    """The settings of one process. What may hold a password is left out of `repr`."""

    secret_keys: tuple[str, ...] = field(repr=False)
    database_url: str = field(default="sqlite:///var/bridge.db", repr=False)
    broker_url: str = field(default="embedded://", repr=False)
    port: int = 8080
    log_level: str = "INFO"
    metrics_token: str = field(default="", repr=False)
    metrics_dir: Path = Path("var/metrics")
    retention_days: int = 30
    park_above: int = 1000
    pushes_at_once: int = 128
    web_workers: int = 2
    web_connections: int = 1000
    sailthru_settle_s: int = 5
    sailthru_settle_most_s: int = 30
    refresh_open_s: int = 3600
    refresh_all_s: int = 86400
    traces_url: str = field(default="", repr=False)
    traces_share: float = 1.0
    reconcile_s: int = 300
    audit_sample: int = 100
    audit_days: int = 1096
    forget_deleted_days: int = 30


Read = Callable[[FileAwareEnv, str], Any]


@dataclass(frozen=True)
class Option:
    """One setting: the variable's `name`, the `field` of `Settings` it fills, how to `read` it, `help`."""

    name: str
    field: str
    read: Read
    help: str


def _whole(least: int, most: int) -> Read:
    return lambda env, name: env.int(name, validate=validate.Range(least, most))


def _log_level(env: FileAwareEnv, name: str) -> str:
    level = env.str(name).strip().upper()
    if level not in LOG_LEVELS:
        raise ValidationError(f"must be one of {', '.join(LOG_LEVELS)}")
    return level


def _secret_keys(env: FileAwareEnv, name: str) -> tuple[str, ...]:
    given: list[str] = env.list(name)
    keys = tuple(key.strip() for key in given if key.strip())
    faults = [fault for number, key in enumerate(keys, 1) for fault in _weakness(key, number)]
    if faults:
        raise ValidationError(faults)
    return keys


def _weakness(key: str, number: int) -> list[str]:
    if len(key) < LEAST_SECRET_LENGTH:
        return [
            f"key {number} has {len(key)} characters, at least {LEAST_SECRET_LENGTH} are needed; "
            f"make one with: {MAKE_A_SECRET}"
        ]
    if len(set(key)) < LEAST_DIFFERENT_CHARACTERS or key.lower().startswith(OBVIOUS):
        return [f"key {number} can be guessed; make one with: {MAKE_A_SECRET}"]
    return []


def _database_url(env: FileAwareEnv, name: str) -> str:
    text = env.str(name).strip()
    try:
        url = make_url(text)
    except ArgumentError:
        raise ValidationError("is not a database address such as sqlite:///var/bridge.db") from None
    if url.drivername not in ("sqlite", "postgres", "postgresql", "postgresql+psycopg"):
        raise ValidationError("must begin with sqlite:///, postgres:// or postgresql://")
    if url.drivername == "sqlite" and (not url.database or url.database == ":memory:"):
        raise ValidationError("must name a file, as in sqlite:///var/bridge.db")
    return text


def _broker_url(env: FileAwareEnv, name: str) -> str:
    text = env.str(name).strip()
    if text != "embedded://" and not text.startswith(("amqp://", "amqps://")):
        raise ValidationError("must be embedded://, amqp://… or amqps://…")
    return text


def _token(env: FileAwareEnv, name: str) -> str:
    token = env.str(name).strip()
    if len(token) < LEAST_TOKEN_LENGTH:
        raise ValidationError(
            f"needs at least {LEAST_TOKEN_LENGTH} characters; make one with: {MAKE_A_SECRET}"
        )
    return token


def _web_address(env: FileAwareEnv, name: str) -> str:
    text = env.str(name).strip()
    if not text.startswith(("http://", "https://")):
        raise ValidationError("must begin with http:// or https://")
    return text


def _part(env: FileAwareEnv, name: str) -> float:
    part: float = env.float(name, validate=validate.Range(0, 1))
    return part


def _path(env: FileAwareEnv, name: str) -> Path:
    return Path(env.path(name))


OPTIONS = (
    Option(
        "SECRET_KEY",
        "secret_keys",
        _secret_keys,
        "Encrypts the installations' secrets and signs sessions. At least 32 characters that nobody can "
        f"guess; make one with `{MAKE_A_SECRET}`. To change it, put the new one in front of the old one with "
        "a comma between them, restart, run `bridge migrate`, then take the old one away.",
    ),
    Option(
        "DATABASE_URL",
        "database_url",
        _database_url,
        "Where the ledger is: `sqlite:///<file>` on one machine, `postgresql://user:password@host/name` "
        "(or `postgres://…`) for several.",
    ),
    Option(
        "BROKER_URL",
        "broker_url",
        _broker_url,
        "What carries the events: `embedded://` keeps them in the ledger's own database and serves one "
        "machine; `amqp://user:password@host/vhost` (or `amqps://…`) is a RabbitMQ.",
    ),
    Option("PORT", "port", _whole(1, 65535), "The port on which the receiver listens."),
    Option(
        "LOG_LEVEL", "log_level", _log_level, "The least level that is logged: DEBUG, INFO, WARNING or ERROR."
    ),
    Option(
        "METRICS_TOKEN",
        "metrics_token",
        _token,
        "Lets Prometheus read `/metrics` from another machine, sent as `Authorization: Bearer <token>`. "
        "Without it `/metrics` answers this machine only.",
    ),
    Option(
        "METRICS_DIR",
        "metrics_dir",
        _path,
        "A folder in which all processes of one machine keep their counts, so that one `/metrics` shows "
        "them all.",
    ),
    Option(
        "RETENTION_DAYS",
        "retention_days",
        _whole(1, 3650),
        "How many days applied events, attempts and settled dead letters are kept. Facts and open dead "
        "letters stay.",
    ),
    Option(
        "PARK_ABOVE",
        "park_above",
        _whole(1, 1_000_000),
        "How many unapplied events one installation may have in the queues; further ones wait in the ledger, "
        "so that nobody else waits behind them.",
    ),
    Option(
        "PUSHES_AT_ONCE",
        "pushes_at_once",
        _whole(1, 512),
        "How many customers one consumer process pushes at the same time.",
    ),
    Option(
        "WEB_WORKERS",
        "web_workers",
        _whole(1, 64),
        "How many processes the receiver runs: one for each core.",
    ),
    Option(
        "WEB_CONNECTIONS",
        "web_connections",
        _whole(1, 100_000),
        "How many connections each of them serves at the same time; further ones wait to be accepted.",
    ),
    Option(
        "SAILTHRU_SETTLE_S",
        "sailthru_settle_s",
        _whole(1, 300),
        "How many seconds a Sailthru profile must have been left alone before it is read: right after a "
        "change Sailthru may still answer with the old state.",
    ),
    Option(
        "SAILTHRU_SETTLE_MOST_S",
        "sailthru_settle_most_s",
        _whole(1, 3600),
        "After how many seconds a profile that keeps changing is read all the same. Not less than "
        "`SAILTHRU_SETTLE_S`.",
    ),
    Option(
        "REFRESH_OPEN_S",
        "refresh_open_s",
        _whole(60, 604_800),
        "Every how many seconds the profile of a customer with an unsolved ticket is read anew.",
    ),
    Option(
        "REFRESH_ALL_S",
        "refresh_all_s",
        _whole(60, 2_592_000),
        "Every how many seconds the profile of every other linked customer is read anew.",
    ),
    Option(
        "TRACES_URL",
        "traces_url",
        _web_address,
        "Where spans of deliveries and pushes are sent: OTLP over HTTP, such as "
        "`http://localhost:4318/v1/traces`. Needs the extra `traces`; without this nothing is traced.",
    ),
    Option(
        "TRACES_SHARE",
        "traces_share",
        _part,
        "Which part of all deliveries is traced, from 0 to 1.",
    ),
    Option(
        "RECONCILE_S",
        "reconcile_s",
        _whole(30, 86_400),
        "Every how many seconds the clock reads in Zendesk's exports what changed, so that lost deliveries "
        "heal. Each pass costs an installation at least two of the pages that Zendesk allows in a minute.",
    ),
    Option(
        "AUDIT_SAMPLE",
        "audit_sample",
        _whole(0, 100_000),
        "How many profiles of each installation the clock has read and compared every hour, in turn. "
        "Those that changed, and everybody once in `REFRESH_ALL_S`, are compared besides.",
    ),
    Option(
        "AUDIT_DAYS",
        "audit_days",
        _whole(30, 36_500),
        "How many days it is kept who did what: operators, and agents who changed opt-out and lists.",
    ),
    Option(
        "FORGET_DELETED_DAYS",
        "forget_deleted_days",
        _whole(0, 3650),
        "How many days after a user was found to be deleted from Zendesk for good the bridge forgets the "
        "customer. 0: never.",
    ),
)


def load_settings(env_file: Path = Path(".env")) -> Settings:
    """Read the environment, then `env_file` for what the environment does not say.

    `X_FILE` names a file that holds X. An empty variable counts as not set. Raises `BadSettings` with every
    fault at once.
    """
    env = FileAwareEnv(strip_whitespace=True)
    faults: list[str] = []
    values: dict[str, Any] = {}
    try:
        env.read_env(env_file, recurse=False)
    except (ValueError, OSError) as error:
        faults.append(f"{env_file}: cannot be read ({error})")
    for option in OPTIONS:
        _read(env, option, values=values, faults=faults)
    faults.extend(_at_odds(values))
    if faults:
        raise BadSettings(faults)
    return Settings(**values)


def _at_odds(values: Mapping[str, Any]) -> list[str]:
    settle_s = values.get("sailthru_settle_s", Settings.sailthru_settle_s)
    if values.get("sailthru_settle_most_s", Settings.sailthru_settle_most_s) >= settle_s:
        return []
    return [f"SAILTHRU_SETTLE_MOST_S: must not be less than SAILTHRU_SETTLE_S, which is {settle_s}"]


def _read(env: FileAwareEnv, option: Option, *, values: dict[str, Any], faults: list[str]) -> None:
    try:
        if env.str(option.name, "").strip():
            values[option.field] = option.read(env, option.name)
    except EnvValidationError as error:  # from one of the library's own readers
        faults.extend(f"{option.name}: {fault}" for fault in _sentences(error.error_messages))
    except ValidationError as error:
        faults.extend(f"{option.name}: {fault}" for fault in _sentences(error.messages))
    except (EnvError, ValueError, OSError) as error:
        faults.append(f"{option.name}: {error}")
    else:
        if option.field == "secret_keys" and not values.get("secret_keys"):
            faults.append(f"{option.name}: is not set; make one with: {MAKE_A_SECRET}")


def _sentences(messages: Any) -> list[str]:
    if isinstance(messages, Mapping):
        messages = list(messages.values())
    return [
        sentence for part in messages for sentence in ([part] if isinstance(part, str) else _sentences(part))
    ]


def default_of(option: Option) -> Any:
    """The option's default, or None for the one that has none."""
    found = {entry.name: entry for entry in fields(Settings)}[option.field]
    return None if option.field == "secret_keys" else found.default


def without_secrets(settings: Settings) -> dict[str, str]:
    """The settings as a process logs them at its start: tokens and passwords left out."""
    shown = {
        option.name: str(getattr(settings, option.field))
        for option in OPTIONS
        if option.field not in ("secret_keys", "metrics_token", "database_url", "broker_url", "traces_url")
    }
    return {
        "DATABASE_URL": make_url(settings.database_url).render_as_string(hide_password=True),
        "BROKER_URL": make_url(settings.broker_url).render_as_string(hide_password=True)
        if "@" in settings.broker_url
        else settings.broker_url,
        **shown,
    }
