"""Whether the parts of the server work, asked no more often than needed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import anyio.to_thread
from anyio import CapacityLimiter

from errata.base.errors import ErrataError

Detail = Mapping[str, object]
Check = Callable[[], Detail]
"""Asks one part, synchronously; returns what an operator may want to know. Raises when the part does not work."""


@dataclass(frozen=True, slots=True)
class State:
    """What one check found. `problem` is empty when the part works."""

    problem: str
    detail: Detail = field(default_factory=dict)
    took_ms: int = 0

    @property
    def is_ok(self) -> bool:
        """Whether the part works."""
        return not self.problem


class Health:
    """The parts and their checks.

    A check runs in a thread, at most one at a time for each part, and its finding holds for `fresh_s`: monitors that
    ask often cost nothing, and a part that hangs holds one thread, not one for every question. A check that has not
    answered after `patience_s` counts as failed.
    """

    def __init__(self, checks: Mapping[str, Check], *, patience_s: float = 3.0, fresh_s: float = 1.0) -> None:
        limiter = CapacityLimiter(max(1, len(checks)))  # our own threads: a busy API must not make us look ill
        self._parts = {name: _Part(check, limiter, patience_s, fresh_s) for name, check in checks.items()}

    async def of(self, *names: str) -> dict[str, State]:
        """The states of the named parts, or of all when none is named; asked side by side."""
        chosen = names or tuple(self._parts)
        states = await asyncio.gather(*(self._parts[name].state() for name in chosen))
        return dict(zip(chosen, states, strict=True))


class _Part:
    def __init__(self, check: Check, limiter: CapacityLimiter, patience_s: float, fresh_s: float) -> None:
        self._check = check
        self._limiter = limiter
        self._patience_s = patience_s
        self._fresh_s = fresh_s
        self._asked: asyncio.Task[State] | None = None
        self._found: State | None = None
        self._found_at = 0.0

    async def state(self) -> State:
        if self._found is not None and time.monotonic() - self._found_at < self._fresh_s:
            return self._found
        if self._asked is None:
            self._asked = asyncio.create_task(self._ask())
        try:
            return await asyncio.wait_for(asyncio.shield(self._asked), self._patience_s)
        except TimeoutError:
            return State(f"does not answer within {self._patience_s:g} s")

    async def _ask(self) -> State:
        try:
            self._found = await anyio.to_thread.run_sync(self._run, limiter=self._limiter)
            self._found_at = time.monotonic()
            return self._found
        finally:
            self._asked = None

    def _run(self) -> State:
        started = time.monotonic()
        try:
            detail = self._check()
        except ErrataError as error:
            return State(error.message, took_ms=_since(started))
        except Exception as error:  # noqa: BLE001 - a failing check is a finding; its text may hold secrets, its type not
            return State(f"{type(error).__name__}", took_ms=_since(started))
        return State("", detail, _since(started))


def _since(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
