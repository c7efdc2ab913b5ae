"""What lies in a journal's folder: segments, and the small file that says how far they are durable."""

from __future__ import annotations

import os
from pathlib import Path

from errata.storage.journal.format import END_BYTES, decode_end, segment_number

END_FILE = "end"


def read_end(folder: Path) -> int | None:
    """The position up to which everything is on disk; None when the file is missing or damaged.

    The writer writes the file in place and does not sync it: after a power loss it may name an older position.
    """
    for _ in range(_TRIES):
        try:
            fd = os.open(folder / END_FILE, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            position = decode_end(os.pread(fd, END_BYTES, 0))
        finally:
            os.close(fd)
        if position is not None:
            return position
    return None


def segment_numbers(folder: Path) -> list[int]:
    """The numbers of all segments, rising; none for a folder that does not exist."""
    try:
        return sorted(number for path in folder.iterdir() if (number := segment_number(path.name)) is not None)
    except FileNotFoundError:
        return []


def sync_folder(folder: Path) -> None:
    """Make the names of a folder's files durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def bytes_on_disk(folder: Path) -> int:
    """The length of all segments of a folder together."""
    total = 0
    with os.scandir(folder) as files:
        for file in files:
            if segment_number(file.name) is not None:
                try:
                    total += file.stat().st_size
                except FileNotFoundError:  # the worker removed it just now
                    continue
    return total


_TRIES = 5  # a read that met a write half done is whole the next time
