"""What happened, told to people: events, one event end to end, one customer's whole story."""
