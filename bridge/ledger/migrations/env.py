"""Run by Alembic, inside the transaction that `bridge.ledger.migrating` opened."""

from __future__ import annotations

from alembic import context

from bridge.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
