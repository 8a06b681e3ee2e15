"""Everything under `/sidebar/`, put together."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Flask, Response

from bridge.forgotten import Forgotten
from bridge.vault import Vault
from receiver.assets import Assets
from receiver.doorkeeper import Doorkeeper
from receiver.parts import Parts
from receiver.sidebar import headers
from receiver.sidebar.api_actions import Actions
from receiver.sidebar.api_agent import Claims
from receiver.sidebar.api_customer import Customers, ScoresSeen
from receiver.sidebar.api_lists import Lists
from receiver.sidebar.files import page_files
from receiver.sidebar.page import Page
from receiver.sidebar.page_tokens import PageTokens
from receiver.sidebar.profile_reads import ProfileReads
from receiver.sidebar.seals import Seals
from receiver.sidebar.sessions import Session, Sessions
from receiver.turnstile import Turnstile


def install(app: Flask, parts: Parts) -> None:
    """Add the sidebar's page, files and API to the app."""
    doorkeeper = Doorkeeper(parts.directory, parts.clock)
    tokens = PageTokens(parts.sidebar.secret_keys, parts.clock)
    headers.install(app, doorkeeper)
    app.register_blueprint(_pages(Page(doorkeeper, tokens, sidebar_assets(), parts.clock)))
    app.register_blueprint(_api(parts, Sessions(doorkeeper, tokens)))


def sidebar_assets() -> Assets:
    """The page's files."""
    return Assets(page_files(), "/sidebar/static")


def _pages(page: Page) -> Blueprint:
    pages = Blueprint("sidebar", __name__, url_prefix="/sidebar", template_folder="templates")
    pages.app_context_processor(lambda: {"asset": page.assets.address})
    for endpoint, view, method in (("page", page.opened, "POST"), ("outside", page.asked, "GET")):
        pages.add_url_rule(
            "/<installation>",
            endpoint=endpoint,
            view_func=view,
            methods=[method],
            provide_automatic_options=False,
        )

    @pages.get("/static/<version>/<path:name>")
    def static(version: str, name: str) -> Response:
        return page.assets.response(version, name)

    return pages


def _api(parts: Parts, sessions: Sessions) -> Blueprint:
    api = Blueprint("sidebar_api", __name__, url_prefix="/sidebar/<installation>/api")
    sidebar = parts.sidebar
    turnstile, seals = Turnstile(sidebar.reads_at_once), Seals(sidebar.secret_keys)
    forgotten = Forgotten(Vault(sidebar.secret_keys))
    actions = Actions(sidebar.ledger, parts.acceptance, seals, forgotten, parts.traces)
    reads = ProfileReads(sidebar, parts.clock, turnstile)
    scores = ScoresSeen(sidebar.ledger, parts.clock)
    shown = Customers(sidebar.ledger, parts.clock, reads, seals, scores, forgotten)
    lists = Lists(sidebar.ledger, reads)
    claims = Claims(sidebar, parts.clock, sessions, turnstile)

    @api.post("/token")
    def token(installation: str) -> Response:
        return sessions.renewal(installation)

    def add(method: str, path: str, view: Callable[..., Response]) -> None:
        """Every other call wants a token that is good now, before anything else of it is looked at."""

        def admitted(installation: str, **named: str) -> Response:
            session: Session = sessions.current(installation)
            return view(session, **named)

        api.add_url_rule(
            path, endpoint=view.__qualname__.replace(".", "_"), view_func=admitted, methods=[method]
        )

    add("GET", "/customer", shown.show)
    add("GET", "/lists", lists.offered)
    add("POST", "/agent", claims.claim)
    add("POST", "/actions", actions.accept)
    add("GET", "/actions", actions.states)
    add("POST", "/actions/<action>/undo", actions.undo)
    add("POST", "/actions/<action>/retry", actions.retry)
    return api
