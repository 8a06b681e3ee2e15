"""The first page: is it flowing?"""

from __future__ import annotations

from receiver.console.console import Console
from receiver.console.signed_in import SignedIn


def install(console: Console) -> None:
    """Add the Overview."""
    console.add_to_menu("Overview", "/", "o")

    @console.page("/")
    def overview(operator: SignedIn) -> str:
        return console.render("overview.html", operator=operator)
