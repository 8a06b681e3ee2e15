"""The page: opened by Zendesk's signed token, in the frame beside a ticket."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog
from flask import Response, make_response, render_template, request

from bridge.clock import Clock
from bridge.errors import Rejected, Unavailable
from bridge.ledger.installations import Installation
from receiver.answers import RETRY_AFTER_S
from receiver.assets import Assets
from receiver.doorkeeper import Doorkeeper
from receiver.sidebar.doors import NotLetIn, Opened, check_token
from receiver.sidebar.files import languages
from receiver.sidebar.headers import sdk_address
from receiver.sidebar.page_tokens import LIFE, PageTokens

LARGEST_FORM = 64 * 1024

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Page:
    """The page of every installation."""

    doorkeeper: Doorkeeper
    tokens: PageTokens
    assets: Assets
    clock: Clock

    def opened(self, installation: str) -> Response:
        """POST: the page, or a page that says why not."""
        return self._answered(installation, self._page)

    def asked(self, installation: str) -> Response:
        """GET: nobody can be let in without Zendesk's token, which it sends with a POST."""
        return self._answered(installation, self._outside)

    def _answered(self, name: str, make: Callable[[str], Response]) -> Response:
        try:
            return make(name)
        except Rejected as error:
            log.warning(
                "The sidebar was not opened.", action="sidebar_refused", code=error.code, hint=error.hint
            )
            return self._refusal(error.code, error.status)
        except Unavailable as error:
            log.warning("The sidebar was not opened.", action="sidebar_unavailable", part=error.part)
            response = self._refusal("unavailable", 503)
            response.headers["Retry-After"] = str(RETRY_AFTER_S)
            return response

    def _outside(self, name: str) -> Response:
        if self.doorkeeper.known(name) is None and self.doorkeeper.asked(name) is None:
            raise Rejected("unknown_installation", 404, "No installation has the name in this address.")
        return self._refusal("no_token", 401)

    def _page(self, name: str) -> Response:
        request.max_content_length = LARGEST_FORM
        given = request.form.get("token", "")
        installation, opened = self._admit(name, given)
        token = self.tokens.opened(installation.id, opened.agent)
        about = {
            "token": self.tokens.sealed(token),
            "expires_in_s": int(LIFE.total_seconds()),
            "installation": installation.name,
            "api": f"/sidebar/{installation.name}/api",
            "agent": None if token.agent is None else str(token.agent),
            "texts": self.assets.address("en.json").removesuffix("en.json"),
            "languages": languages(),
        }
        sdk = sdk_address(installation.settings.zendesk.url, request.args.get("sdk", ""))
        # Room for the link from the beginning: what stands below it does not move when it comes.
        has_link = bool(installation.settings.options.profile_link)
        shown = render_template("sidebar/sidebar.html", about=json.dumps(about), sdk=sdk, has_link=has_link)
        return make_response(shown)

    def _admit(self, name: str, given: str) -> tuple[Installation, Opened]:
        """Who is let in, and where. Nobody is told no before the ledger was asked."""
        known = self.doorkeeper.known(name)
        if known is not None:
            with suppress(NotLetIn):
                return known, check_token(given, known.settings.zendesk, now=self.clock.now())
        asked = self.doorkeeper.asked(name)
        if asked is None:
            raise Rejected("unknown_installation", 404, "No installation has the name in this address.")
        return asked, check_token(given, asked.settings.zendesk, now=self.clock.now())

    def _refusal(self, code: str, status: int) -> Response:
        return make_response(render_template("sidebar/refused.html", code=code), status)
