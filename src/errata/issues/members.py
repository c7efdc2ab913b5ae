"""Which issues have a value that passes a test: the questions that a search asks the state.

Closed sets and times are asked in SQL, over columns with an index. Tests that the two engines would not answer alike
(wildcards, ranges of texts) are put in Python to one column's values as they are read.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    case,
    cast,
    false,
    not_,
    or_,
    select,
    true,
    type_coerce,
)

from errata.access.tables import teams, users
from errata.base.clock import from_ms, to_ms
from errata.base.errors import Invalid
from errata.base.ids import Fingerprint
from errata.base.parts import parts
from errata.events.search import FingerprintSet, KnownIssues, packed
from errata.issues.causes import cause_of
from errata.issues.facets import CAUSE_NAMES, NEW_FOR, PLATFORM_NAMES, STATE_NAMES
from errata.issues.model import IssueState
from errata.issues.plan import Answer, Listed, Question, Whole
from errata.issues.store import digits_of
from errata.issues.tables import issue_fingerprints, issue_teams, issues
from errata.query.bind import OneOf, Present, Test
from errata.query.match import holds
from errata.query.spans import spans_of
from errata.storage.bytewise import ascii_lower

MAX_LISTED = 1_000_000
"""Fingerprints that travel with one search, over all its clauses: 16 MB."""
_FEW = (10_000, 100_000)
"""Up to so many are sent without looking further; else so many of the others, if those are all."""
_CHUNK = 10_000

Where = ColumnElement[bool]
_FINGERPRINT = digits_of(issue_fingerprints.c.fingerprint)


@dataclass(frozen=True, slots=True)
class Window:
    """The issues that can have events in `[from_ms, to_ms)`. `now` is the moment that ages are counted from."""

    from_ms: int
    to_ms: int
    now: datetime

    @property
    def where(self) -> Where:
        """Over the columns of `issues`."""
        return and_(issues.c.last_seen >= from_ms(self.from_ms), issues.c.first_seen < from_ms(self.to_ms))


class CaseKeys(Protocol):
    """How the cases tell which issues have one: issue ids whose case's key passes the test."""

    def __call__(self, tx: Connection, test: Test) -> Select[tuple[UUID]]:
        """A selection of one column of issue ids."""
        ...


def answers_to(
    tx: Connection,
    questions: Iterable[Question],
    window: Window,
    cases: CaseKeys | None = None,
    *,
    most: int = MAX_LISTED,
) -> tuple[dict[Question, Answer], tuple[FingerprintSet, ...]]:
    """The answer to each question, and the sets that those which are lists bring along.

    Of the issues that can have events in the window only. Raises Invalid where all lists together are longer than
    `most`.
    """
    answers: dict[Question, Answer] = {}
    sets: list[FingerprintSet] = []
    room = most
    for question in questions:
        table = f"issues{len(sets)}"
        answer, data = _answer(tx, question, window, cases, table, room)
        answers[question] = answer
        if isinstance(answer, Listed):
            sets.append(FingerprintSet(table, data))
            room -= len(data) // 16
    return answers, tuple(sets)


def newest_issues(tx: Connection, window: Window, limit: int) -> KnownIssues:
    """Those of the issues that can have events in the window which were first seen last."""
    return _known(tx, _known_query().where(window.where).order_by(issues.c.first_seen.desc()).limit(limit))


def known_issues(tx: Connection, window: Window, limit: int) -> KnownIssues:
    """Issues that can have events in the window, as they come."""
    return _known(tx, _known_query().where(window.where).limit(limit))


def issues_known_by(tx: Connection, fingerprints: Sequence[Fingerprint]) -> KnownIssues:
    """The issues of main fingerprints."""
    column = issue_fingerprints.c.fingerprint
    found = [_known(tx, _known_query().where(column.in_(part))) for part in parts(fingerprints)]
    return KnownIssues(
        b"".join(each.fingerprints for each in found),
        b"".join(each.first_seen for each in found),
        b"".join(each.is_crash for each in found),
    )


def _known_query() -> Select[Any]:
    return (
        select(_FINGERPRINT, type_coerce(issues.c.first_seen, BigInteger), issues.c.is_crash)
        .select_from(issues.join(issue_fingerprints, issue_fingerprints.c.issue_id == issues.c.id))
        .where(issue_fingerprints.c.main.is_(None))
    )


def _known(tx: Connection, query: Select[Any]) -> KnownIssues:
    fingerprints, first_seen, crashed = bytearray(), array("q"), bytearray()
    with tx.execute(query, execution_options={"yield_per": _CHUNK}) as rows:
        for chunk in rows.partitions():
            fingerprints += packed([row[0] for row in chunk])
            first_seen.extend([row[1] // 1000 for row in chunk])
            crashed.extend([row[2] for row in chunk])
    return KnownIssues(bytes(fingerprints), first_seen.tobytes(), bytes(crashed))


def _answer(
    tx: Connection, question: Question, window: Window, cases: CaseKeys | None, table: str, room: int
) -> tuple[Answer, bytes]:
    asked = _asked(tx, question, window.now, cases)
    if asked.where is not None:
        if asked.where.compare(false()):
            return Whole.NOBODY, b""
        if asked.where.compare(true()):
            return Whole.EVERYBODY, b""
    for most in (*(few for few in _FEW if few < room), room):
        found = _listed(tx, asked, window, most=most)
        if found is not None:
            return (Listed(table), found) if found else (Whole.NOBODY, b"")
        others = _listed(tx, asked, window, most=most, is_others=True)
        if others is not None:
            return (Listed(table, is_others=True), others) if others else (Whole.EVERYBODY, b"")
    raise Invalid(
        f"query: {question.facet} holds for more than {room} issues, and so does its opposite;"
        " choose a shorter window or another clause",
        where="query",
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as it is put: a condition, or columns with a test in Python for those rows where `among` holds."""

    where: Where | None = None
    columns: tuple[ColumnElement[Any], ...] = ()
    passes: Callable[..., bool] | None = None


def _listed(tx: Connection, asked: _Asked, window: Window, *, most: int, is_others: bool = False) -> bytes | None:
    """The fingerprints as the event store takes them, 16 bytes each; None if they are more than `most`."""
    query = (
        select(_FINGERPRINT, *asked.columns)
        .select_from(issues.join(issue_fingerprints, issue_fingerprints.c.issue_id == issues.c.id))
        .where(window.where)
    )
    if asked.where is not None:
        query = query.where(not_(asked.where) if is_others else asked.where)
    if asked.passes is None:
        query = query.limit(most + 1)
    found = bytearray()
    with tx.execute(query, execution_options={"yield_per": _CHUNK}) as rows:
        for chunk in rows.partitions():
            found += packed(list(_passing(chunk, asked.passes, is_others)))
            if len(found) > 16 * most:
                return None
    return bytes(found)


def _passing(chunk: Sequence[Any], passes: Callable[..., bool] | None, is_others: bool) -> Iterator[str]:
    for row in chunk:
        if passes is None or passes(*row[1:]) is not is_others:
            yield row[0]


# The questions, facet by facet


def _asked(tx: Connection, question: Question, now: datetime, cases: CaseKeys | None) -> _Asked:
    name, test = question.facet.removeprefix("issue."), question.test
    if name in _SETS:
        column, names = _SETS[name]
        return _Asked(_one_of(column, [stored for stored, said in names.items() if _any(said, test)], names))
    if name in _FLAGS:
        return _Asked(_flag(_FLAGS[name](now), test))
    if name in _TIMES:
        at, is_age = _TIMES[name]
        return _time(at, now if is_age else None, test)
    if name in _TEXTS:
        return _text(_TEXTS[name], test)
    if name == "case":
        return _Asked(false() if cases is None else issues.c.id.in_(cases(tx, test)))
    return _ASKED[name](tx, test)


def _storable(texts: Iterable[str]) -> list[str]:
    """Without those that hold a NUL, which PostgreSQL takes in no question."""
    return [text for text in texts if "\0" not in text]


def _any(values: Iterable[str], test: Test) -> bool:
    return any(holds(value, test) for value in values)


def _one_of(column: ColumnElement[str], wanted: Sequence[str], all_: Mapping[str, object]) -> Where:
    if not wanted:
        return false()
    return true() if len(wanted) == len(all_) else column.in_(wanted)


def _flag(condition: Where, test: Test) -> Where:
    if_true, if_false = _any(("true",), test), _any(("false",), test)
    if if_true == if_false:
        return true() if if_true else false()
    return condition if if_true else not_(condition)


def _is_new(now: datetime) -> Where:
    return and_(issues.c.state == str(IssueState.OPEN), issues.c.first_seen > now - NEW_FOR)


_SETS: dict[str, tuple[ColumnElement[str], Mapping[str, tuple[str, ...]]]] = {
    "state": (issues.c.state, STATE_NAMES),
    "platform": (issues.c.platform, PLATFORM_NAMES),
}
_FLAGS: dict[str, Callable[[datetime], Where]] = {
    "is_crash": lambda _: issues.c.is_crash.is_(True),
    "is_new": _is_new,
    "is_regression": lambda _: issues.c.regressed_at.is_not(None),
}
_TIMES: dict[str, tuple[ColumnElement[datetime], bool]] = {
    "first_seen": (issues.c.first_seen, False),
    "last_seen": (issues.c.last_seen, False),
    "age": (issues.c.first_seen, True),
    "regression.age": (issues.c.regressed_at, True),
}
_TEXTS: dict[str, ColumnElement[str]] = {
    "first_seen_version": issues.c.first_seen_version,
    "last_seen_version": issues.c.last_seen_version,
    "file_path": issues.c.file_path,
    "function_name": issues.c.function_name,
}


def _text(column: ColumnElement[str], test: Test) -> _Asked:
    match test:
        case Present():
            return _Asked(column != "")
        case OneOf(texts):
            wanted = _storable(text for text in texts if text)
            return _Asked(column.in_(wanted) if wanted else false())
        case _:
            return _Asked(None, (column,), lambda value: bool(value) and holds(value, test))


def _time(column: ColumnElement[datetime], since: datetime | None, test: Test) -> _Asked:
    """`since`: the value is not the time itself but how long before this it was, both in whole milliseconds."""
    there = column.is_not(None)
    if isinstance(test, Present):
        return _Asked(true() if column is not issues.c.regressed_at else there)
    spans = spans_of(test)
    if spans is None:
        now_ms = to_ms(since) if since else None
        micros = type_coerce(column, BigInteger)
        return _Asked(None, (micros,), partial(_passes_as_time, now_ms, test))
    within = [_within(column, since, first, last) for first, last in spans]
    return _Asked(and_(there, or_(false(), *within)) if within else false())


def _passes_as_time(now_ms: int | None, test: Test, micros: int | None) -> bool:
    if micros is None:
        return False
    ms = micros // 1000
    return holds(str(ms if now_ms is None else now_ms - ms), test)


def _within(column: ColumnElement[datetime], since: datetime | None, first: int, last: int) -> Where:
    """Between two whole numbers of milliseconds, both included."""
    if since is not None:
        first, last = to_ms(since) - last, to_ms(since) - first
    micros = type_coerce(column, BigInteger)
    return and_(micros >= first * 1000, micros < (last + 1) * 1000)


def _ids(_: Connection, test: Test) -> _Asked:
    if isinstance(test, OneOf):
        return _Asked(issues.c.id.in_(_uuids(test)))
    return _Asked(None, (issues.c.id,), lambda value: holds(str(value), test))


def _uuids(test: OneOf) -> list[UUID]:
    """The texts that are a UUID as it is written here, with dashes."""
    found = []
    for text in test.texts:
        try:
            value = UUID(text)
        except ValueError:
            continue
        if str(value) == text:
            found.append(value)
    return found


def _languages(tx: Connection, test: Test) -> _Asked:
    """Kept as lists of JSON, of which there are few different ones."""
    column = cast(issues.c.languages, String)
    lists = tx.execute(select(column).distinct()).scalars()
    wanted = [text for text in lists if _any(json.loads(text), test)]
    return _Asked(or_(false(), *(column.in_(part) for part in parts(wanted))))


def _assignees(tx: Connection, test: Test) -> _Asked:
    if isinstance(test, Present):
        return _Asked(issues.c.assignee_id.is_not(None))
    wanted: set[UUID] = set()
    if isinstance(test, OneOf):
        names = _storable(test.texts)
        named = or_(ascii_lower(users.c.handle).in_(names), ascii_lower(users.c.email).in_(names))
        wanted.update(_uuids(test), tx.execute(select(users.c.id).where(named)).scalars())
    else:
        query = select(issues.c.assignee_id, users.c.handle, users.c.email).distinct()
        query = query.join(users, users.c.id == issues.c.assignee_id, isouter=True)
        for id_, handle, email in tx.execute(query.where(issues.c.assignee_id.is_not(None))):
            if _any((str(id_), (handle or "").lower(), (email or "").lower()), test):
                wanted.add(id_)
    return _Asked(_is_assigned_to(sorted(wanted)))


def _is_assigned_to(wanted: Sequence[UUID]) -> Where:
    """NULL is no assignee: the opposite of this has to hold for it."""
    column = issues.c.assignee_id
    if not wanted:
        return false()
    return and_(column.is_not(None), or_(*(column.in_(part) for part in parts(wanted))))


def _teams(tx: Connection, test: Test) -> _Asked:
    owned = select(issue_teams.c.issue_id).join(teams, teams.c.handle == issue_teams.c.handle)
    match test:
        case Present():
            pass
        case OneOf(texts):
            owned = owned.where(teams.c.handle.in_(_storable(texts)))
        case _:
            handles = [handle for handle in tx.execute(select(teams.c.handle)).scalars() if holds(handle, test)]
            owned = owned.where(or_(false(), *(teams.c.handle.in_(part) for part in parts(handles))))
    return _Asked(issues.c.id.in_(owned))


def _team_ids(_: Connection, test: Test) -> _Asked:
    wanted = _uuids(test) if isinstance(test, OneOf) else []
    owned = select(issue_teams.c.issue_id).join(teams, teams.c.handle == issue_teams.c.handle)
    return _Asked(issues.c.id.in_(owned.where(teams.c.id.in_(wanted))))


def _causes(_: Connection, test: Test) -> _Asked:
    """Issues from before there were causes have none written down: theirs is worked out."""
    wanted = [stored for stored, said in CAUSE_NAMES.items() if _any(said, test)]
    if not wanted or len(wanted) == len(CAUSE_NAMES):
        return _Asked(_one_of(issues.c.suspected_cause, wanted, CAUSE_NAMES))
    unknown = issues.c.suspected_cause.is_(None)
    # The long texts are read for those only.
    columns = (
        issues.c.suspected_cause,
        case((unknown, issues.c.error_type), else_=""),
        case((unknown, issues.c.error_message), else_=""),
    )
    return _Asked(None, columns, lambda cause, type_, message: (cause or cause_of(type_, message)) in wanted)


_ASKED: dict[str, Callable[[Connection, Test], _Asked]] = {
    "id": _ids,
    "language": _languages,
    "assignee": _assignees,
    "team": _teams,
    "team_id": _team_ids,
    "suspected_cause": _causes,
}
