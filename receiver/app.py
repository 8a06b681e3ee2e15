"""The receiver's Flask application, and the short way through it to the hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from flask import Flask, Response, request

from receiver import answers
from receiver.console import routes as console
from receiver.health import health_pages
from receiver.hooks import LARGEST_BODY, Hook, hooks
from receiver.incoming import Incoming
from receiver.metrics_page import metrics_page
from receiver.parts import Parts
from receiver.short_way import hook_address
from receiver.sidebar import routes as sidebar

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def create_app(parts: Parts) -> Receiver:
    """Build the application; it connects to nothing before the first request."""
    app = Receiver(hooks(parts))
    # Of a chunked body Flask reads this much and drops the rest in silence: one byte too many tells us.
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY + 1
    answers.install(app)
    app.register_blueprint(health_pages(parts))
    app.register_blueprint(metrics_page(parts))
    sidebar.install(app, parts)
    console.install(app, parts)
    return app


class Receiver(Flask):
    """A delivery that looks as usual goes straight to its hook; all other requests take Flask's way.

    Both ways end in the same hook and the same answer. Flask's adds contexts, request and response objects
    and a search for the route, a sixth of what a delivery cost, and a hook uses none of them.
    """

    def __init__(self, hooks: Mapping[str, Hook]) -> None:
        super().__init__("receiver", static_folder=None)
        self._hooks = hooks
        for path, hook in hooks.items():
            self.add_url_rule(
                f"/hooks/<installation>/{path}",
                endpoint=hook.endpoint,
                view_func=_view(hook),
                methods=["POST"],
                provide_automatic_options=False,
            )

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """What the server calls, for each request."""
        name, path = hook_address(environ)
        hook = self._hooks.get(path)
        if hook is None:
            return super().wsgi_app(environ, start_response)
        try:
            answer = hook.receive(Incoming(name, environ))
        except Exception as error:  # noqa: BLE001 - as Flask does, with the same handler
            answer = answers.refusal(error, method="POST", endpoint=hook.endpoint)
        return answer.to_wsgi(start_response)


def _view(hook: Hook) -> Callable[[str], Response]:
    def view(installation: str) -> Response:
        return hook.receive(Incoming(installation, request.environ)).to_flask()

    return view
