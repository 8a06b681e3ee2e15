"""Writes the first revision anew from `bridge.ledger.tables`.

    python -m bridge.ledger.migrations.write_initial && ruff format bridge/ledger/migrations

Only until the first release: from then on every change of the tables is a revision of its own.
"""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.operations.ops import UpgradeOps
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from bridge.ledger.tables import metadata

INITIAL = Path(__file__).parent / "versions" / "0001_initial.py"
HEAD = '''"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:  # noqa: PLR0915 - one statement a table
    """Create all tables."""
'''


def initial() -> str:
    """The text of the first revision, before formatting."""
    with create_engine("sqlite://").connect() as connection:
        operations = produce_migrations(MigrationContext.configure(connection), metadata).upgrade_ops
    assert isinstance(operations, UpgradeOps)
    lines = ("    " + render_python_code(operations)).splitlines()
    return HEAD + "\n".join(line for line in lines if not line.strip().startswith("#")) + "\n"


if __name__ == "__main__":
    INITIAL.write_text(initial())
