"""The on-call pages: is it flowing, what broke, who is affected, and how to repair it."""
