"""The way back: what Sailthru knows of a customer is written to its Zendesk user, differences only."""
