"""No answer depends on the locale of the database: here it is one in which words and small letters are unlike bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import Column, MetaData, String, Table, select

from errata.access.commands import AccessCommands
from errata.access.model import KeyKind
from errata.access.reads import AccessReads, KeySearch, KeySort, TeamSearch, UserSearch, UserSort
from errata.base.facts import SYSTEM
from errata.sourcemaps import store as source_maps
from errata.sourcemaps.model import SourceMap
from errata.storage.bytewise import ascii_lower, bytewise
from errata.storage.sql import Database

WORDS = ["a", "B", "Z", "ä", "É", "é", "I", "i", "\u0131", "-b", "_a", "ß", "中", "🐛", "a b", "ab", "1", "10", "2"]
tables = MetaData()
words = Table("words", tables, Column("word", String(100), primary_key=True))


@pytest.fixture
def filled(empty_state: Database) -> Database:
    with empty_state.write() as tx:
        tables.create_all(tx)
        tx.execute(words.insert(), [{"word": word} for word in WORDS])
    return empty_state


def test_database_of_the_tests_would_order_and_fold_them_otherwise(filled: Database) -> None:
    with filled.read() as tx:
        ordered = list(tx.scalars(select(words.c.word).order_by(words.c.word)))
        [small] = tx.exec_driver_sql("SELECT lower('I')").one()

    assert (ordered == by_bytes(WORDS), small == "i") == (
        (True, True) if filled.dialect == "sqlite" else (False, False)
    )


def test_texts_are_ordered_by_their_bytes(filled: Database) -> None:
    with filled.read() as tx:
        assert list(tx.scalars(select(words.c.word).order_by(bytewise(words.c.word)))) == by_bytes(WORDS)
        assert list(tx.scalars(select(words.c.word).order_by(bytewise(words.c.word).desc()))) == by_bytes(WORDS)[::-1]


def test_texts_are_compared_by_their_bytes(filled: Database) -> None:
    for bound in WORDS:
        with filled.read() as tx:
            greater = set(tx.scalars(select(words.c.word).where(bytewise(words.c.word) > bound)))

        assert greater == {word for word in WORDS if word.encode() > bound.encode()}


def test_only_ascii_letters_are_made_small(filled: Database) -> None:
    with filled.read() as tx:
        folded = dict(tx.execute(select(words.c.word, ascii_lower(words.c.word))).all())

    assert folded == {word: "".join(char.lower() if char.isascii() else char for char in word) for word in WORDS}


@pytest.mark.parametrize(
    ("sort", "folds"),
    [(UserSort.NAME, True), (UserSort.EMAIL, False), (UserSort.HANDLE, False), (UserSort.TITLE, False)],
)
def test_users_are_sorted_by_bytes(commands: AccessCommands, reads: AccessReads, sort: UserSort, folds: bool) -> None:
    for number, word in enumerate(WORDS):
        commands.create_user(SYSTEM, email=f"{'_-z1m'[number % 5]}{number}@errata.example", name=word, title=word)

    found = reads.users(UserSearch(sort=sort, limit=100)).items

    compared = [as_small(getattr(user, sort.value)) if folds else getattr(user, sort.value).encode() for user in found]
    assert len(compared) == len(WORDS)
    assert compared == sorted(compared)


def test_teams_and_keys_are_sorted_by_name_with_ascii_letters_folded(
    commands: AccessCommands, reads: AccessReads
) -> None:
    for number, word in enumerate(WORDS):
        commands.create_team(SYSTEM, handle=f"team-{number}", name=f"{word} team")
        commands.create_key(SYSTEM, KeyKind.API, name=f"{word} key")

    teams = [team.name for team in reads.teams(TeamSearch(limit=100)).items]
    keys = [key.name for key in reads.keys(KeySearch(kind=KeyKind.API, sort=KeySort.NAME, limit=100)).items]

    assert [as_small(name) for name in teams] == sorted(as_small(f"{word} team") for word in WORDS)
    assert [as_small(name) for name in keys] == sorted(as_small(f"{word} key") for word in WORDS)


def test_source_maps_are_listed_by_bytes(state: Database) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    with state.write() as tx:
        for number, word in enumerate(WORDS):
            common = {"name": "n", "path": "/n", "blob": "b", "size": 1, "minified_blob": "", "minified_size": 0}
            texts = {"project_path": "", "repository_url": "", "commit_sha": "", "uploaded_by": None}
            new = SourceMap(
                id=UUID(int=number), service=word, version="1", url="u", uploaded_at=at, used_at=at, **common, **texts
            )
            source_maps.save(tx, new)
        found, _ = source_maps.page(tx)

    assert [each.service for each in found] == by_bytes(WORDS)


def by_bytes(texts: list[str]) -> list[str]:
    return sorted(texts, key=str.encode)


def as_small(text: str) -> bytes:
    return text.encode().lower()
