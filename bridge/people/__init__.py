"""Operators: their roles, passwords and links."""
