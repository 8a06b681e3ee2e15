"""The stand-in for Sailthru: profiles, lists, signed API, postbacks."""

from __future__ import annotations

from sandbox.sailthru.account import SailthruAccount, SailthruOddities
from sandbox.sailthru.profiles import Profile
from sandbox.sailthru.world import Sailthru

__all__ = ["Profile", "Sailthru", "SailthruAccount", "SailthruOddities"]
