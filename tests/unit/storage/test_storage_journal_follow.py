from __future__ import annotations

from pathlib import Path
from uuid import UUID

from errata.base.clock import SystemClock
from errata.base.ids import NodeId
from errata.storage.journal import JournalReader, JournalWriter, Meta, Record

NODE = NodeId(UUID(int=1))


def test_a_reader_that_entered_a_segment_before_its_first_request_reads_what_comes(tmp_path: Path):
    writer = JournalWriter(tmp_path, NODE, SystemClock())
    writer.open()
    meta = Meta(1, "dd_logs", UUID(int=2), "/api/v2/logs")

    with JournalReader(tmp_path) as reader:
        found, position = reader.read(0)
        assert found == []
        for number in range(3):
            writer.append_now(meta, b"%d" % number)
            found, position = reader.read(position)
            assert [record.body for record in found if isinstance(record, Record)] == [b"%d" % number]

    writer.close()
