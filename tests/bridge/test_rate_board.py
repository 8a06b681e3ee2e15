from __future__ import annotations

from datetime import UTC, datetime

from bridge.rate_board import RateBoard
from bridge.remotes.rates import RateReading

AT = datetime(2026, 11, 22, tzinfo=UTC)


def reading(remaining: int, bucket: str = "sailthru.user.post") -> RateReading:
    return RateReading("sailthru", bucket, limit=300, remaining=remaining, reset_at=None, at=AT)


def test_the_newest_reading_of_each_bucket_is_taken_once() -> None:
    board = RateBoard()
    board.put(1, reading(9))
    board.put(1, reading(8))
    board.put(2, reading(7))
    assert board.take() == {
        (1, "sailthru.user.post"): reading(8),
        (2, "sailthru.user.post"): reading(7),
    }
    assert board.take() == {}
