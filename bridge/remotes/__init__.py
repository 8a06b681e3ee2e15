"""The clients of the two systems. They raise named errors and never sleep; requests is imported only here."""
