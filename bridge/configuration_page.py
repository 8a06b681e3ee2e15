"""Makes `docs/configuration.md` out of the settings and of the keys of an installation file.

python -m bridge.configuration_page > docs/configuration.md
"""

from __future__ import annotations

import sys
from typing import Any

from bridge.settings import OPTIONS, Option, default_of
from schemas.installation import Key, documented
from schemas.installation_secrets import SECRET_KEYS

HEAD = """\
# Configuration

This page is made from the code by `make docs`; change the code, not the page.

## Settings

Read from the environment, then from a file `.env` in the folder where a process starts. `X_FILE` names a
file that holds X, and goes before X. An empty variable counts as not set. A process with a faulty setting
does not start, and names every fault at once. Nothing here turns the verification of deliveries off.

| variable | default | what it is for |
|---|---|---|
"""

INSTALLATION = """
## An installation file

A pair of accounts, in TOML. `bridge installations add NAME --from FILE` keeps it, `bridge installations set
NAME --from FILE` changes the keys that the file gives and leaves the others; `--from -` reads standard input.
A change is in use within five seconds, without a restart. A key that is not listed here is a fault. Secrets
are kept encrypted and are never shown again.
"""

TABLE = """
### `[{section}]`

| key | default | what it is for |
|---|---|---|
"""


def page() -> str:
    """The whole page, Markdown."""
    keys = list(documented())
    sections = dict.fromkeys(key.section for key in keys)
    return (
        HEAD
        + "".join(_option(option) for option in OPTIONS)
        + INSTALLATION
        + "".join(
            TABLE.format(section=section) + "".join(_key(key) for key in keys if key.section == section)
            for section in sections
        )
    )


def _option(option: Option) -> str:
    return _row(option.name, default_of(option), option.help)


def _key(key: Key) -> str:
    secret = " Secret." if key.name in SECRET_KEYS.get(key.section, ()) else ""
    return _row(key.name, key.default, key.help + secret)


def _row(name: str, default: Any, help: str) -> str:  # noqa: A002 - the word of the tables
    return f"| `{name}` | {_written(default)} | {help.replace('|', chr(92) + '|')} |\n"


def _written(default: Any) -> str:
    if default is None:
        return "required"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if default in ("", ()):
        return "none"
    return f"`{list(default) if isinstance(default, tuple) else default}`"


if __name__ == "__main__":
    sys.stdout.write(page())
