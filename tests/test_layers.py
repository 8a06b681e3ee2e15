"""Imports point one way, and the lint that says so can see."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bridge", "commands", "consumers", "receiver", "sandbox", "schemas")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the import contracts of ``setup.cfg`` over the packages in ``folder``."""
    return subprocess.run(
        [
            str(Path(sys.executable).with_name("lint-imports")),
            "--config",
            str(ROOT / "setup.cfg"),
            "--no-cache",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copied_packages(tmp_path: Path) -> Path:
    """Return a folder with a copy of our packages, to plant things in."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_our_imports_point_one_way() -> None:
    result = lint(ROOT)

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("package", "planted", "contract"),
    [
        ("schemas", "import bridge.clock", "Imports point one way"),
        ("bridge", "import receiver", "Imports point one way"),
        ("consumers", "import receiver", "Imports point one way"),
        ("receiver", "import commands", "Imports point one way"),
        ("sandbox", "import schemas", "The sandbox imports nothing of ours"),
        ("bridge", "import sandbox", "Nothing but the demo starts the sandbox"),
        ("consumers", "import pika", "Only the RabbitMQ broker speaks AMQP"),
        ("receiver", "import requests", "Only the remotes call out"),
        ("consumers", "from flask import Flask", "Flask lives in the receiver"),
        ("bridge", "from marshmallow import Schema", "marshmallow lives in the schemas"),
    ],
)
def test_a_planted_import_is_found(copied_packages: Path, package: str, planted: str, contract: str) -> None:
    planted_file = copied_packages / package / "planted.py"
    planted_file.write_text(f"from __future__ import annotations\n\n{planted}\n", "utf-8")

    result = lint(copied_packages)

    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{contract} BROKEN" in result.stdout
    assert f"{package}.planted" in result.stdout


def test_every_package_of_ours_is_linted_and_shipped() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", "utf-8")

    linted = setup["importlinter"]["root_packages"].split()
    shipped = setup["options.packages.find"]["include"].split()

    assert tuple(linted) == PACKAGES
    assert sorted(shipped) == sorted([*PACKAGES, *(f"{package}.*" for package in PACKAGES)])
