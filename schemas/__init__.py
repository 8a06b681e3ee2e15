"""Shapes on the wire, and nothing else. Vendors are read tolerantly, our own event strictly."""
