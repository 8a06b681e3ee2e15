"""Nothing but Flask: the body is read and forgotten. What the same server can do at most."""

from __future__ import annotations

from flask import Flask, request

app = Flask(__name__)


@app.post("/hooks/<installation>/zendesk/events")
def receive(installation: str) -> tuple[dict[str, int], int]:
    """Read the body, say yes."""
    request.get_data()
    return {"accepted": 1}, 202
