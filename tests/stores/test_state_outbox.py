from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

from errata.base.facts import SYSTEM, Actor, ActorKind, Fact
from errata.storage import outbox
from errata.storage.sql import Database

AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def a_fact(name: str = "issue.opened", actor: Actor = SYSTEM) -> Fact:
    return Fact(
        uuid4(), name, uuid4(), AT, actor, {"text": "é", "n": 3, "no": None, "yes": True, "list": ["a"]}, depth=2
    )


def test_facts_come_back_in_order_and_whole(state: Database) -> None:
    written = [a_fact("one"), a_fact("two", Actor(ActorKind.USER, uuid4())), a_fact("three")]

    with state.write() as tx:
        outbox.append(tx, written)

    with state.read() as tx:
        found = outbox.read(tx, 0, 10)
    assert [one.fact for one in found] == written
    assert [one.sequence for one in found] == sorted({one.sequence for one in found})


def test_facts_vanish_with_the_change_they_belong_to(state: Database) -> None:
    try:
        with state.write() as tx:
            outbox.append(tx, [a_fact()])
            raise_inside()
    except ZeroDivisionError:
        pass

    with state.read() as tx:
        assert outbox.read(tx, 0, 10) == []


def test_reader_goes_on_behind_its_position(state: Database) -> None:
    with state.write() as tx:
        outbox.append(tx, [a_fact(str(number)) for number in range(5)])

    with state.write() as tx:
        first = outbox.read(tx, outbox.position_of(tx, "notify"), 2)
        outbox.advance(tx, "notify", first[-1].sequence)
    with state.read() as tx:
        rest = outbox.read(tx, outbox.position_of(tx, "notify"), 10)

    assert [one.fact.name for one in first] == ["0", "1"]
    assert [one.fact.name for one in rest] == ["2", "3", "4"]


def test_readers_do_not_know_each_others_position(state: Database) -> None:
    with state.write() as tx:
        outbox.advance(tx, "notify", 7)

        assert outbox.position_of(tx, "automation") == 0


def test_position_never_goes_back(state: Database) -> None:
    with state.write() as tx:
        outbox.advance(tx, "notify", 7)
        outbox.advance(tx, "notify", 3)

        assert outbox.position_of(tx, "notify") == 7


def test_nothing_to_append_is_nothing(state: Database) -> None:
    with state.write() as tx:
        outbox.append(tx, [])

        assert outbox.read(tx, 0, 10) == []


def test_reader_beside_many_writers_misses_no_fact(state: Database) -> None:
    done = threading.Event()
    seen: list[int] = []

    def follow() -> None:
        finished = False
        while not finished:
            finished = done.is_set()
            with state.read() as tx:
                seen.extend(one.sequence for one in outbox.read(tx, seen[-1] if seen else 0, 1_000))

    def write(_: int) -> None:
        with state.write() as tx:
            outbox.append(tx, [a_fact(), a_fact()])

    reader = threading.Thread(target=follow)
    reader.start()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(100)))
    done.set()
    reader.join()

    with state.read() as tx:
        assert seen == [one.sequence for one in outbox.read(tx, 0, 1_000)]
    assert len(seen) == 200


def raise_inside() -> None:
    raise ZeroDivisionError
