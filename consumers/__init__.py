"""Queue out: events become facts, and what is owed is written to the other system."""
