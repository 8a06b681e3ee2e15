"""Zendesk's incremental exports become facts: a backfill of everything, and the clock's passes."""
