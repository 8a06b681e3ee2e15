"""The stand-in signs as Zendesk does: published and computed vectors."""

from __future__ import annotations

import pytest

from sandbox.zendesk.signing import sign

SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
TRIGGER = b'{"ticket_id":"991","requester_id":"7","status":"open","updated_at":"2026-11-22T09:55:00Z"}'


@pytest.mark.parametrize(
    ("timestamp", "body", "signature"),
    [
        (
            "1531420618",
            b'{"event_type": "foo.bar","data": {"key": "value"}}',
            "qtmu3iClLKujnujOBkwe7yjI34o5CzsLD04Uy4LbE2A=",
        ),
        ("2026-11-22T09:55:16Z", TRIGGER, "Gl8bW2QkvDXh3mwMMfDaNQggZ92gdjIG/XBz31lSmUk="),
        ("2026-11-22T09:55:16Z", b"", "ghRSwvvYGB29Pl9w1g+eKAVflib2d8QGmikqJgJ1Bhs="),
        (
            "2026-11-22T09:55:16Z",
            '{"subject":"Zażółć ✓"}\n'.encode(),
            "Tiw+UGsNKXzByWmCTF7GNhpv/Y/+9pjPtUUrWV1c1NQ=",
        ),
    ],
)
def test_the_signature_is_over_the_timestamp_and_the_raw_body(
    timestamp: str, body: bytes, signature: str
) -> None:
    assert sign(SECRET, timestamp, body) == signature


def test_the_order_of_an_outdated_page_gives_another_signature() -> None:
    secret, at, body = (
        "HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA=",
        "2021-07-25T10:00:00Z",
        b'{"say": "hello"}',
    )
    assert sign(secret, at, body) == "Rry/4TtIdFyawtXXp8QdI6tlAUUQ/5kL1OTp5qo/ZIk="
    assert sign(secret, at, body) != "tRDSF7URY8BLCDlaBcQ7FHu051Zk+aAB0NKMP53teMw="
