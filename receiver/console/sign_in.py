"""The pages before and after: signing in by password or link, and signing out."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flask import Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from bridge.people.signed_ids import LINK, SignedIds, new_id
from receiver.console import cookies
from receiver.console.console import API, LOGIN, PREFIX, Console
from receiver.console.doors import Doors, NotLetIn
from receiver.console.sessions import Sessions

COOKIE = "form"  # stands for the session while there is none
COOKIE_LIFE_S = 3600
LONGEST_TARGET = 2000


def install(console: Console) -> None:
    """Add the pages that need nobody to be signed in."""
    doors = Doors(console.parts.ledger, SignedIds(console.parts.secret_keys, LINK))
    pages = SignInPages(doors, console.sessions)
    add = console.blueprint.add_url_rule
    for path, view in (("/login", pages.login), ("/link/<token>", pages.link)):
        add(path, endpoint=view.__name__, view_func=view, methods=["GET", "POST"])
    add("/sign-out", endpoint="sign_out", view_func=pages.sign_out, methods=["POST"])


@dataclass(frozen=True)
class SignInPages:
    """The views."""

    doors: Doors
    sessions: Sessions

    def login(self) -> AnyResponse:
        """Ask for name and password, or take them."""
        target = safe_target(request.values.get("next", ""))
        if request.method != "POST":
            return self._asked("login.html", target=target)
        self.sessions.forms.check_against(cookies.read(COOKIE))
        name = request.form.get("name", "").strip().lower()
        try:
            found = self.doors.by_password(name, request.form.get("password", ""), request.remote_addr or "")
        except NotLetIn as error:
            return self._refused(error, "login.html", target=target, name=name)
        return self._let_in(target, name=found.name, role=found.role, via="password")

    def link(self, token: str) -> AnyResponse:
        """Ask whether to sign in, which a mail program that looks at addresses does not; or do it."""
        if request.method != "POST":
            return self._asked("link.html")
        self.sessions.forms.check_against(cookies.read(COOKIE))
        try:
            made = self.doors.by_link(token)
        except NotLetIn as error:
            return self._refused(error, "link.html")
        return self._let_in(f"{PREFIX}/", name=made.name, role=made.role, via="link")

    def sign_out(self) -> AnyResponse:
        """End this session."""
        response = redirect(LOGIN)
        operator = self.sessions.current()
        if operator is not None:
            self.sessions.forms.check(operator.session)
            self.sessions.end(response, operator)
        return response

    def _asked(self, template: str, **values: str) -> Response:
        before = cookies.read(COOKIE) or new_id()
        token = self.sessions.forms.token(before)
        response = make_response(render_template(f"console/{template}", form_token=token, **values))
        cookies.put(response, COOKIE, before, life_s=COOKIE_LIFE_S)
        return response

    def _refused(self, error: NotLetIn, template: str, **values: str) -> Response:
        after_s = math.ceil(error.after_s)
        response = self._asked(template, refused=error.code, after_s=str(after_s), **values)
        response.status_code = error.status
        if after_s:
            response.headers["Retry-After"] = str(after_s)
        return response

    def _let_in(self, target: str, *, name: str, role: str, via: str) -> AnyResponse:
        response = redirect(target)
        cookies.take_away(response, COOKIE)
        self.sessions.begin(response, name=name, role=role, via=via)
        return response


def safe_target(given: str) -> str:
    """Where to go after signing in: a page of the console, and no other site's, whatever was asked for."""
    is_ours = given.startswith(f"{PREFIX}/") and len(given) <= LONGEST_TARGET and given.isprintable()
    is_door = given.startswith((API, LOGIN, f"{PREFIX}/link", f"{PREFIX}/sign-out"))
    return given if is_ours and not is_door and "\\" not in given and "//" not in given else f"{PREFIX}/"
