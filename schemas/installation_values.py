"""The single values of an installation file: how each is read, and what is wrong with one that cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from string import Formatter
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, validate

# Zendesk signs the test of a webhook that is not saved yet with this secret, which everybody knows.
# https://developer.zendesk.com/documentation/webhooks/verifying/
PUBLIC_TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # noqa: S105 - it opens nothing

_VAR = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LIST_SCORE = re.compile(r"[^=,]+=[1-4]")
_AUDIENCE = re.compile(r"https?://[^/\s]+/api/v2/apps/installations/\d+\.json")

THREE_BOUNDARIES = "must be three numbers between 0 and 100, each above the one before, as in [25, 50, 75]"


class Text(fields.String):
    """A text; blanks and line ends that came along in copying are taken off both ends."""

    def __init__(self, *, help: str, **kwargs: Any) -> None:  # noqa: A002 - the word of the documentation
        super().__init__(
            metadata={"help": help},
            error_messages={"required": "is missing", "invalid": "must be a text", "null": "must be a text"},
            **kwargs,
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return str(super()._deserialize(value, attr, data, **kwargs)).strip()


class Address(Text):
    """The address of an account: https (plain http on this machine only), no slash at its end."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs).rstrip("/")
        try:
            parts = urlsplit(text)
            host, _port = parts.hostname or "", parts.port
        except ValueError:
            raise ValidationError("is not an address") from None
        _check_address(parts.scheme, host)
        if parts.path or parts.query or parts.fragment or parts.username:
            raise ValidationError(f"must be the address alone: {parts.scheme}://{host}")
        return f"{parts.scheme}://{parts.netloc.lower()}"


def _check_address(scheme: str, host: str) -> None:
    if scheme not in ("http", "https") or not host:
        raise ValidationError("must be an address that begins with https://")
    if scheme == "http" and not is_loopback(host):
        raise ValidationError(f"must be https://{host}; plain http is for this machine only")


def is_loopback(host: str) -> bool:
    """Whether a host name means this very machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Switch(fields.Boolean):
    """true or false, and nothing that only looks like it."""

    def __init__(self, *, help: str) -> None:  # noqa: A002
        super().__init__(metadata={"help": help}, truthy={True}, falsy={False})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("must be true or false")
        return bool(super()._deserialize(value, attr, data, **kwargs))


class Whole(fields.Integer):
    """A whole number between two bounds."""

    def __init__(self, *, least: int, most: int, help: str) -> None:  # noqa: A002
        super().__init__(
            strict=True,
            validate=validate.Range(least, most, error="must be between {min} and {max}"),
            metadata={"help": help},
            error_messages={"invalid": "must be a whole number", "null": "must be a whole number"},
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool | str):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class Share(fields.Float):
    """A part of a quota."""

    def __init__(self, *, help: str) -> None:  # noqa: A002
        super().__init__(
            validate=validate.Range(0, 1, min_inclusive=False, error="must be above 0 and at most 1"),
            metadata={"help": help},
            error_messages={"invalid": "must be a number above 0 and at most 1"},
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if isinstance(value, bool | str):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class Boundaries(fields.Field[tuple[float, ...]]):
    """Where each of the upper three of four scores begins, in per cent."""

    def __init__(self, *, help: str) -> None:  # noqa: A002
        super().__init__(metadata={"help": help}, error_messages={"null": THREE_BOUNDARIES})

    def _deserialize(self, value: Any, *_where: Any, **_options: Any) -> tuple[float, ...]:
        if not isinstance(value, list | tuple) or len(value) != 3:
            raise ValidationError(THREE_BOUNDARIES)
        if not all(isinstance(part, int | float) and not isinstance(part, bool) for part in value):
            raise ValidationError(THREE_BOUNDARIES)
        if not 0 <= value[0] < value[1] < value[2] <= 100:  # NaN is in no order, and refused here too
            raise ValidationError(THREE_BOUNDARIES)
        return tuple(value)


def sign_in_faults(
    given: Mapping[str, Any], one: tuple[str, str], *, other: tuple[str, str]
) -> dict[str, list[str]]:
    """What is wrong with the ways of signing in: one must be given, and completely. Place -> faults."""
    has = {key for key in (*one, *other) if given.get(key)}
    if not has:
        return {"_schema": [f"needs {' and '.join(one)} (or, legacy, {' and '.join(other)})"]}
    if has & set(one) and has & set(other):
        return {"_schema": [f"give either {' and '.join(one)} or {' and '.join(other)}, not both"]}
    pair = one if has & set(one) else other
    return {key: ["is missing"] for key in pair if key not in has}


def not_empty(text: str) -> None:
    """Refuse an empty text."""
    if not text:
        raise ValidationError("is empty")


def one_of(*choices: str) -> Callable[[str], None]:
    """Refuse everything else."""

    def check(text: str) -> None:
        if text not in choices:
            raise ValidationError(f"must be {' or '.join(choices)}")

    return check


def webhook_secret(text: str) -> None:
    """Refuse an empty secret, and the one that everybody knows."""
    not_empty(text)
    if text == PUBLIC_TEST_SECRET:
        raise ValidationError(
            "is Zendesk's public test secret; save the webhook first, then copy its own secret"
        )


def public_key(text: str) -> None:
    """Refuse what is no public key in PEM; private keys above all."""
    if text and not (
        text.startswith("-----BEGIN PUBLIC KEY-----") and text.endswith("-----END PUBLIC KEY-----")
    ):
        raise ValidationError("must be a PEM that begins with -----BEGIN PUBLIC KEY-----")


def audience(text: str) -> None:
    """Refuse what no sidebar token carries."""
    if text and not _AUDIENCE.fullmatch(text):
        raise ValidationError("must be <zendesk url>/api/v2/apps/installations/<id>.json")


def var_name(text: str) -> None:
    """Refuse what cannot be the name of a Sailthru var."""
    if not _VAR.fullmatch(text):
        raise ValidationError(f"{text!r} is not the name of a var")


def value_score(text: str) -> None:
    """Refuse what says no source of the value score."""
    kind, _colon, rest = text.partition(":")
    if kind in ("var", "percentile") and _VAR.fullmatch(rest):
        return
    if kind == "smart_lists" and all(_LIST_SCORE.fullmatch(part.strip()) for part in rest.split(",")):
        return
    raise ValidationError(
        "must be var:<var>, percentile:<var> or smart_lists:<list>=<score>,<list>=<score> with scores 1 to 4"
    )


def currency(text: str) -> None:
    """Refuse what is no currency code."""
    if not re.fullmatch("[A-Z]{3}", text):
        raise ValidationError("must be three capital letters, as in USD")


def link_pattern(text: str) -> None:
    """Refuse a pattern that leads nowhere, or asks for what we do not have."""
    if text and not text.startswith(("https://", "http://")):
        raise ValidationError("must begin with https://")
    try:
        names = {name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None}
    except ValueError:
        raise ValidationError("has a brace without its partner") from None
    if names - {"email", "sid"}:
        raise ValidationError("may name {email} and {sid} only")
