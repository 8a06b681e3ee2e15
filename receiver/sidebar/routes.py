"""Everything under `/sidebar/`, put together."""

from __future__ import annotations

from flask import Blueprint, Flask, Response

from receiver.doorkeeper import Doorkeeper
from receiver.parts import Parts
from receiver.sidebar import headers
from receiver.sidebar.assets import Assets
from receiver.sidebar.page import Page
from receiver.sidebar.page_tokens import PageTokens
from receiver.sidebar.sessions import Sessions


def install(app: Flask, parts: Parts) -> None:
    """Add the sidebar's page, files and API to the app."""
    doorkeeper = Doorkeeper(parts.directory, parts.clock)
    headers.install(app, doorkeeper)
    app.register_blueprint(_sidebar(parts, doorkeeper))


def _sidebar(parts: Parts, doorkeeper: Doorkeeper) -> Blueprint:
    assets, tokens = Assets(), PageTokens(parts.sidebar.secret_keys, parts.clock)
    blueprint = Blueprint("sidebar", __name__, url_prefix="/sidebar", template_folder="templates")
    page = Page(doorkeeper, tokens, assets, parts.clock)
    sessions = Sessions(doorkeeper, tokens)
    blueprint.app_context_processor(lambda: {"asset": assets.address})
    rules = (
        ("/<installation>", "page", page.opened, "POST"),
        ("/<installation>", "outside", page.asked, "GET"),
    )
    for path, endpoint, view, method in rules:
        blueprint.add_url_rule(
            path, endpoint=endpoint, view_func=view, methods=[method], provide_automatic_options=False
        )

    @blueprint.post("/<installation>/api/token")
    def token(installation: str) -> Response:
        return sessions.renewal(installation)

    @blueprint.get("/static/<path:name>")
    def static(name: str) -> Response:
        return assets.response(name)

    return blueprint
