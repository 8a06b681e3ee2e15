"""The receiver's Flask application."""

from __future__ import annotations

from flask import Flask

from receiver import answers
from receiver.health import health_pages
from receiver.hooks import LARGEST_BODY, hooks
from receiver.metrics_page import metrics_page
from receiver.parts import Parts
from receiver.sidebar import routes as sidebar


def create_app(parts: Parts) -> Flask:
    """Build the application; it connects to nothing before the first request."""
    app = Flask(__name__, static_folder=None)
    # Of a chunked body Flask reads this much and drops the rest in silence: one byte too many tells us.
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY + 1
    answers.install(app)
    app.register_blueprint(hooks(parts))
    app.register_blueprint(health_pages(parts))
    app.register_blueprint(metrics_page(parts))
    sidebar.install(app, parts)
    return app
