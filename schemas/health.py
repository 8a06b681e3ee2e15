"""The one table of the sidebar's health slider: what agents read, and what is stored and sent."""

from __future__ import annotations

#: (stored value, label), from the unhappy end of the slider to the happy one.
HEALTH: tuple[tuple[str, str], ...] = (
    ("unsatisfied", "Frustrated"),
    ("neutral", "Neutral"),
    ("satisfied", "Happy"),
)

_LABELS = dict(HEALTH)
_VALUES = {label: value for value, label in HEALTH}


def label_of(value: str) -> str:
    """The label that agents see for a stored value; raises KeyError for one that is not in the table."""
    return _LABELS[value]


def value_of(label: str) -> str:
    """The value stored for a label; raises KeyError for one that is not in the table."""
    return _VALUES[label]


def is_health(value: object) -> bool:
    """Whether this is a value that may be stored."""
    return isinstance(value, str) and value in _LABELS
