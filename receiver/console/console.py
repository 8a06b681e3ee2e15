"""The frame that every page of the console stands in: who may see it, who may act, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from bridge.errors import Rejected
from bridge.people.roles import OPERATOR, VIEWER
from receiver.assets import Assets, files_in
from receiver.console import failures
from receiver.console.board import Board
from receiver.console.parts import ConsoleParts
from receiver.console.sessions import Sessions
from receiver.console.words import FILTERS
from receiver.turnstile import Turnstile

HERE = Path(__file__).parent
PREFIX = "/console"
API = f"{PREFIX}/api/"
LOGIN = f"{PREFIX}/login"
HARMLESS = ("GET", "HEAD")

View = Callable[..., str | AnyResponse]


@dataclass(frozen=True)
class MenuEntry:
    """A page in the menu. `shortcut` is the key that opens it."""

    title: str
    path: str
    shortcut: str


@dataclass(frozen=True)
class Notice:
    """What stands above every page: `words`, and a `link` to `path`, where it can be changed."""

    words: str
    path: str
    link: str


def _nothing() -> Sequence[Notice]:
    return ()


@dataclass
class Console:
    """Takes the pages of all subjects. Nothing is shown to anybody who is not signed in."""

    parts: ConsoleParts
    menu: list[MenuEntry] = field(default_factory=list)
    banner: Callable[[], Sequence[Notice]] = _nothing  # what is paused; read for every page

    def __post_init__(self) -> None:
        self.sessions = Sessions.of(self.parts.ledger, self.parts.secret_keys)
        self.blueprint = Blueprint("console", __name__, url_prefix=PREFIX, template_folder="templates")
        self.assets = Assets(files_in(HERE / "static"), f"{PREFIX}/static")
        self.board = Board(self.parts.clock)
        self._places = Turnstile(self.parts.pages_at_once)
        self._serve_files()
        failures.install(self.blueprint)

    def _serve_files(self) -> None:
        self.blueprint.app_context_processor(lambda: {"console_file": self.assets.address})
        for name, words in FILTERS.items():
            self.blueprint.add_app_template_filter(words, name)

        @self.blueprint.get("/static/<version>/<path:name>")
        def static(version: str, name: str) -> Response:
            return self.assets.response(version, name)

    def add_to_menu(self, title: str, path: str, shortcut: str) -> None:
        """Name a page in the menu; `path` begins after `/console`."""
        self.menu.append(MenuEntry(title, f"{PREFIX}{path}", shortcut))

    def page(
        self, path: str, role: str = VIEWER, methods: Sequence[str] = ("GET",)
    ) -> Callable[[View], View]:
        """Serve `path` (after `/console`) with the decorated view, which is given `operator: SignedIn`.

        Signed out: 302 to the sign-in page, 401 under `/console/api/`. Another role than `role`: 403.
        Whatever changes something is for operators, and wants the token of a form.
        """
        if role != OPERATOR and not set(methods) <= set(HARMLESS):
            raise ValueError(f"{path}: viewers change nothing; give role={OPERATOR!r}")

        def add(view: View) -> View:
            self.blueprint.add_url_rule(
                path,
                endpoint=f"{view.__module__.rpartition('.')[2]}_{view.__name__}",
                view_func=self._guarded(view, role),
                methods=list(methods),
            )
            return view

        return add

    def render(self, template: str, **values: Any) -> str:
        """A page out of `templates/console/`; give it `operator`."""
        frame = {"menu": self.menu, "here": request.path, "banner": self.banner()}
        return render_template(f"console/{template}", **frame, **values)

    def _guarded(self, view: View, role: str) -> View:
        @wraps(view)
        def guarded(**named: Any) -> str | AnyResponse:
            operator = self.sessions.current()
            if operator is None:
                return _signed_out()
            if not operator.may(role):
                raise Rejected("not_allowed", 403, f"This is for people with the role {role}.")
            if request.method not in HARMLESS:
                self.sessions.forms.check(operator.session)
            with self._places.waiting(self.parts.busy_after_s) as may_pass:
                if not may_pass:
                    raise Rejected("busy", 503, "Too many pages of the console are being made.")
                return view(operator=operator, **named)

        return guarded


def is_api(path: str) -> bool:
    """Whether scripts ask there, and not people."""
    return path.startswith(API)


def _signed_out() -> AnyResponse:
    if is_api(request.path):
        raise Rejected("signed_out", 401, "Nobody is signed in.")
    query = request.query_string.decode("ascii", "replace")
    target = request.path + (f"?{query}" if query else "")
    if request.method not in HARMLESS or target == f"{PREFIX}/":
        return redirect(LOGIN)
    return redirect(f"{LOGIN}?{urlencode({'next': target})}")
