"""The type of an option that takes a time as people type it."""

from __future__ import annotations

from typing import Any

import click

from bridge.when import Ago, Then, read_when


class When(click.ParamType[Ago | Then]):
    """A moment, or how long ago."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Ago | Then:
        if isinstance(value, Ago | Then):
            return value
        try:
            return read_when(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
