"""The ledger's revisions. `bridge.ledger.migrating` runs them."""
