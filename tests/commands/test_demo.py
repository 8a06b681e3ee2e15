"""The demo as people run it: a process of its own, real ports, real processes below it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from bridge.settings import OPTIONS
from commands.demo.tour import STEPS
from tests.contracts.brokers import delete_queues, drained, house, outgoing
from tests.services.rabbitmq import RabbitServer
from tests.services.waiting import wait_until

ALL = 7  # the demo, the stand-ins, gunicorn and its two workers, the consumer, the clock
STARTS_WITHIN_S = 60.0
PLAYS_WITHIN_S = 115.0
ENDS_WITHIN_S = 30.0

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(240)]


@contextmanager
def running(folder: Path, *words: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """`bridge demo` with these words, in a folder of its own; over at the end, whatever happened."""
    ours = {name for option in OPTIONS for name in (option.name, f"{option.name}_FILE")}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    process = subprocess.Popen(
        [sys.executable, "-m", "commands", "demo", "--folder", str(folder), *words],
        env={**environment, "PORT": "0", **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def played_once(folder: Path, *words: str, **settings: str) -> tuple[int, str, str]:
    with running(folder, "--once", *words, **settings) as process:
        said, complained = process.communicate(timeout=PLAYS_WITHIN_S)
        return process.returncode, said, complained


def below(pid: int) -> set[int]:
    """The process and all that it started, and those started."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found, unseen = set(), [pid]
    while unseen:
        one = unseen.pop()
        found.add(one)
        unseen.extend(children.get(one, []))
    return found


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def all_gone(pids: set[int]) -> bool:
    return all(map(is_gone, pids))


def begun(process: subprocess.Popen[str]) -> set[int]:
    """All processes of a demo whose tour is under way."""
    wait_until(lambda: len(below(process.pid)) >= ALL, within_s=STARTS_WITHIN_S, what="all of them run")
    return below(process.pid)


def process_of(pids: set[int], *, command: str) -> int:
    words = {pid: Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0") for pid in pids}
    return next(pid for pid, said in words.items() if said[-1] == command)


def staying(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What the demo says in JSON after its tour; from then on it stays up."""
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or lines[-1] != "}\n":
        line = process.stdout.readline()
        assert line, "".join(lines) + (process.stderr.read() if process.stderr else "")
        lines.append(line)
    said: dict[str, Any] = json.loads("".join(lines))
    return said


def answer(url: str) -> int:
    place = url.removeprefix("http://")
    connection = HTTPConnection(place.partition("/")[0], timeout=5)
    try:
        connection.request("GET", "/" + place.partition("/")[2])
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_tour_ends_with_every_profile_as_it_must_be(tmp_path: Path) -> None:
    status, said, complained = played_once(tmp_path / "demo")
    assert status == 0, said + complained
    assert f"All is well: after each of {len(STEPS)} changes" in " ".join(said.split())
    assert "Cleo has a new address" in said
    assert max(map(len, said.splitlines())) <= 80, "it must fit a narrow terminal"


@pytest.mark.rabbitmq
def test_the_same_tour_runs_on_rabbitmq_and_is_told_in_json(tmp_path: Path, rabbit: RabbitServer) -> None:
    delete_queues(rabbit.url)
    status, said, complained = played_once(tmp_path / "demo", "--json", BROKER_URL=rabbit.url)
    assert status == 0, said + complained
    told = json.loads(said)
    assert told["ok"]
    assert told["broker"] == "amqp"
    assert all(step["agrees"] and step["seconds"] > 0 for step in told["steps"])
    moved = next(step for step in told["steps"] if step["step"] == "Cleo has a new address")
    assert moved["changes"] == [
        {
            "profile": "cleo.martin@example.org",
            "field": "address",
            "before": "cleo@example.com",
            "after": "cleo.martin@example.org",
            "system": "Sailthru",
        }
    ]


@pytest.mark.rabbitmq
def test_queues_with_somebody_elses_messages_are_left_alone(tmp_path: Path, rabbit: RabbitServer) -> None:
    delete_queues(rabbit.url)
    with house(rabbit.url, f"sqlite:///{tmp_path}/other.db") as other:
        broker = other.open()
        broker.declare()
        broker.publisher().publish(outgoing(1))

        status, _, complained = played_once(tmp_path / "demo", BROKER_URL=rabbit.url)

        assert status == 1
        assert "hold 1 messages of somebody else" in complained
        assert len(drained(broker.consumer(), 1)) == 1


def test_after_the_tour_it_stays_up_to_be_looked_at_until_ctrl_c(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with running(folder, "--json") as process:
        places: Mapping[str, str] = staying(process)["addresses"]
        for name in ("what Zendesk holds", "what Sailthru holds", "the receiver's health", "metrics"):
            assert answer(places[name]) == 200, name
        assert answer(places["the console"]) == 302  # to the door
        shown = subprocess.run(
            [sys.executable, "-m", "commands", "customers", "show", "cleo.martin@example.org", "--json"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert shown.returncode == 0, shown.stderr
        assert json.loads(shown.stdout)["address"] == "cleo.martin@example.org"
        pids = below(process.pid)
        assert len(pids) == ALL

        process.send_signal(signal.SIGINT)

        assert process.wait(ENDS_WITHIN_S) == 0
        assert all_gone(pids)


def test_told_to_end_in_the_middle_of_the_tour_it_ends_every_process(tmp_path: Path) -> None:
    with running(tmp_path / "demo") as process:
        pids = begun(process)

        process.terminate()

        assert process.wait(ENDS_WITHIN_S) == 1
        assert all_gone(pids)


def test_nothing_survives_a_demo_that_is_killed(tmp_path: Path) -> None:
    with running(tmp_path / "demo") as process:
        pids = begun(process)

        process.kill()

        wait_until(lambda: all_gone(pids), within_s=ENDS_WITHIN_S, what="all its processes are gone")


def test_a_process_that_dies_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    with running(tmp_path / "demo") as process:
        os.kill(process_of(begun(process), command="consumers"), signal.SIGKILL)

        _, complained = process.communicate(timeout=ENDS_WITHIN_S)

        assert process.returncode == 1
        assert "the consumer ended with status" in complained
        assert "consumer.log ends with" in complained


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "novel.txt").write_text("chapter one")
    status, _, complained = played_once(tmp_path)
    assert status == 1
    assert "holds files that no demo made" in complained
    assert (tmp_path / "novel.txt").read_text() == "chapter one"


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with running(folder) as first:
        wait_until((folder / ".env").exists, within_s=60, what="the first one has its folder")
        status, _, complained = played_once(folder)
        assert status == 1
        assert "runs in" in complained
        assert first.poll() is None


def test_a_broker_that_is_not_there_is_named_at_once(tmp_path: Path) -> None:
    status, _, complained = played_once(tmp_path / "demo", BROKER_URL="amqp://guest:guest@127.0.0.1:9/")
    assert status == 1
    assert "BROKER_URL cannot be used" in complained
