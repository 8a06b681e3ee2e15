"""Whether Sailthru signed a postback. Pure: the account and the raw body in; or `BadSignature`.

The signature is the MD5 of the account's secret and all other values of the form, sorted. It is checked over
the bytes that were sent: what they mean is read afterwards.
"""

from __future__ import annotations

import hmac

from bridge.remotes.sailthru_signing import signature_of_bytes
from receiver.signatures import BadSignature
from schemas.form import form_fields
from schemas.installation import SailthruAccount

SIG = b"sig"
API_KEY = b"api_key"


def verify_postback(body: bytes, account: SailthruAccount) -> int:
    """1, the account's only secret, if it signed this form, and its key is in it; else raise `BadSignature`.

    Nothing a stranger sends makes it raise anything else but `TooManyFields`.
    """
    fields = form_fields(body)
    given = [value for name, value in fields if name == SIG]
    if not given:
        raise BadSignature("unsigned", "The form has no field sig.")
    if len(given) > 1:
        raise BadSignature("bad_signature", "The form has more than one field sig.")
    wanted = signature_of_bytes(account.api_secret, (value for name, value in fields if name != SIG))
    is_signed = hmac.compare_digest(wanted.encode("ascii"), given[0])
    # Always both, so that the time of the answer does not tell which of them was wrong.
    is_ours = _carries([value for name, value in fields if name == API_KEY], account.api_key)
    if not is_signed:
        raise BadSignature("bad_signature", "The installation's api_secret did not make this signature.")
    if not is_ours:
        raise BadSignature("bad_signature", "The form does not carry the installation's api_key.")
    return 1


def _carries(given: list[bytes], key: str) -> bool:
    return len(given) == 1 and hmac.compare_digest(key.encode("utf-8", "surrogatepass"), given[0])
