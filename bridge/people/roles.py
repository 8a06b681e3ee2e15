"""The two roles, and what names and passwords may look like. Pure."""

from __future__ import annotations

import re

VIEWER = "viewer"  # looks
OPERATOR = "operator"  # looks and acts
ROLES = (VIEWER, OPERATOR)

LEAST_PASSWORD = 12
MOST_PASSWORD = 256
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def may(role: str, needed: str) -> bool:
    """Whether somebody of `role` may do what needs `needed`."""
    return role == OPERATOR or needed == VIEWER


def is_name(text: str) -> bool:
    """Whether a text can be an operator's name: lower-case letters, digits, dots, dashes, at most 64."""
    return _NAME.fullmatch(text) is not None


def faults_of(password: str, name: str) -> list[str]:
    """Why a password cannot be used; nothing when it can."""
    if len(password) < LEAST_PASSWORD:
        return [f"the password has {len(password)} characters; at least {LEAST_PASSWORD} are needed"]
    if len(password) > MOST_PASSWORD:
        return [f"the password has more than {MOST_PASSWORD} characters"]
    if name in password.lower() or len(set(password)) < LEAST_PASSWORD // 2:
        return ["the password can be guessed: leave the name out of it, and use more different characters"]
    return []
