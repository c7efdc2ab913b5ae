"""Where the log lines of a process go, and that all libraries' lines look like ours."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from errata.base.clock import Clock, from_ms
from errata.jobs.lines import LEVELS, Line, Log, render

_LOUD = ("uvicorn", "clickhouse_connect", "alembic", "urllib3.connectionpool")
"""Libraries whose everyday lines are none of ours; their warnings are."""


def configure_logs(process: str, *, level: str, form: str, clock: Clock, stream: TextIO = sys.stderr) -> Log:
    """Send every line of this process to `stream`; returns a logger. Call once, before anything is logged."""

    def rendered(_logger: object, method: str, facts: MutableMapping[str, Any]) -> str:
        fact = str(facts.pop("event", ""))
        return render(Line(clock.now(), _level(method), process, fact, facts), form)

    structlog.configure(
        processors=[structlog.stdlib.PositionalArgumentsFormatter(), rendered],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Ours(process, form))
    logging.basicConfig(handlers=[handler], level=LEVELS[level], force=True)
    for name in _LOUD:
        logging.getLogger(name).setLevel(max(LEVELS["warning"], LEVELS[level]))
    logging.captureWarnings(capture=True)
    log: Log = structlog.get_logger("errata")
    return log


def _level(method: str) -> str:
    return {"warn": "warning", "exception": "error", "critical": "error", "fatal": "error"}.get(method, method)


class _Ours(logging.Formatter):
    """Lines of libraries in the form of ours, with the logger's name as a key."""

    def __init__(self, process: str, form: str) -> None:
        super().__init__()
        self._process = process
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line, its trace below."""
        keys: dict[str, object] = {"logger": record.name}
        if record.exc_info:
            keys["exc_info"] = record.exc_info
        level = _level(record.levelname.lower())
        at = from_ms(int(record.created * 1000))
        return render(Line(at, level, self._process, record.getMessage(), keys), self._form)
