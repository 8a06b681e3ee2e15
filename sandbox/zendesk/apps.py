"""Private apps of the account: uploaded, built by a job, installed, each with a key of its own."""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from sandbox.agent_view.signing import new_key
from sandbox.zendesk.account import ZendeskOddities


@dataclass(slots=True)
class App:
    """One app; `manifest` is that of the last package that was built."""

    id: int
    name: str
    manifest: dict[str, Any]
    package: bytes
    key: RSAPrivateKey = field(default_factory=new_key)


@dataclass(slots=True)
class Installed:
    """An app in use, with what its settings hold."""

    id: int
    app_id: int
    settings: dict[str, Any]


@dataclass(slots=True)
class BuildJob:
    """Makes an app of an upload, or gives one another package, at `due`."""

    id: str
    due: datetime
    package: bytes
    name: str
    app_id: int | None = None
    message: str | None = None
    has_ended: bool = False

    def status(self) -> str:
        if not self.has_ended:
            return "queued"
        return "failed" if self.message else "completed"


class Apps:
    """All of them, by number."""

    def __init__(self, oddities: ZendeskOddities, now: Callable[[], datetime]) -> None:
        self.uploads: dict[int, bytes] = {}
        self.apps: dict[int, App] = {}
        self.installed: dict[int, Installed] = {}
        self._jobs: dict[str, BuildJob] = {}
        self._oddities = oddities
        self._now = now
        self._numbers = itertools.count(871001)

    def upload(self, package: bytes) -> int:
        number = next(self._numbers)
        self.uploads[number] = package
        return number

    def build(self, upload_id: int, name: str, app_id: int | None = None) -> BuildJob:
        """A job for an upload, which is used up by it. Raises LookupError."""
        if app_id is not None and app_id not in self.apps:
            raise LookupError(app_id)
        due = self._now() + timedelta(seconds=self._oddities.app_job_s)
        job = BuildJob(f"{next(self._numbers):032x}", due, self.uploads.pop(upload_id), name, app_id)
        self._jobs[job.id] = job
        self.settle()
        return job

    def job(self, job_id: str) -> BuildJob:
        """How a job stands. Raises LookupError."""
        self.settle()
        return self._jobs[job_id]

    def settle(self) -> None:
        """Whatever is due is built, whether or not anybody asks."""
        for job in self._jobs.values():
            if not job.has_ended and job.due <= self._now():
                self._finish(job)

    def install(self, app_id: int, settings: dict[str, Any]) -> Installed:
        """Puts an app to use. Raises LookupError."""
        made = Installed(next(self._numbers), self.apps[app_id].id, settings)
        self.installed[made.id] = made
        return made

    def remove(self, app_id: int) -> None:
        """Takes an app away, and wherever it is installed. Raises LookupError."""
        del self.apps[app_id]
        self.installed = {key: one for key, one in self.installed.items() if one.app_id != app_id}

    def newest(self) -> Installed | None:
        """What was installed last."""
        return self.installed[max(self.installed)] if self.installed else None

    def _finish(self, job: BuildJob) -> None:
        job.has_ended = True
        try:
            with zipfile.ZipFile(io.BytesIO(job.package)) as package:
                manifest = json.loads(package.read("manifest.json"))
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            job.message = f"the package cannot be used: {error}"
            return
        if job.app_id is None:
            job.app_id = next(self._numbers)
            self.apps[job.app_id] = App(job.app_id, job.name, manifest, job.package)
        else:
            app = self.apps[job.app_id]
            app.manifest, app.package = manifest, job.package
