"""The same door built otherwise: each takes the body, hands it over unread, and answers 202."""
