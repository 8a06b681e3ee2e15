"""What an event means, what should be, and which step leads there. Pure: values in, values out."""
