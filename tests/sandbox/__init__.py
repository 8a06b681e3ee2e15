"""The stand-ins, fact by fact."""

from __future__ import annotations
