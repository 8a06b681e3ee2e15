"""The body of a call to the API."""

from __future__ import annotations

import json
from typing import Any

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from bridge.errors import Rejected
from receiver.answers import JSON

LARGEST = 128 * 1024


def json_body() -> Any:
    """What the page sent. Raises `Rejected` (400), and what becomes 413 and 415."""
    body = request.get_data(cache=False)
    if len(body) > LARGEST:
        raise RequestEntityTooLarge
    if request.mimetype != JSON:
        raise UnsupportedMediaType
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Rejected("not_json", 400) from None
