"""Texts in one order everywhere: byte by byte, as Python and SQLite compare them, whatever the locale."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class InByteOrder(FunctionElement[str]):
    """A text column, or another as a text, to be ordered and compared by."""

    type = Text()
    name = "in_byte_order"
    inherit_cache = True

    def __init__(self, column: Any) -> None:
        super().__init__(column if isinstance(column.type, Text) else cast(column, Text))


@compiles(InByteOrder)
def _plain(element: Any, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(InByteOrder, "postgresql")
def _collated(element: Any, compiler: Any, **options: Any) -> str:
    return f'({compiler.process(element.clauses, **options)} COLLATE "C")'
