"""What of a customer is shown to whom."""

from __future__ import annotations

import json
import re
from typing import Any

from bridge.logs import masked
from receiver.console.signed_in import SignedIn

# An address inside a longer text: a fact's name, a sentence, a vendor's reply.
_ADDRESS = re.compile(r"[^\s/\"'<>,;:()\[\]{}]+@[^\s/\"'<>,;:()\[\]{}]+")


def address(text: str, operator: SignedIn) -> str:
    """An email address: whole for operators, `j…@e….com` for viewers."""
    return text if operator.may_act or "@" not in text else masked(text)


def value(given: Any, operator: SignedIn) -> Any:
    """The same value with every address in it, keys included, as `address` shows it."""
    if operator.may_act:
        return given
    if isinstance(given, str):
        return _ADDRESS.sub(lambda found: masked(found[0]), given)
    if isinstance(given, dict):
        return {value(name, operator): value(one, operator) for name, one in given.items()}
    return [value(one, operator) for one in given] if isinstance(given, list | tuple) else given


def text(given: Any) -> str:
    """A value as one line: texts as they are, everything else as JSON."""
    if given is None:
        return "-"
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
