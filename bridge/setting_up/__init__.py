"""Setting up a Zendesk account: what is wanted, what is there, the steps between, and the way back."""
