from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge import metrics

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_counts() -> Iterator[None]:
    metrics.installations_are(0)
    yield
    metrics.installations_are(0)


def run(folder: Path, code: str) -> str:
    """Run code in a process of its own that counts into `folder`; what it printed."""
    ended = subprocess.run(
        [sys.executable, "-c", START.format(folder=str(folder)) + code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout


START = "from pathlib import Path; from bridge import metrics; metrics.start(Path({folder!r}))\n"
SHOW = "import sys; sys.stdout.write(metrics.exposition()[0].decode())"


def test_one_page_adds_up_all_processes_of_the_machine(tmp_path: Path) -> None:
    code = (
        "metrics.count_delivery('acme', source='webhook', outcome='accepted')\n"
        "metrics.observe_lag(0.2)\n"
        "import subprocess, sys\n"
        "if len(sys.argv) == 1:\n"
        "    subprocess.run([sys.executable, '-c', sys.orig_argv[2], 'second'], check=True)\n"
        f"    {SHOW}"
    )
    page = run(tmp_path / "metrics", code)
    assert 'bridge_deliveries_total{installation="acme",outcome="accepted",source="webhook"} 2.0' in page, (
        page
    )
    assert "bridge_event_lag_seconds_count 2.0" in page


def test_counts_of_a_running_neighbour_outlive_a_restart(tmp_path: Path) -> None:
    count = "metrics.count_remote_request('sailthru', 'ok', seconds=0.1)\n"
    wait = "print('counted', flush=True); input()"
    command = [sys.executable, "-c", START.format(folder=str(tmp_path)) + count + wait]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as neighbour:
        assert neighbour.stdout is not None
        assert neighbour.stdout.readline() == b"counted\n"
        run(tmp_path, count)
        page = run(tmp_path, count + SHOW)
        neighbour.communicate(b"\n")
    assert 'outcome="ok",system="sailthru"} 3.0' in page


def test_a_file_that_a_process_is_just_making_counts_for_nothing(tmp_path: Path) -> None:
    count = "metrics.count_remote_request('sailthru', 'ok', seconds=0.1)\n"
    just_made = f"Path({str(tmp_path)!r}, 'counter_1.db').touch()\n"

    assert 'outcome="ok",system="sailthru"} 1.0' in run(tmp_path, count + just_made + SHOW)


def test_with_nobody_left_counting_begins_anew(tmp_path: Path) -> None:
    count = "metrics.count_remote_request('sailthru', 'ok', seconds=0.1)\n"
    run(tmp_path, count)
    assert 'outcome="ok",system="sailthru"} 1.0' in run(tmp_path, count + SHOW)


def test_all_metrics_have_their_names_and_labels() -> None:
    metrics.count_delivery("acme", source="webhook", outcome="accepted")
    metrics.count_event("acme", type="user.tags_changed", outcome="applied")
    metrics.observe_lag(0.01)
    metrics.count_remote_request("zendesk", "rate_limited", seconds=0.2)
    page = metrics.exposition()[0].decode()
    for line in (
        'bridge_deliveries_total{installation="acme",outcome="accepted",source="webhook"}',
        'bridge_events_total{installation="acme",outcome="applied",type="user.tags_changed"}',
        'bridge_event_lag_seconds_bucket{le="0.01"}',
        'bridge_remote_requests_total{outcome="rate_limited",system="zendesk"}',
        'bridge_remote_request_seconds_count{system="zendesk"}',
    ):
        assert line in page


@pytest.mark.parametrize(("count", "label"), [(0, "acme"), (200, "acme"), (201, "other")])
def test_very_many_installations_share_one_label(count: int, label: str) -> None:
    metrics.installations_are(count)
    assert metrics.installation_label("acme") == label


def test_a_name_that_a_stranger_made_up_becomes_no_label() -> None:
    assert metrics.installation_label("") == "unknown"
