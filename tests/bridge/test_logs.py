from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bridge.logs import HIDDEN, mask, masked

ROOT = Path(__file__).parents[2]
START = (
    "import logging, structlog\n"
    "from bridge import logs\n"
    "logs.configure('INFO')\n"
    "log = structlog.get_logger('x')\n"
)


def lines_of(code: str) -> list[dict[str, Any]]:
    """What a process of its own that runs this code writes to its standard error."""
    ended = subprocess.run(
        [sys.executable, "-c", START + code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout == ""
    return [json.loads(line) for line in ended.stderr.splitlines()]


@pytest.mark.parametrize(
    ("address", "shown"),
    [("jane@example.com", "j…@e….com"), ("a@b.co.uk", "a…@b….uk"), ("@x", "…@….x"), ("nobody", "…@….nobody")],
)
def test_an_address_is_masked(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_a_line_is_json_with_time_level_and_action() -> None:
    (line,) = lines_of("log.info('An event was kept.', action='event_kept', deliveries=2)")
    assert line.pop("time").endswith("Z")
    assert line == {"message": "An event was kept.", "level": "info", "action": "event_kept", "deliveries": 2}


def test_what_others_log_looks_the_same() -> None:
    (line,) = lines_of("logging.getLogger('gunicorn.error').warning('Worker of %s', 'jane@example.com')")
    assert (line["message"], line["level"], line["logger"]) == (
        "Worker of j…@e….com",
        "warning",
        "gunicorn.error",
    )


def test_a_lower_level_is_left_out() -> None:
    assert (
        lines_of("log.debug('x'); logging.getLogger('pika').info('x'); logging.getLogger('y').debug('x')")
        == []
    )


def test_a_traceback_is_one_line_without_addresses() -> None:
    code = (
        "try: raise ValueError('no jane@example.com')\nexcept ValueError: log.exception('failed', action='x')"
    )
    (line,) = lines_of(code)
    assert "ValueError: no j…@e….com" in line["exception"]


def test_what_cannot_be_json_is_written_anyway() -> None:
    (line,) = lines_of("log.info('odd', a={1: b'x'}, b=chr(0xd800), c=object, d=float('nan'))")
    assert line["message"] == "odd"


def test_secrets_and_addresses_are_hidden_however_deep() -> None:
    shown = mask(
        None,
        "info",
        {
            "event": "Moved <jane@example.com>, then bob@mail.example.org.",
            "api_key": "k",
            "webhook_secrets": ["s"],
            "headers": {"Authorization": "Bearer x", "Accept": "y"},
            "list": [{"email": "jane@example.com"}, ("a@b.cd",)],
            "tokens": 3,
        },
    )
    assert shown == {
        "event": "Moved <j…@e….com>, then b…@m….org.",
        "api_key": HIDDEN,
        "webhook_secrets": HIDDEN,
        "headers": {"Authorization": HIDDEN, "Accept": "y"},
        "list": [{"email": "j…@e….com"}, ["a…@b….cd"]],
        "tokens": 3,
    }
