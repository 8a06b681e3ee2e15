"""Whole stories: Zendesk says something, and Sailthru's profiles show it, in one process over real HTTP."""
