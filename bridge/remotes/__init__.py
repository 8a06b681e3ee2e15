"""Clients of Zendesk and Sailthru. They raise errors named by what happens next; they never retry by themselves."""
