from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from errata.base.clock import FixedClock
from errata.base.errors import Conflict
from errata.jobs.heartbeat import Heart, read_beat, write_beat
from errata.jobs.lines import Lines
from errata.jobs.locks import hold

AT = datetime(2026, 11, 20, tzinfo=UTC)


def test_a_second_owner_is_refused_with_folder_and_process(tmp_path: Path):
    lock = hold(tmp_path)

    with pytest.raises(Conflict) as refused:
        hold(tmp_path)

    assert refused.value.message == (
        f"data folder {tmp_path} is in use by another Errata server (process {os.getpid()})"
    )
    lock.release()
    lock.release()


def test_roles_do_not_hinder_each_other(tmp_path: Path):
    locks = [hold(tmp_path, role) for role in ("", "web", "worker", "engine")]

    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock", "lock.engine", "lock.web", "lock.worker"]
    for lock in locks:
        lock.release()


def test_a_lock_ends_with_its_process_even_when_that_is_killed(tmp_path: Path):
    code = (
        "import sys, time; from pathlib import Path; from errata.jobs.locks import hold;"
        "lock = hold(Path(sys.argv[1]), 'worker'); print('held', flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    with owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"held\n"
        with pytest.raises(Conflict, match=rf"another Errata worker \(process {owner.pid}\)"):
            hold(tmp_path, "worker")

        owner.kill()

        hold(tmp_path, "worker", patience_s=10).release()


def test_a_sign_of_life_is_read_with_its_age(tmp_path: Path):
    clock = FixedClock(AT)
    write_beat(tmp_path / "run" / "worker.json", {"events_total": 3}, clock)
    clock.advance(timedelta(seconds=4))

    beat = read_beat(tmp_path / "run" / "worker.json", clock)

    assert beat is not None
    assert (beat.age_ms, beat.pid, beat.figures) == (4000, os.getpid(), {"events_total": 3})


@pytest.mark.parametrize("torn", [b"", b"{", b"[]", b"{}", b"\xff", b'{"at_ms": null, "pid": 1}'])
def test_a_torn_sign_of_life_is_none(tmp_path: Path, torn: bytes):
    (tmp_path / "worker.json").write_bytes(torn)

    assert read_beat(tmp_path / "worker.json", FixedClock(AT)) is None


def test_a_heart_leaves_the_last_figures_behind(tmp_path: Path):
    clock, figures = FixedClock(AT), {"events_total": 0}
    log = Lines(io.StringIO(), clock, process="worker")
    heart = Heart(tmp_path / "worker.json", lambda: figures, clock, log, every_s=60)
    heart.start()
    figures["events_total"] = 7

    heart.stop()

    beat = read_beat(tmp_path / "worker.json", clock)
    assert beat is not None
    assert beat.figures == {"events_total": 7}
