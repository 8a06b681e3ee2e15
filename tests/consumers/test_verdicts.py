"""What follows a failed attempt."""

from __future__ import annotations

import pytest

from bridge.errors import BadCredentials, Refused, SendAgain, TryLater, Unavailable
from consumers.verdicts import DAY_S, MOST_BUGS, Dead, Halt, Later, Verdict, verdict, wait_s


def judged(error: Exception, failures: int = 0, failing_s: float = 0.0) -> Verdict:
    return verdict(error, failures=failures, failing_s=failing_s)


def test_bad_credentials_halt_the_direction() -> None:
    assert judged(BadCredentials("sailthru")) == Halt("sailthru", "sailthru does not accept the credentials")


def test_a_refusal_is_a_dead_letter_at_once() -> None:
    assert judged(Refused("sailthru", "bad_request")) == Dead("bad_request", "sailthru refused: bad_request")


def test_a_remote_that_is_away_is_tried_later_and_later() -> None:
    waits = [judged(TryLater("sailthru", "timeout"), failures) for failures in range(3)]
    assert waits == [Later(after_s, "timeout", is_down=True) for after_s in (1.0, 2.0, 4.0)]


def test_the_wait_that_the_remote_names_is_the_least() -> None:
    assert judged(TryLater("sailthru", "server_error", after_s=30)) == Later(30, "server_error", is_down=True)
    assert judged(TryLater("sailthru", "server_error", after_s=1), 9) == Later(
        512, "server_error", is_down=True
    )


def test_a_used_up_quota_says_nothing_about_the_remote() -> None:
    later = judged(TryLater("sailthru", "rate_limited", after_s=7))
    assert later == Later(7, "rate_limited", is_down=False)


def test_an_unknown_outcome_is_sent_again_at_once_and_then_later() -> None:
    assert judged(SendAgain("sailthru", "timeout")) == Later(0.0, "timeout", is_unknown=True, is_down=True)
    assert judged(SendAgain("sailthru", "timeout"), 3) == Later(8.0, "timeout", is_unknown=True, is_down=True)


@pytest.mark.parametrize("error", [TryLater("sailthru", "timeout"), SendAgain("sailthru", "reset")])
def test_nothing_is_dead_before_it_failed_for_a_day(error: TryLater) -> None:
    assert isinstance(judged(error, 1_000, DAY_S - 1), Later)
    assert isinstance(judged(error, 1_000, DAY_S), Dead)


def test_our_own_parts_being_away_is_never_dead() -> None:
    assert judged(Unavailable("ledger"), 1_000, 10 * DAY_S) == Later(1.0, "ledger")


def test_the_unforeseen_is_tried_until_the_attempts_run_out() -> None:
    assert judged(ValueError("secret words"), 0) == Later(1.0, "bug", is_unknown=True)
    assert isinstance(judged(ValueError(), MOST_BUGS - 1), Later)
    dead = judged(ValueError("secret words"), MOST_BUGS)
    assert dead == Dead("bug", f"ValueError: the bridge failed on it {MOST_BUGS + 1} times")


def test_no_wait_is_longer_than_a_quarter_of_an_hour() -> None:
    assert [wait_s(failures) for failures in (0, 1, 9, 10, 10_000)] == [1, 2, 512, 900, 900]
