"""Zendesk's REST API over the store."""
