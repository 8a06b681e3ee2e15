"""The fields of a form, as the bytes that were sent: who checks a signature must not guess at an encoding."""

from __future__ import annotations

from urllib.parse import parse_qsl

FORM = "application/x-www-form-urlencoded"
# An account has at most 2,000 lists. Taking a form of half a million fields apart costs a second of work,
# which anybody could ask for.
MOST_FIELDS = 10_000


class TooManyFields(ValueError):
    """A form with more fields than any postback has."""


def form_fields(body: bytes) -> list[tuple[bytes, bytes]]:
    """(name, value) of every field in the order of the form, blank values included.

    A name that comes twice stands there twice, and one with brackets (`lists[Main]`) is a name like any
    other. Raises `TooManyFields`.
    """
    # Latin-1 maps each byte to one character and back, so nothing is lost on the way through texts.
    try:
        found = parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise TooManyFields(f"The form has more than {MOST_FIELDS} fields.") from None
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in found]
