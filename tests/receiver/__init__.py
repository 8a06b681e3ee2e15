"""What the receiver answers."""
