"""What a person does: reads mail, visits the shop, buys, and changes their mind on hosted pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sandbox.sailthru.book import Book
from sandbox.sailthru.profiles import Profile

SEND_ID = "W1a2b3c4d5e6f7a8"


class Customers:
    """Verbs of the person whose profile it is; `who` is an address or a sid. All are thread-safe."""

    def __init__(self, book: Book, now: Callable[[], datetime]) -> None:
        self._book = book
        self._now = now

    def open(self, who: str, *, opened_at: datetime | None = None) -> Profile:
        """Opens a mail."""
        return self._did(who, "open_time", opened_at, lifetime_open=1)

    def click(self, who: str, *, clicked_at: datetime | None = None) -> Profile:
        """Follows a link in a mail."""
        return self._did(who, "click_time", clicked_at, lifetime_click=1)

    def view(self, who: str, *, viewed_at: datetime | None = None) -> Profile:
        """Looks at a page of the shop."""
        return self._did(who, "view_time", viewed_at, lifetime_pv=1)

    def log_in(self, who: str, *, logged_in_at: datetime | None = None) -> Profile:
        return self._did(who, "login_time", logged_in_at)

    def sign_up(self, who: str, *, signed_up_at: datetime | None = None) -> Profile:
        """Becomes a subscriber."""
        return self._did(who, "signup_time", signed_up_at)

    def purchase(self, who: str, price: int, *, items: Sequence[Mapping[str, Any]] = ()) -> Profile:
        """Buys for `price` cents; what lay in the basket is bought or forgotten."""
        with self._book.lock:
            bought = _basket(price, items, self._now())
            self._book.change(who, purchases=(*self._book.known(who).purchases, bought),
                              purchase_incomplete=())  # fmt: skip
            return self._did(who, None, None, lifetime_purchase=1, lifetime_purchase_price=price)

    def abandon(self, who: str, price: int, *, items: Sequence[Mapping[str, Any]] = ()) -> Profile:
        """Leaves a full basket behind."""
        return self._book.change(who, purchase_incomplete=(_basket(price, items, self._now()),))

    def set_optout(self, who: str, mode: str, **more: str) -> Profile:
        """Opts out as `basic` or `all`, or back in with `none`, on a hosted page; a postback tells of it.

        `more` are further fields of the postback: `blast_id`, `template`, `reason`, `list`.
        """
        with self._book.lock:
            before = self._book.known(who)
            after = self._book.write(who, optout_email=mode)
            self._book.postbacks.optout(before, after, **more)
            return after

    def save_user_page(self, who: str, *, lists: Mapping[str, int] | None = None,
                       optout_email: str | None = None, vars: Mapping[str, Any] | None = None,  # noqa: A002 - Sailthru's own word
                       page: str = "optout") -> Profile:  # fmt: skip
        """Saves a hosted preference page; an `update` postback tells of it."""
        asked = {"lists": dict(lists or {}), "vars": dict(vars or {})}
        with self._book.lock:
            after = self._book.write(who, optout_email=optout_email, **asked)
            self._book.postbacks.update(after, asked, page=page)
            return after

    def hard_bounce(self, who: str, *, send_id: str = SEND_ID, blast_id: str | None = None) -> Profile:
        """A single mail, or with `blast_id` a campaign's, comes back for good."""
        after = self._book.change(who, engagement="hardbounce")
        address = after.email or ""
        if blast_id is not None:
            self._book.mailings.blasted(blast_id)
            self._book.postbacks.emit("hardbounce", email=address, blast_id=blast_id)
        else:
            self._book.mailings.sent(send_id, address)
            self._book.postbacks.emit("hardbounce", email=address, send_id=send_id)
        return after

    def verify(self, who: str, *, send_id: str = SEND_ID) -> Profile:
        """Confirms the double opt-in."""
        profile = self._book.known(who)
        self._book.mailings.sent(send_id, profile.email or "")
        self._book.postbacks.emit("verify", email=profile.email or "", send_id=send_id)
        return profile

    def _did(self, who: str, activity: str | None, at: datetime | None, **totals: int) -> Profile:
        with self._book.lock:
            known = self._book.known(who)
            moments = {activity: at or self._now()} if activity else {}
            counted = {name: known.lifetime.get(name, 0) + more for name, more in totals.items()}
            return self._book.change(who, activity={**known.activity, **moments},
                                     lifetime={**known.lifetime, **counted})  # fmt: skip


def _basket(price: int, items: Sequence[Mapping[str, Any]], at: datetime) -> dict[str, Any]:
    bought = [dict(item) for item in items] or [{"id": "sku-1", "title": "A thing", "qty": 1, "price": price,
                                                 "url": "https://shop.example.com/sku-1"}]  # fmt: skip
    return {
        "price": price,
        "qty": sum(int(item.get("qty", 1)) for item in bought),
        "time": at,
        "items": bought,
    }
