"""What the schemas make of the wire."""
