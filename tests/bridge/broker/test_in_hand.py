"""How the hand grows and shrinks."""

from __future__ import annotations

from bridge.broker.in_hand import MOST_IN_HAND, InHand


def test_the_hand_doubles_with_each_batch_that_went_well_up_to_its_limit() -> None:
    in_hand, sizes = InHand(), []
    for _batch in range(11):
        sizes.append(in_hand.size)
        in_hand.has_settled(in_hand.size)

    assert sizes == [1, 2, 4, 8, 16, 32, 64, 128, 256, MOST_IN_HAND, MOST_IN_HAND]


def test_small_acknowledgements_add_up_to_a_batch() -> None:
    in_hand = InHand()
    assert in_hand.has_settled(1)
    assert not in_hand.has_settled(1)

    assert in_hand.has_settled(1)
    assert in_hand.size == 4


def test_a_failure_brings_the_hand_back_to_one() -> None:
    in_hand = InHand()
    in_hand.has_settled(1)

    in_hand.has_failed()

    assert in_hand.size == 1
