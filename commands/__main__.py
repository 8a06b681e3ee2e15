"""`python -m commands`: the `bridge` command where no entry point is installed."""

from __future__ import annotations

from commands.main import main

if __name__ == "__main__":
    main()
