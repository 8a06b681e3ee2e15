"""What the receiver and the consumers both stand on: settings, errors, ledger, broker, remotes."""
