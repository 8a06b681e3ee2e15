"""How a Sailthru request is signed: MD5 over the secret and the sorted values. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def signature(secret: str, values: Iterable[str]) -> str:
    """The `sig` for these values, 32 hex digits. Neither names nor the order of the values play a part."""
    return signature_of_bytes(secret, (value.encode("utf-8", "surrogatepass") for value in values))


def signature_of_bytes(secret: str, values: Iterable[bytes]) -> str:
    """The same for values that came as bytes; UTF-8 sorts as the texts in it do, by code point."""
    text = secret.encode("utf-8", "surrogatepass") + b"".join(sorted(values))
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def leaf_values(parameters: Any) -> Iterator[str]:
    """Every value in a nest of objects and lists, as text; the names are dropped."""
    if isinstance(parameters, Mapping):
        for value in parameters.values():
            yield from leaf_values(value)
    elif isinstance(parameters, (list, tuple)):
        for value in parameters:
            yield from leaf_values(value)
    else:
        yield str(parameters)


def signed_parameters(api_key: str, secret: str, text: str) -> dict[str, str]:
    """The parameters of a call whose request object, already serialised, is `text`.

    The very text that is sent is signed, so it is serialised once, by the caller.
    """
    parameters = {"api_key": api_key, "format": "json", "json": text}
    return {**parameters, "sig": signature(secret, parameters.values())}
