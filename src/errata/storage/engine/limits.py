"""How much the embedded engine may use."""

from __future__ import annotations

import os
from dataclasses import dataclass

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one engine process; a request that passes one gets an error, never the process.

    `memory_bytes` is for all queries and merges together, `query_memory_bytes` and `query_seconds` for one
    statement. `readers` and `writers` run at the same time for the two users, `waiting` more of each may queue.
    """

    memory_bytes: int = 1024 * _MIB
    query_memory_bytes: int = 512 * _MIB
    query_seconds: int = 30
    query_threads: int = min(os.cpu_count() or 2, 8)
    result_bytes: int = 64 * _MIB
    body_bytes: int = 256 * _MIB
    readers: int = 4
    writers: int = 2
    waiting: int = 64


def limits_for(memory_mb: int) -> Limits:
    """Bounds for a process that may use so many MiB for all its queries; one query gets half of it."""
    return Limits(memory_bytes=memory_mb * _MIB, query_memory_bytes=memory_mb * _MIB // 2)
