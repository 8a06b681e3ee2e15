"""The small HTTP server both stand-ins answer through, and what can go wrong on the way."""
