"""What is said of a delivery that came to the wrong address: whose it seems to be, where it belongs. Pure."""

from __future__ import annotations

from receiver.signatures import SIGNATURE, Headers
from schemas.form import FORM

ZENDESK = "zendesk/"


def plain(content_type: str) -> str:
    """A content type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def wrong_wiring(path: str, headers: Headers, *, installation: str) -> str:
    """A sentence for whoever set up the sender; empty when this delivery may well belong to `path`.

    `installation` is empty where none has the name in the address: strangers choose no words in our log.
    """
    is_zendesks = bool(headers.get(SIGNATURE))
    is_form = plain(headers.get("Content-Type") or "") == FORM
    hooks = f"/hooks/{installation or '<installation>'}"
    if not path.startswith(ZENDESK) and is_zendesks:
        return (
            "Zendesk sent this: let the event webhook call "
            f"{hooks}/zendesk/events, a trigger's webhook {hooks}/zendesk/triggers."
        )
    if not path.startswith(ZENDESK) and not is_form:
        return "Sailthru's postbacks are forms; what is sent in another form is none, and not taken."
    if path.startswith(ZENDESK) and is_form and is_zendesks:
        return "Zendesk sent this as a form: set the request format of the webhook to JSON."
    if path.startswith(ZENDESK) and is_form:
        return f"This may be a Sailthru postback: in Sailthru, enter {hooks}/sailthru/postbacks."
    return ""
