"""What of a customer is shown to whom."""

from __future__ import annotations

from bridge.logs import masked
from receiver.console.signed_in import SignedIn


def address(text: str, operator: SignedIn) -> str:
    """An email address: whole for operators, `j…@e….com` for viewers."""
    return text if operator.may_act or "@" not in text else masked(text)
