"""The servers as fixtures, lent to every test."""

from __future__ import annotations
