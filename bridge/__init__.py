"""What the receiver and the consumers both stand on: settings, errors, the ledger, the broker, the remotes."""
