"""What follows a failed attempt: later, dead, or halt. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.errors import BadCredentials, Refused, SendAgain, TryLater, Unavailable

DAY_S = 86_400.0
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 900.0
MOST_BUGS = 8  # an error nobody foresaw is tried this often
RESEND_S = 60.0
PROBE_S = 60.0

RATE_LIMITED = "rate_limited"


@dataclass(frozen=True)
class Later:
    """Try again in `after_s` seconds. `is_unknown`: the write may have been applied, so it is sent once more
    a minute later too. `is_down`: it says something about the remote, not about this customer."""

    after_s: float
    reason: str
    is_unknown: bool = False
    is_down: bool = False


@dataclass(frozen=True)
class Dead:
    """A dead letter, with its reason and a sentence."""

    reason: str
    error: str


@dataclass(frozen=True)
class Halt:
    """The installation halts in this direction until its credentials work again."""

    system: str
    error: str


Verdict = Later | Dead | Halt


def verdict(error: Exception, *, failures: int, failing_s: float) -> Verdict:
    """Decide by the error, by how many attempts in a row failed before, and for how long they have."""
    match error:
        case BadCredentials():
            decided: Verdict = Halt(error.system, str(error))
        case Refused():
            decided = Dead(error.reason, str(error))
        case TryLater():
            decided = _later(error, failures, failing_s)
        case Unavailable():
            decided = Later(FIRST_WAIT_S, error.part)
        case _:
            decided = _unforeseen(error, failures)
    return decided


def _unforeseen(error: Exception, failures: int) -> Verdict:
    if failures >= MOST_BUGS:
        return Dead("bug", f"{type(error).__name__}: the bridge failed on it {failures + 1} times")
    # Nobody knows how far an unforeseen error let the request come.
    return Later(wait_s(failures), "bug", is_unknown=True)


def _later(error: TryLater, failures: int, failing_s: float) -> Verdict:
    is_down = error.reason != RATE_LIMITED
    if failing_s >= DAY_S:
        return Dead(error.reason, f"{error}; tried for {failing_s / 3600:.0f} hours")
    if isinstance(error, SendAgain):
        # At once: the fields are unknown until a reply confirms them.
        after_s = 0.0 if failures == 0 else wait_s(failures)
        return Later(max(after_s, error.after_s or 0.0), error.reason, is_unknown=True, is_down=is_down)
    return Later(max(wait_s(failures), error.after_s or 0.0), error.reason, is_down=is_down)


def wait_s(failures: int) -> float:
    """Seconds to wait after so many failures: 1, 2, 4, … up to a quarter of an hour."""
    return float(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(failures, 20)))
