"""POST /user: what a request makes of a profile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.sailthru.account import SailthruOddities
from sandbox.sailthru.errors import SailthruError
from sandbox.sailthru.profiles import STRICTNESS, Profile, Profiles, normal

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
SID = re.compile(r"[0-9a-f]{24}")
KEYS = ("email", "sid", "cookie", "sms", "extid", "fb", "twitter")
LONGEST_VAR = 32


def identify(asked: Mapping[str, Any]) -> tuple[str, str]:
    """The key and the id of a request. Raises SailthruError."""
    value = asked.get("id")
    if not isinstance(value, str) or not value:
        raise SailthruError(2, "Missing required parameter: id")
    key = asked.get("key") or ("sid" if SID.fullmatch(value) else "email")
    if key not in KEYS:
        raise SailthruError(99, f"Invalid key: {key}")
    return key, value


def not_found(key: str, value: str) -> SailthruError:
    return SailthruError(99, f"User not found with {key}: {value}")


class Writing:
    """Creates and changes profiles as POST /user does. Not locked, like the profiles."""

    def __init__(self, profiles: Profiles, lists: set[str], oddities: SailthruOddities) -> None:
        self._profiles = profiles
        self._lists = lists
        self._oddities = oddities

    def post(self, asked: Mapping[str, Any]) -> Profile:
        """The profile after the request. Nothing is changed when SailthruError is raised."""
        key, value = identify(asked)
        changes = self._changes(asked)
        address = _new_address(asked)
        conflict = str(asked.get("keysconflict", "error"))
        found = self._profiles.find(key, value)
        if found is None and key != "email":
            raise not_found(key, value)
        if found is None and EMAIL.fullmatch(value.strip()) is None:
            raise SailthruError(11, f"Invalid email: {value}")
        self._refuse_conflict(found, address, conflict)
        profile = found or self._profiles.create(value)
        if address is not None and address != profile.email:
            profile = self._move(profile, address)
        return self._apply(profile, changes, asked)

    def _changes(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        changes = dict(asked.get("vars") or {})
        for name in changes:
            check_var_name(name)
        optout = asked.get("optout_email")
        if optout is not None and optout not in STRICTNESS:
            raise SailthruError(99, f"Invalid optout_email: {optout}")
        return {name.replace(" ", "_"): value for name, value in changes.items()}

    def _refuse_conflict(self, found: Profile | None, address: str | None, conflict: str) -> None:
        if address is None or (found is not None and found.email == address):
            return
        holder = self._profiles.by_email(address)
        if holder is not None and conflict != "merge":
            message = f"Key conflict: email {address} belongs to another profile"
            raise SailthruError(99, message, status=self._oddities.conflict_status)

    def _move(self, profile: Profile, address: str) -> Profile:
        holder = self._profiles.by_email(address)
        if holder is not None:
            profile = self._profiles.merge(profile, holder)
        former = profile.email
        profile = replace(profile, email=address)
        self._profiles.put(profile)
        if former is not None and self._oddities.old_address == "reborn":
            self._profiles.create(former)
        return profile

    def _apply(self, profile: Profile, changes: dict[str, Any], asked: Mapping[str, Any]) -> Profile:
        keys = asked.get("keys") or {}
        changed = replace(
            profile,
            vars=self._merged_vars(profile.vars, changes),
            lists=self._changed_lists(profile, asked.get("lists") or {}),
            optout_email=asked.get("optout_email") or profile.optout_email,
            activity=self._activity(profile, asked),
            extid=keys.get("extid", profile.extid),
            sms=keys.get("sms", profile.sms),
        )
        if changed != profile:
            self._profiles.put(changed)
        return changed

    def _activity(self, profile: Profile, asked: Mapping[str, Any]) -> Mapping[str, datetime]:
        wanted = asked.get("optout_email") or profile.optout_email
        if wanted in ("none", profile.optout_email):
            return profile.activity
        return {**profile.activity, "optout_time": self._profiles.now()}

    def _merged_vars(self, before: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
        after = dict(before)
        for name, value in changes.items():
            if value is None and self._oddities.null_vars == "unset":
                after.pop(name, None)
            elif value is None and self._oddities.null_vars == "ignored":
                continue
            elif self._oddities.object_vars == "merged" and _are_objects(value, after.get(name)):
                after[name] = self._merged_vars(after[name], value)
            else:
                after[name] = value
        return after

    def _changed_lists(self, profile: Profile, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        if not changes:
            return profile.lists
        after = dict(profile.lists)
        for name, wanted in changes.items():
            if wanted in (1, "1"):
                self._lists.add(name)
                after.setdefault(name, self._profiles.now())
            else:
                after.pop(name, None)
        return after


def _are_objects(new: Any, old: Any) -> bool:
    return isinstance(new, Mapping) and isinstance(old, Mapping)


def _new_address(asked: Mapping[str, Any]) -> str | None:
    address = (asked.get("keys") or {}).get("email")
    if address is None:
        return None
    if not isinstance(address, str) or EMAIL.fullmatch(address.strip()) is None:
        raise SailthruError(11, f"Invalid email: {address}")
    return normal(address)


def check_var_name(name: str) -> None:
    """Raises SailthruError for a name that Sailthru does not take."""
    if len(name) > LONGEST_VAR:
        raise SailthruError(99, f"Var name over {LONGEST_VAR} characters: {name}")
    if not name or name[0].isdigit() or any(sign in name for sign in "%-.$"):
        raise SailthruError(99, f"Invalid var name: {name}")
