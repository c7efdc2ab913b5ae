"""An index of words over texts that belong to numbered rows: FTS5 on SQLite, `tsvector` with GIN on PostgreSQL.

All SQL that the two engines do not share is in here. Texts come with control characters for marks, in one case, and
with one blank for white space; what they mean is the caller's business. The index proposes rows by words, substrings
and expressions on the texts decide, both engines alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    TableClause,
    Text,
    and_,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, TSVECTOR

from errata.base.parts import parts
from errata.storage.sql import Transaction
from errata.storage.sqlite_functions import IN_ORDER

LONGEST_WORD = 100
"""Characters of a word that PostgreSQL's index keeps; a lexeme has 2 kB at most."""
_MOST_TOKEN_BYTES = 900_000
"""Of one row; a `tsvector` has 1 MB at most. What has more is proposed for whatever is asked."""
_CROWDED = "!"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for in a text: all of it must hold.

    `literal` is a substring; `expressions`, of literals and sets of characters, are found one after the other in one
    run without blanks. `phrases` are words that stand next to each other, `beginnings` those of single words, both of
    word characters alone: only for the index, unless they say it all (`is_exact`).
    """

    literal: str = ""
    expressions: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    beginnings: tuple[str, ...] = ()
    is_exact: bool = False

    @property
    def is_indexed(self) -> bool:
        """Whether an index can propose rows."""
        return bool(self.phrases or self.beginnings)


@dataclass(frozen=True, slots=True)
class TextIndex:
    """The index in a table `name`, which a migration made.

    `letters` are its columns, each with a letter: on PostgreSQL the words of columns of one letter are kept together,
    so that looking in one of several such columns reads texts.
    """

    name: str
    letters: Mapping[str, str]

    def put(self, tx: Transaction, row_id: int, texts: Mapping[str, str]) -> None:
        """Index the texts of a row, one for each column, in the place of what was there."""
        self.remove(tx, [row_id])
        if tx.dialect.name == "sqlite":
            tx.execute(insert(self._in_sqlite()).values(rowid=row_id, **texts))
        else:
            tokens = func.array_to_tsvector(bindparam("words", self._tokens(texts), ARRAY(Text)))
            tx.execute(insert(self._in_postgresql()).values(public_id=row_id, tokens=tokens, **texts))

    def remove(self, tx: Transaction, row_ids: Sequence[int]) -> None:
        """Forget rows."""
        where, id_ = self._table(tx.dialect.name)
        for part in parts(row_ids):
            tx.execute(delete(where).where(id_.in_(part)))

    def rows(self, dialect: str, columns: Collection[str], *asked: Asked) -> Select[int]:
        """The ids of the rows in which all is found that is asked, each in one of the columns."""
        where, id_ = self._table(dialect)
        certain = [one for one in asked if self._is_certain(dialect, columns, one)]
        texts = [where.c[name] for name in columns]
        checks = [or_(*(_holds(dialect, text, one) for text in texts)) for one in asked if one not in certain]
        indexed = [one for one in asked if one.is_indexed]
        if not indexed:
            return select(id_).where(*checks)
        if dialect == "sqlite":
            match = literal_column(self.name).op("MATCH", is_comparison=True)
            return select(id_).where(match(_match(columns, indexed)), *checks)
        letters = {self.letters[name] for name in columns}
        proposed = and_(_has(where, _tsquery(letters, indexed)), *checks)
        holds = [or_(*(_holds(dialect, text, one) for text in texts)) for one in asked]
        return select(id_).where(or_(proposed, and_(_has(where, f"'{_CROWDED}'"), *holds)))

    def _is_certain(self, dialect: str, columns: Collection[str], asked: Asked) -> bool:
        """Whether what the index proposes needs no look at the texts."""
        if dialect == "sqlite" or not asked.is_exact:
            return asked.is_exact
        letters = {self.letters[name] for name in columns}
        is_whole = {name for name, letter in self.letters.items() if letter in letters} == set(columns)
        return is_whole and all(len(word) < LONGEST_WORD for word in chain(asked.beginnings, *asked.phrases))

    def rows_where(self, dialect: str, name: str, *removed: str) -> tuple[Select[int], ColumnElement[str]]:
        """The ids of all rows, and the text of one column without some characters, for a condition on it."""
        where, id_ = self._table(dialect)
        text: ColumnElement[str] = where.c[name]
        for char in removed:
            text = func.replace(text, char, "", type_=Text)
        return select(id_), text

    def _table(self, dialect: str) -> tuple[TableClause, ColumnElement[int]]:
        where = self._in_sqlite() if dialect == "sqlite" else self._in_postgresql()
        return where, where.c.rowid if dialect == "sqlite" else where.c.public_id

    def _in_sqlite(self) -> TableClause:
        return table(self.name, column("rowid", BigInteger), *(column(name, Text) for name in self.letters))

    def _in_postgresql(self) -> TableClause:
        texts = (column(name, Text) for name in self.letters)
        return table(self.name, column("public_id", BigInteger), column("tokens", TSVECTOR), *texts)

    def _tokens(self, texts: Mapping[str, str]) -> list[str]:
        """Each word once, its column's letter before it."""
        words = {letter: _words(self._texts_of(letter, texts)) for letter in self.letters.values()}
        tokens = sorted(letter + word for letter, found in words.items() for word in found)
        size = 0
        for index, token in enumerate(tokens):
            size += len(token.encode()) + 1
            if size > _MOST_TOKEN_BYTES:
                return [_CROWDED, *tokens[:index]]
        return tokens

    def _texts_of(self, letter: str, texts: Mapping[str, str]) -> list[str]:
        return [texts[name] for name, own in self.letters.items() if own == letter]


def _words(texts: list[str]) -> set[str]:
    return {word[:LONGEST_WORD] for text in texts for word in _WORD.findall(text)}


def _holds(dialect: str, text: ColumnElement[str], asked: Asked) -> ColumnElement[bool]:
    """Substring first: it is quicker, and leaves few texts for the expressions."""
    position = func.instr if dialect == "sqlite" else func.strpos
    found = position(text, asked.literal) > 0
    if not asked.expressions:
        return found
    if dialect == "sqlite":
        return and_(found, func.coalesce(getattr(func, IN_ORDER)(json.dumps(asked.expressions), text), 0) == 1)
    return and_(found, text.op("~", is_comparison=True)("[^ ]*".join(asked.expressions)))


def _match(columns: Collection[str], asked: Sequence[Asked]) -> str:
    """The question in FTS5's language; words are nothing but word characters, so that quotes are all they need."""
    phrases = (f'"{" ".join(phrase)}"' for one in asked for phrase in one.phrases)
    beginnings = (f'"{word}" *' for one in asked for word in one.beginnings)
    return f"{{{' '.join(columns)}}} : ({' AND '.join(dict.fromkeys((*phrases, *beginnings)))})"


def _tsquery(letters: Collection[str], asked: Sequence[Asked]) -> str:
    words = [(word, "") for one in asked for phrase in one.phrases for word in phrase]
    words += [(word, ":*") for one in asked for word in one.beginnings]
    wanted = {
        " | ".join(f"'{letter}{word[:LONGEST_WORD]}'{mark}" for letter in sorted(letters)) for word, mark in words
    }
    return " & ".join(f"({each})" for each in sorted(wanted))


def _has(where: TableClause, query: str) -> ColumnElement[bool]:
    return where.c.tokens.op("@@", is_comparison=True)(cast(query, TSQUERY))
