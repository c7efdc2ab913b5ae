"""The journal: what was acknowledged is read back, whatever happened to the files and processes in between."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errata.base.clock import FixedClock
from errata.base.errors import TooLarge, Unavailable
from errata.base.ids import NodeId
from errata.storage.journal import Damaged, JournalBounds, JournalReader, JournalWriter, Meta, Record
from errata.storage.journal.folder import read_end
from errata.storage.journal.format import offset_of, segment_of

NODE = NodeId(UUID(int=7))
KEY = UUID(int=9)
CLOCK = FixedClock(datetime(2026, 11, 20, 12, tzinfo=UTC))
SMALL = JournalBounds(segment_bytes=4096, max_bytes=1 << 20)


def meta(name: str = "x") -> Meta:
    return Meta(1, "dd_logs", KEY, "/api/v2/logs", f"service={name}", {"content-type": "application/json"})


def opened(folder: Path, bounds: JournalBounds = SMALL, after: int = 0) -> JournalWriter:
    writer = JournalWriter(folder, NODE, CLOCK, bounds, after=after)
    writer.open()
    return writer


def write(folder: Path, bodies: list[bytes], bounds: JournalBounds = SMALL) -> list[int]:
    writer = opened(folder, bounds)
    try:
        return [writer.append_now(meta(), body) for body in bodies]
    finally:
        writer.close()


def read(folder: Path, start: int = 0) -> list[Record | Damaged]:
    with JournalReader(folder) as reader:
        return list(reader.records(start))


def bodies_of(items: list[Record | Damaged]) -> list[bytes]:
    return [item.body for item in items if isinstance(item, Record)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def test_a_request_is_read_back_as_it_was_appended(folder: Path) -> None:
    positions = write(folder, [b"body"])

    (record,) = read(folder)
    assert isinstance(record, Record)
    assert record.position == positions[0]
    assert (record.received_at_ms, record.intake, record.key_id, record.path) == (1, "dd_logs", KEY, "/api/v2/logs")
    assert (record.query, record.headers, record.body) == ("service=x", {"content-type": "application/json"}, b"body")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(sittings=st.lists(st.lists(st.binary(max_size=1500), max_size=8), min_size=1, max_size=4))
def test_everything_is_read_in_order_across_segments_and_restarts(folder: Path, sittings: list[list[bytes]]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    positions = [position for bodies in sittings for position in write(folder, bodies)]

    items = read(folder)
    assert bodies_of(items) == [body for bodies in sittings for body in bodies]
    assert [item.position for item in items] == positions == sorted(set(positions))


def test_reading_in_portions_finds_the_same_as_reading_at_once(folder: Path) -> None:
    write(folder, [b"%d" % number * 300 for number in range(40)])
    everything = read(folder)

    portions: list[Record | Damaged] = []
    with JournalReader(folder) as reader:
        position = 0
        while position < reader.durable_end():
            found, position = reader.read(position, max_records=3)
            assert len(found) <= 3
            portions += found
        assert reader.read(position) == ([], position)
    assert portions == everything


def test_a_range_holds_the_same_when_it_is_read_again_later(folder: Path) -> None:
    write(folder, [b"a", b"b"])
    with JournalReader(folder) as reader:
        first, until = reader.read(0)
        write(folder, [b"c"])
        assert reader.read(0, until=until) == (first, until)
        assert bodies_of(reader.read(until)[0]) == [b"c"]


def test_a_portion_ends_with_the_record_that_fills_it(folder: Path) -> None:
    write(folder, [b"x" * 100] * 5)
    with JournalReader(folder) as reader:
        assert len(reader.read(0, max_bytes=150)[0]) == 2


def test_positions_go_on_above_the_one_that_state_remembers(folder: Path) -> None:
    writer = opened(folder, after=41 << 32 | 17)
    try:
        assert segment_of(writer.append_now(meta(), b"")) >= 42
    finally:
        writer.close()


def test_every_start_begins_a_new_segment(folder: Path) -> None:
    first, second = write(folder, [b"a"]), write(folder, [b"b"])

    assert segment_of(second[0]) > segment_of(first[0])


def test_an_empty_or_missing_folder_is_an_empty_journal(folder: Path) -> None:
    with JournalReader(folder) as reader:
        assert reader.durable_end() == 0
        assert reader.read(0) == ([], 0)
        assert reader.sizes().segments == 0
        assert reader.drop_before(99 << 32) == 0


def test_nothing_beyond_the_durable_end_is_read_in_the_newest_segment(folder: Path) -> None:
    writer = opened(folder)
    try:
        writer.append_now(meta(), b"durable")
        end = (folder / "end").read_bytes()
        writer.append_now(meta(), b"later")
        (folder / "end").write_bytes(end)  # as if the second sync had not returned yet
        assert bodies_of(read(folder)) == [b"durable"]
    finally:
        writer.close()


def test_what_was_durable_but_not_declared_is_read_after_the_next_start(folder: Path) -> None:
    writer = opened(folder)
    writer.append_now(meta(), b"declared")
    end = (folder / "end").read_bytes()
    writer.append_now(meta(), b"not declared")
    writer.close()
    for stale in (end, b"", b"damaged"):  # a power loss may leave the file old, empty or garbled
        (folder / "end").write_bytes(stale)
        write(folder, [])
        assert bodies_of(read(folder)) == [b"declared", b"not declared"]


def test_only_whole_segments_below_the_position_are_dropped_and_never_the_newest(folder: Path) -> None:
    positions = write(folder, [b"x" * 1000] * 12)
    write(folder, [b"last"])
    middle = positions[6]

    with JournalReader(folder) as reader:
        reader.drop_before(middle)
        assert [item.position for item in reader.records(middle)][: len(positions[6:])] == positions[6:]
        assert min(int(path.stem) for path in folder.glob("*.seg")) == segment_of(middle)
        reader.drop_before(1 << 60)
        assert min(int(path.stem) for path in folder.glob("*.seg")) == segment_of(reader.durable_end())
        assert bodies_of(list(reader.records())) == [b"last"]


def test_sizes_count_files_and_what_waits(folder: Path) -> None:
    positions = write(folder, [b"x" * 1000] * 12)
    with JournalReader(folder) as reader:
        sizes = reader.sizes()
        assert sizes.segments == len(list(folder.glob("*.seg")))
        assert sizes.bytes_on_disk == 4096 * sizes.segments
        assert 12_000 < sizes.bytes_waiting <= sizes.bytes_on_disk
        assert 0 < reader.sizes(positions[-1]).bytes_waiting < 1200
        assert reader.sizes(reader.durable_end()).bytes_waiting == 0


# --- damage -----------------------------------------------------------------------------------------------------


def spoilt(folder: Path, change: Callable[[bytearray, int], None], segment: str, at: int) -> list[Record | Damaged]:
    path = folder / segment
    whole = path.read_bytes()
    data = bytearray(whole)
    change(data, at)
    path.write_bytes(data)
    try:
        return read(folder)
    finally:
        path.write_bytes(whole)


def flip(data: bytearray, at: int) -> None:
    data[at] ^= 0xFF


def cut(data: bytearray, at: int) -> None:
    del data[at:]


def zero(data: bytearray, at: int) -> None:
    data[at : at + 512] = bytes(len(data[at : at + 512]))


def record_places(items: list[Record | Damaged]) -> list[tuple[int, int]]:
    return [(item.position, item.next_position) for item in items]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Record | Damaged]]:
    folder = tmp_path_factory.mktemp("written") / "journal"
    write(folder, [b"%02d-" % number + b"EREC" * (number * 13 % 90) for number in range(24)])
    write(folder, [b"second sitting %d" % number for number in range(5)])
    whole = read(folder)
    assert len(whole) == 29
    return folder, whole


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_damage_anywhere_costs_only_what_it_hit_and_is_said(
    written: tuple[Path, list[Record | Damaged]], data: st.DataObject
) -> None:
    folder, whole = written
    names = sorted(path.name for path in folder.glob("*.seg"))
    name = data.draw(st.sampled_from(names))
    at = data.draw(st.integers(0, 4095))
    change = data.draw(st.sampled_from([flip, cut, zero]))

    items = spoilt(folder, change, name, at)

    number = int(name.split(".")[0])
    reach = {flip: 1, cut: 4096, zero: 512}[change]
    hit = [
        record
        for record in whole
        if segment_of(record.position) == number
        and offset_of(record.position) < at + reach
        and (offset_of(record.next_position) > at)
    ]
    survivors = [item for item in items if isinstance(item, Record)]
    lost = [record for record in whole if record not in survivors]
    # padding behind a record may be hit without harm; a hit on a record's own bytes always costs it
    assert all(record in hit for record in lost)
    assert [record for record in whole if record in survivors] == survivors
    if lost:
        said = [item for item in items if isinstance(item, Damaged)]
        assert said
        assert said[0].position <= lost[0].position
        assert all(item.reason for item in said)
    assert [item.position for item in items] == sorted(item.position for item in items)


def test_the_loss_of_both_headers_is_said_and_other_segments_are_read(
    written: tuple[Path, list[Record | Damaged]],
) -> None:
    folder, whole = written
    first = min(folder.glob("*.seg")).name

    def both(data: bytearray, at: int) -> None:
        flip(data, at)
        flip(data, 4095)

    items = spoilt(folder, both, first, 20)

    assert isinstance(items[0], Damaged)
    assert "header" in items[0].reason
    assert items[1:] == [record for record in whole if segment_of(record.position) != int(first[:10])]


def test_a_segment_that_went_missing_is_said(folder: Path) -> None:
    positions = write(folder, [b"x" * 1000] * 12)
    numbers = sorted({segment_of(position) for position in positions})
    (folder / f"{numbers[1]:010d}.seg").unlink()

    items = read(folder, positions[0])

    said = [item for item in items if isinstance(item, Damaged)]
    assert len(said) == 1
    assert "missing" in said[0].reason
    assert len(bodies_of(items)) == len([one for one in positions if segment_of(one) != numbers[1]])


def test_a_record_inside_a_body_is_never_taken_for_one(folder: Path) -> None:
    (position, _) = write(folder, [b"first", b"second"])
    segment = next(iter(sorted(folder.glob("*.seg"))))
    whole = segment.read_bytes()
    inner = whole[offset_of(position) : offset_of(position) + 200]
    write(folder, [b"12345" + inner * 5, b"after"])
    segment = folder / f"{segment_of(read(folder)[-1].position):010d}.seg"
    data = bytearray(segment.read_bytes())
    outer = read(folder)[-2].position
    data[offset_of(outer) + 5] ^= 1
    segment.write_bytes(data)

    items = read(folder)

    assert bodies_of(items) == [b"first", b"second", b"after"]
    assert [type(item) for item in items] == [Record, Record, Damaged, Record]


def test_an_unfinished_tail_after_a_kill_is_ignored(folder: Path) -> None:
    positions = write(folder, [b"kept"])
    end = offset_of(read_end(folder) or 0)
    path = folder / f"{segment_of(positions[0]):010d}.seg"
    data = bytearray(path.read_bytes())
    record = bytes(data[offset_of(positions[0]) : end])
    data[end : end + len(record) - 3] = record[:-3]  # a record that only half reached the file
    path.write_bytes(data)
    write(folder, [b"next"])

    items = read(folder)
    assert bodies_of(items) == [b"kept", b"next"]
    assert not [item for item in items if isinstance(item, Damaged)]


# --- the writer ---------------------------------------------------------------------------------------------------


def test_many_waiting_requests_share_a_sync_and_all_are_answered_in_order(folder: Path) -> None:
    async def appended(writer: JournalWriter) -> list[int]:
        return list(await asyncio.gather(*(writer.append(meta(str(n)), b"%d" % n) for n in range(2000))))

    writer = opened(folder, JournalBounds(segment_bytes=1 << 20, max_bytes=8 << 20))
    try:
        positions = asyncio.run(appended(writer))
    finally:
        writer.close()

    assert positions == sorted(set(positions))
    assert bodies_of(read(folder)) == [b"%d" % n for n in range(2000)]


def test_an_answered_request_is_readable_by_another_process_at_once(folder: Path) -> None:
    async def one(writer: JournalWriter, number: int) -> None:
        position = await writer.append(meta(), b"%d" % number)
        with JournalReader(folder) as reader:
            found, _ = reader.read(position)
            assert bodies_of(found)[0] == b"%d" % number

    async def many(writer: JournalWriter) -> None:
        await asyncio.gather(*(one(writer, number) for number in range(50)))

    writer = opened(folder)
    try:
        asyncio.run(many(writer))
    finally:
        writer.close()


def test_a_full_journal_refuses_and_takes_again_when_the_worker_made_room(folder: Path) -> None:
    writer = opened(folder, JournalBounds(segment_bytes=4096, max_bytes=4 * 4096))
    try:
        acknowledged: list[int] = []

        def fill() -> None:
            while True:
                acknowledged.append(writer.append_now(meta(), b"x" * 900))

        with pytest.raises(Unavailable, match="full") as refusal:
            fill()
        assert refusal.value.retry_after_s >= 1
        assert not writer.healthy()
        assert sum(path.stat().st_size for path in folder.glob("*.seg")) <= 4 * 4096
        assert [item.position for item in read(folder)] == acknowledged

        with JournalReader(folder) as reader:
            reader.drop_before(reader.durable_end())
        _eventually(writer.healthy)
        writer.append_now(meta(), b"again")
        assert bodies_of(read(folder))[-1] == b"again"
    finally:
        writer.close()


def test_a_journal_that_is_full_at_the_start_opens_and_waits_for_room(folder: Path) -> None:
    tight = JournalBounds(segment_bytes=4096, max_bytes=2 * 4096)
    write(folder, [b"a"], tight)
    write(folder, [b"b"], tight)

    writer = opened(folder, tight)
    try:
        assert "full" in writer.trouble
        assert bodies_of(read(folder)) == [b"a", b"b"]
        with JournalReader(folder) as reader:
            reader.drop_before(reader.durable_end())
        _eventually(writer.healthy)
        writer.append_now(meta(), b"c")
        assert bodies_of(read(folder)) == [b"b", b"c"]
    finally:
        writer.close()


def test_a_journal_of_two_segments_goes_on_after_a_kill(folder: Path) -> None:
    bounds = JournalBounds(segment_bytes=4096, max_bytes=2 * 4096)
    killed = opened(folder, bounds)
    killed.append_now(meta(), b"before")
    wait_until(lambda: len([*folder.glob("*.seg")]) == 2)
    left = {path.name: path.read_bytes() for path in folder.iterdir()}
    killed.close()
    for name, content in left.items():
        (folder / name).write_bytes(content)

    writer = opened(folder, bounds)
    try:
        writer.append_now(meta(), b"after")
    finally:
        writer.close()

    assert bodies_of(read(folder)) == [b"before", b"after"]


def test_the_loss_of_the_declared_end_loses_nothing_of_a_journal_in_use(folder: Path) -> None:
    writer = opened(folder)
    try:
        writer.append_now(meta(), b"one")
        wait_until(lambda: len([*folder.glob("*.seg")]) == 2)
        (folder / "end").unlink()
        with JournalReader(folder) as reader:
            found, position = reader.read(0)
            reader.drop_before(position)
        writer.append_now(meta(), b"two")
    finally:
        writer.close()
    writer = opened(folder)
    writer.close()

    assert bodies_of(found) == []
    assert bodies_of(read(folder, position)) == [b"one", b"two"]


def wait_until(claim: Callable[[], bool]) -> None:
    patience = time.monotonic() + 10
    while not claim():
        assert time.monotonic() < patience
        time.sleep(0.005)


def test_a_request_larger_than_a_segment_is_too_large(folder: Path) -> None:
    writer = opened(folder)
    try:
        with pytest.raises(TooLarge):
            writer.append_now(meta(), b"x" * 4096)
        largest = b"x" * 3700
        writer.append_now(meta(), largest)
        assert bodies_of(read(folder)) == [largest]
    finally:
        writer.close()


def test_more_than_may_wait_in_memory_is_refused(folder: Path) -> None:
    bounds = JournalBounds(segment_bytes=1 << 20, max_bytes=4 << 20, max_pending_requests=10, max_pending_bytes=10_000)

    async def flood(writer: JournalWriter) -> list[int | BaseException]:
        waiting: list[asyncio.Future[int]] = []

        def flood_it() -> None:
            while True:
                waiting.append(writer.append(meta(), b"x" * 500))

        with pytest.raises(Unavailable, match="wait"):
            flood_it()
        return await asyncio.gather(*waiting)

    writer = opened(folder, bounds)
    try:
        answered = asyncio.run(flood(writer))
        assert len(read(folder)) == len(answered)
    finally:
        writer.close()


def test_a_disk_error_fails_those_who_wait_and_the_writer_goes_on_in_a_new_segment(folder: Path) -> None:
    writer = opened(folder)
    try:
        before = writer.append_now(meta(), b"before")
        # A descriptor that can only be read fails as a broken disk does: in pwrite.
        good = os.dup(writer._segment.fd)
        os.dup2(os.open(os.devnull, os.O_RDONLY), writer._segment.fd)
        with pytest.raises(Unavailable, match="disk failed"):
            writer.append_now(meta(), b"lost")
        os.close(good)
        assert not writer.healthy()
        with pytest.raises(Unavailable):
            writer.append_now(meta(), b"refused at once")
        _eventually(writer.healthy)
        after = writer.append_now(meta(), b"after")
        assert segment_of(after) > segment_of(before)
        assert bodies_of(read(folder)) == [b"before", b"after"]
    finally:
        writer.close()


def test_a_folder_that_cannot_be_used_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    writer = JournalWriter(tmp_path / "file" / "journal", NODE, CLOCK, SMALL)

    with pytest.raises(Unavailable, match="folder"):
        writer.open()
    with pytest.raises(Unavailable):
        writer.append_now(meta(), b"")


def test_closing_writes_what_waits_and_refuses_the_rest(folder: Path) -> None:
    writer = opened(folder)
    answers: list[int | Unavailable] = []

    def send() -> None:
        while True:
            try:
                answers.append(writer.append_now(meta(), b"x"))
            except Unavailable as error:
                answers.append(error)
                return

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    writer.close()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()

    acknowledged = [answer for answer in answers if isinstance(answer, int)]
    assert sorted(acknowledged) == [item.position for item in read(folder)]


def test_a_clean_end_leaves_no_segment_that_was_made_ahead(folder: Path) -> None:
    positions = write(folder, [b"x"])

    assert [int(path.stem) for path in folder.glob("*.seg")] == [segment_of(positions[0])]
    assert not list(folder.glob("*.new"))


_KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from errata.base.clock import FixedClock
from errata.storage.journal import JournalBounds, JournalWriter, Meta

writer = JournalWriter(Path(sys.argv[1]), UUID(int=7), FixedClock(datetime(2026, 1, 1, tzinfo=UTC)),
                       JournalBounds(segment_bytes=65536, max_bytes=1 << 30))
writer.open()
number = int(sys.argv[2])
while True:
    writer.append_now(Meta(1, "dd_logs", UUID(int=9), "/"), b"%d" % number * 50)
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
    number += 1
"""


def test_a_killed_writer_loses_nothing_that_it_acknowledged(folder: Path) -> None:
    acknowledged: list[int] = []
    number = 0
    for turn in range(4):
        child = subprocess.Popen([sys.executable, "-c", _KILLED, str(folder), str(number)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(0.05 + 0.03 * turn)
        child.send_signal(signal.SIGKILL)
        lines = [first, *child.stdout.read().splitlines(keepends=True)]
        child.stdout.close()
        child.wait()
        acknowledged += [int(line) for line in lines if line.endswith(b"\n")]
        number = acknowledged[-1] + 100
    write(folder, [], JournalBounds())

    items = read(folder)
    found = [int(body[: len(body) // 50]) for body in bodies_of(items)]
    assert set(acknowledged) <= set(found)
    assert len(found) == len(set(found))
    assert len(found) <= len(acknowledged) + 4
    assert not [item for item in items if isinstance(item, Damaged)]


def _eventually(claim: Callable[[], bool], within_s: float = 20) -> None:
    until = time.monotonic() + within_s
    while not claim():
        assert time.monotonic() < until
        time.sleep(0.02)
