"""The same for the way back: what a customer's Zendesk user should hold of the profile."""
