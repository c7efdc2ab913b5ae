"""The engine's own configuration: small caches, few threads, and grants that reach nothing outside its folder."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

from errata.storage.engine.limits import Limits

DATABASE = "errata"
"""The one database of the event store."""

_GRANTS = (
    f"GRANT SHOW, SELECT, INSERT, ALTER, CREATE, DROP, TRUNCATE, OPTIMIZE ON {DATABASE}.*",
    "GRANT SELECT ON system.*",
    "GRANT CREATE TEMPORARY TABLE ON *.*",
    "GRANT TABLE ENGINE ON MergeTree",
    "GRANT TABLE ENGINE ON Memory",
    "GRANT KILL QUERY ON *.*",
    "GRANT SYSTEM JEMALLOC ON *.*",
)
"""Everything that anybody may do. No SOURCES: files, addresses, other databases and programs stay out of reach."""


def write_config(folder: Path, limits: Limits) -> Path:
    """Write the two files that chDB reads when it opens `folder`, and say where the first is."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    users, server = folder / "engine-users.xml", folder / "engine.xml"
    users.write_text(_users(limits))
    server.write_text(_server(limits, users))
    return server


def _server(limits: Limits, users: Path) -> str:
    values = {
        "users_config": escape(str(users)),
        "timezone": "UTC",
        "max_server_memory_usage": limits.memory_bytes,
        "mark_cache_size": 32 << 20,
        "primary_index_cache_size": 16 << 20,
        "index_mark_cache_size": 4 << 20,
        "query_condition_cache_size": 4 << 20,
        # Merges of this table are short; more of them at once only cost memory.
        "background_pool_size": 2,
        "background_schedule_pool_size": 2,
        "background_schedule_pool_initial_size": 2,
        "max_thread_pool_size": 200,
        "max_thread_pool_free_size": 8,
        "max_io_thread_pool_size": 8,
        "max_active_parts_loading_thread_pool_size": 2,
        "max_outdated_parts_loading_thread_pool_size": 2,
        "max_parts_cleaning_thread_pool_size": 2,
        "load_marks_threadpool_pool_size": 2,
        "prefetch_threadpool_pool_size": 2,
        "threadpool_writer_pool_size": 4,
        "threadpool_local_fs_reader_pool_size": 4,
    }
    return _document("".join(f"<{name}>{value}</{name}>" for name, value in values.items()))


def _users(limits: Limits) -> str:
    profile = {
        "max_threads": limits.query_threads,
        # Else a query has a thread for each GiB that is free, which is one; `max_memory_usage` bounds it all the same.
        "max_threads_min_free_memory_per_thread": 0,
        "max_memory_usage": limits.query_memory_bytes,
        "max_execution_time": limits.query_seconds,
        # Searches read few bytes of many rows, and have all their threads for much less than 160 000 rows a thread.
        "merge_tree_min_rows_for_concurrent_read": 16_384,
        # Dictionaries are looked through once a block, and expressions prepared once: larger blocks, within bytes.
        "max_block_size": 131_072,
        "preferred_block_size_bytes": 16 << 20,
        "merge_tree_min_bytes_for_concurrent_read": 4 << 20,
        "max_bytes_before_external_group_by": limits.query_memory_bytes // 2,
        "max_bytes_before_external_sort": limits.query_memory_bytes // 2,
        "log_queries": 0,
        # A dictionary of stacks weighs two megabytes then, and 64 at the very most, which merges hold a few times over.
        "low_cardinality_max_dictionary_size": 1024,
        # The compiler costs more memory than it saves time on statements of a tenth of a second.
        "compile_expressions": 0,
        "compile_aggregate_expressions": 0,
        "compile_sort_description": 0,
        "implicit_select": 0,
        # One insert is one block whatever its size: the deduplication token names a block.
        "input_format_parallel_parsing": 0,
        "max_insert_threads": 1,
    }
    bounded = ("max_threads", "max_memory_usage", "max_execution_time")
    constraints = "".join(f"<{name}><min>1</min><max>{profile[name]}</max></{name}>" for name in bounded)
    settings = "".join(f"<{name}>{value}</{name}>" for name, value in profile.items())
    grants = "".join(f"<query>{grant}</query>" for grant in _GRANTS)
    return _document(
        f"<profiles><default>{settings}<constraints>{constraints}</constraints></default></profiles>"
        "<users><default><password></password><networks><ip>::/0</ip></networks>"
        f"<profile>default</profile><quota>default</quota><grants>{grants}</grants></default></users>"
        "<quotas><default></default></quotas>"
    )


def _document(content: str) -> str:
    return f"<clickhouse>{content}</clickhouse>\n"
