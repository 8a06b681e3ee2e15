"""REST of apps: upload a package, have it built, install it, ask for its key."""

from __future__ import annotations

from email import message_from_bytes
from typing import Any

from sandbox.agent_view.signing import public_pem
from sandbox.web.messages import Reply, Request
from sandbox.zendesk.apps import App, Apps, Installed
from sandbox.zendesk.rest.errors import RestError, invalid, not_found
from sandbox.zendesk.rest.paging import page

PEM = {"Content-Type": "application/x-pem-file"}


class AppsApi:
    """Called under the store's lock; raises RestError and LookupError."""

    def __init__(self, apps: Apps) -> None:
        self._apps = apps
        self.base = ""

    def upload(self, request: Request) -> Reply:
        """A form with the package as the file `uploaded_data`."""
        return Reply(201, {"id": self._apps.upload(_uploaded(request))})

    def build(self, request: Request) -> Reply:
        asked = _object(request)
        name = str(asked.get("name") or "")
        if not name:
            raise invalid("name", "Name: cannot be blank")
        return Reply(202, {"job_id": self._apps.build(_number(asked, "upload_id"), name).id})

    def rebuild(self, request: Request, app_id: str) -> Reply:
        job = self._apps.build(_number(_object(request), "upload_id"), "", int(app_id))
        return Reply(202, {"job_id": job.id})

    def job(self, _request: Request, job_id: str) -> Reply:
        job = self._apps.job(job_id)
        told = {"id": job.id, "status": job.status(), "message": job.message, "app_id": job.app_id}
        return Reply(200, told)

    def owned(self, request: Request) -> Reply:
        self._apps.settle()
        return self._page(request, "apps", list(self._apps.apps.values()), app_json)

    def delete(self, _request: Request, app_id: str) -> Reply:
        self._apps.remove(int(app_id))
        return Reply(204)

    def key(self, _request: Request, app_id: str) -> Reply:
        """The half of the key that everybody may have, once the app is installed."""
        app = self._apps.apps[int(app_id)]
        if not any(one.app_id == app.id for one in self._apps.installed.values()):
            raise not_found()
        return Reply(200, f"{public_pem(app.key)}\n".encode(), PEM)

    def install(self, request: Request) -> Reply:
        asked = _object(request)
        settings = asked.get("settings")
        if not isinstance(settings, dict) or not settings.get("name"):
            raise invalid("settings", "Name: cannot be blank")
        made = self._apps.install(_number(asked, "app_id"), settings)
        return Reply(201, installed_json(made))

    def installed(self, request: Request) -> Reply:
        return self._page(request, "installations", list(self._apps.installed.values()), installed_json)

    def uninstall(self, _request: Request, installation_id: str) -> Reply:
        del self._apps.installed[int(installation_id)]
        return Reply(204)

    def _page(self, request: Request, name: str, rows: list[Any], show: Any) -> Reply:
        return Reply(200, page(name, rows, show, url=f"{self.base}{request.path}", query=request.query))


def app_json(app: App) -> dict[str, Any]:
    return {"id": app.id, "name": app.name, "version": app.manifest.get("version"), "state": "published"}


def installed_json(one: Installed) -> dict[str, Any]:
    return {"id": one.id, "app_id": one.app_id, "enabled": True, "settings": one.settings}


def _uploaded(request: Request) -> bytes:
    kind = request.headers.get("content-type", "")
    whole = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.body)
    for part in whole.walk():
        if part.get_param("name", header="content-disposition") == "uploaded_data":
            content = part.get_payload(decode=True)
            if isinstance(content, bytes) and content:
                return content
    raise RestError(400, "InvalidRequest", "uploaded_data is missing")


def _object(request: Request) -> dict[str, Any]:
    try:
        asked = request.json()
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise RestError(400, "InvalidRequest", "A JSON object is needed")
    return asked


def _number(asked: dict[str, Any], name: str) -> int:
    try:
        return int(asked[name])
    except (KeyError, TypeError, ValueError):
        raise invalid(name, f"{name} is not valid") from None
