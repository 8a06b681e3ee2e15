"""REST of users: reading, searching, changing, tags, identities."""

from __future__ import annotations

from typing import Any

from sandbox.quota import Quota
from sandbox.web.messages import Reply, Request
from sandbox.zendesk.account import ZendeskOddities
from sandbox.zendesk.people import People
from sandbox.zendesk.records import User
from sandbox.zendesk.rest.errors import RestError, invalid, not_found
from sandbox.zendesk.rest.fields import UserFields
from sandbox.zendesk.rest.limits import charge_user
from sandbox.zendesk.rest.paging import page
from sandbox.zendesk.rest.show import identity_json, ticket_json, user_json
from sandbox.zendesk.store import Store

MOST_IDS = 100
PLAIN = ("name", "external_id", "role", "suspended")


class UsersApi:
    """Answers below /api/v2/users. Called under the store's lock; raises RestError."""

    def __init__(self, store: Store, people: People, *, fields: UserFields, quota: Quota,
                 oddities: ZendeskOddities) -> None:  # fmt: skip
        self._store = store
        self._quota = quota
        self._people = people
        self._fields = fields
        self._oddities = oddities
        self.base = ""

    def get(self, _request: Request, user_id: str) -> Reply:
        return Reply(200, {"user": self._show(self._seen(user_id))})

    def show_many(self, request: Request) -> Reply:
        """GET users/show_many?ids= or ?external_ids=, at most 100; unknown ones are left out."""
        query = request.query
        names = query.get("external_ids", "").lower().split(",")
        asked = [int(each) for each in query.get("ids", "").split(",") if each.strip().isdigit()]
        if max(len(asked), len(names)) > MOST_IDS:
            raise RestError(400, "TooManyIds", f"at most {MOST_IDS} ids")
        if "external_ids" in query:
            found = [user for user in self._all() if (user.external_id or "").lower() in names]
        else:
            found = [user for each in dict.fromkeys(asked) if (user := self._find(each)) is not None]
        return Reply(200, {"users": [self._show(user) for user in found], "count": len(found),
                           "next_page": None, "previous_page": None})  # fmt: skip

    def search(self, request: Request) -> Reply:
        """GET users/search?query=email:… (or a plain address, or ?external_id=)."""
        query = request.query
        if "external_id" in query:
            wanted = query["external_id"].lower()
            found = [user for user in self._all() if (user.external_id or "").lower() == wanted]
        else:
            text = query.get("query", "").strip()
            address = text.removeprefix("email:").strip('"')
            holder = self._store.holder(address)
            found = [] if holder is None else [holder]
        return Reply(200, page("users", found, self._show, url=self._url(request), query=query))

    def identities(self, request: Request, user_id: str) -> Reply:
        user = self._seen(user_id)
        shown = page("identities", user.identities, lambda each: identity_json(each, user, self.base),
                     url=self._url(request), query=request.query)  # fmt: skip
        return Reply(200, shown)

    def add_identity(self, request: Request, user_id: str) -> Reply:
        asked = body_of(request, "identity")
        kind = str(asked.get("type", "email"))
        try:
            added = self._people.add_identity(int(user_id), str(asked.get("value")), kind=kind)
        except ValueError as error:
            raise invalid("value", str(error)) from None
        if asked.get("primary"):
            self._people.make_primary(int(user_id), added.id)
        user = self._store.user(int(user_id))
        return Reply(201, {"identity": identity_json(added, user, self.base)})

    def make_primary(self, request: Request, user_id: str, identity_id: str) -> Reply:
        self._people.make_primary(int(user_id), int(identity_id))
        return self.identities(request, user_id)

    def remove_identity(self, _request: Request, user_id: str, identity_id: str) -> Reply:
        self._people.remove_identity(int(user_id), int(identity_id))
        return Reply(204)

    def related(self, _request: Request, user_id: str) -> Reply:
        user = self._seen(user_id)
        counts_deleted = self._oddities.related_counts_deleted
        tickets = self._store.tickets_of(user.id)
        requested = sum(counts_deleted or ticket.status != "deleted" for ticket in tickets)
        return Reply(200, {"user_related": {"assigned_tickets": 0, "ccd_tickets": 0,
                                            "organization_subscriptions": 0,
                                            "requested_tickets": requested}})  # fmt: skip

    def requested(self, request: Request, user_id: str) -> Reply:
        """The user's tickets without deleted ones, by id."""
        user = self._seen(user_id)
        ago_s = self._oddities.replica_lag_s
        seen = [self._store.ticket_seen(each.id, ago_s=ago_s) for each in self._store.tickets_of(user.id)]
        live = [ticket for ticket in seen if ticket is not None and ticket.status != "deleted"]
        shown = page("tickets", live, lambda each: ticket_json(each, self.base),
                     url=self._url(request), query=request.query)  # fmt: skip
        return Reply(200, shown)

    def put(self, request: Request, user_id: str) -> Reply:
        """PUT users/{id}: a new `email` becomes a secondary identity, unknown user fields are dropped."""
        self._seen(user_id)
        charge_user(self._quota, int(user_id))
        return Reply(200, {"user": self._show(self.updated(int(user_id), body_of(request, "user")))})

    def updated(self, user_id: int, asked: dict[str, Any]) -> User:
        """The user after one object of changes: exactly what it names is set, `tags` as a whole.

        Raises RestError 422 for a wrong value, and then nothing is changed.
        """
        self._refuse_inactive(user_id)
        values = self._fields.known(asked.get("user_fields") or {})
        for name in PLAIN:
            if name in asked:
                self._people.change(user_id, name, asked[name])
        if "tags" in asked and self._oddities.user_tagging:
            self._people.set_tags(user_id, asked["tags"])
        for key, value in values.items():
            self._people.set_user_field(user_id, key, value)
        self._add_email(user_id, asked.get("email"))
        return self._store.user(user_id)

    def delete(self, _request: Request, user_id: str) -> Reply:
        self._seen(user_id)
        return Reply(200, {"user": self._show(self._people.delete_user(int(user_id)))})

    def tags(self, request: Request, user_id: str) -> Reply:
        """GET shows; POST replaces, PUT adds, DELETE removes."""
        user = self._seen(user_id)
        if not self._oddities.user_tagging:
            return self._without_tagging(request)
        if request.method != "GET":
            charge_user(self._quota, user.id)
            self._refuse_inactive(user.id)
            wanted = body_of(request, "tags", kind=list)
            user = {
                "POST": self._people.set_tags,
                "PUT": self._people.add_tags,
                "DELETE": self._people.remove_tags,
            }[request.method](user.id, [str(tag) for tag in wanted])
        return Reply(201 if request.method == "POST" else 200, {"tags": list(user.tags)})

    def _without_tagging(self, request: Request) -> Reply:
        match self._oddities.tags_when_off:
            case "missing":
                raise not_found()
            case "refused":
                raise RestError(403, "Forbidden", "User tagging is not enabled")
        return Reply(201 if request.method == "POST" else 200, {"tags": []})

    def _refuse_inactive(self, user_id: int) -> None:
        if self._store.user(user_id).active:
            return
        match self._oddities.inactive_update:
            case "missing":
                raise not_found()
            case "refused":
                raise invalid("base", "The user was deleted")

    def _add_email(self, user_id: int, address: Any) -> None:
        user = self._store.user(user_id)
        if not address or any(str(address).lower() == each.value.lower() for each in user.identities):
            return
        try:
            added = self._people.add_identity(user_id, str(address))
        except ValueError:
            raise invalid("email", f"Email: {address} is already being used by another user") from None
        if user.email is None:
            self._people.make_primary(user_id, added.id)

    def _seen(self, user_id: str) -> User:
        user = self._find(int(user_id))
        if user is None:
            raise not_found()
        return user

    def _find(self, user_id: int) -> User | None:
        user = self._store.user_seen(user_id, ago_s=self._oddities.replica_lag_s)
        if user is not None and user.merged_into is not None and self._oddities.merged_loser == "missing":
            return None
        return user

    def _all(self) -> list[User]:
        return [user for record in self._store.users.values() if (user := record.latest()) is not None]

    def _show(self, user: User) -> dict[str, Any]:
        return user_json(user, self.base, self._fields, self._oddities)

    def _url(self, request: Request) -> str:
        return f"{self.base}{request.path}"


def body_of(request: Request, key: str, *, kind: type = dict) -> Any:
    """The wrapped object of a request. Raises RestError."""
    try:
        asked = request.json()
    except ValueError:
        raise RestError(400, "UnprocessableJson", "The JSON could not be read") from None
    inner = asked.get(key) if isinstance(asked, dict) else None
    if not isinstance(inner, kind):
        raise RestError(400, "InvalidRequest", f"{key} is missing")
    return inner
