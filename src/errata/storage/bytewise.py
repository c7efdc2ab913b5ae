"""Texts that are ordered, compared and folded alike on both engines, however an operator's server was set up.

SQLite goes by bytes. PostgreSQL goes by the locale of its database, in which `a` may stand before `B`, `ä` before `Z`,
and a capital I may be no capital i. Only whether two texts are equal is the same everywhere.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


def bytewise(text: ColumnElement[str]) -> ColumnElement[str]:
    """A text that `ORDER BY`, `<` and `>` compare by its UTF-8 bytes."""
    return _Bytewise(text, type_=text.type)


def ascii_lower(text: ColumnElement[str]) -> ColumnElement[str]:
    """A text with A to Z made small and every other letter left, compared by its bytes."""
    return func.lower(bytewise(text), type_=text.type)


class _Bytewise(GenericFunction[Any]):
    name = "bytewise"
    inherit_cache = True
    _register = False


@compiles(_Bytewise)
def _as_it_is(element: _Bytewise, compiler: SQLCompiler, **how: Any) -> str:
    return compiler.process(element.clause_expr, **how)


@compiles(_Bytewise, "postgresql")
def _in_c(element: _Bytewise, compiler: SQLCompiler, **how: Any) -> str:
    return f'({compiler.process(element.clause_expr, **how)} COLLATE "C")'
