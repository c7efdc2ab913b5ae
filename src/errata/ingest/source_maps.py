"""Uploads of source maps, as `datadog-ci` and the bundlers' plugins send them: `POST /api/v2/srcmap`.

Answered only when the map is on disk with its row. Other kinds of symbol files that the same address takes (of the
JVM, Flutter, iOS) are read to their end, dropped and answered as taken, because a build must not fail over them; the
answer and the log say that they are of no use here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol
from uuid import UUID

import msgspec
import structlog

from errata.base.clock import Clock
from errata.base.errors import ErrataError, Invalid, TooMany, Unauthenticated, Unavailable
from errata.base.ids import NewId, random_id
from errata.http.body import Disconnected, Receive, TooSlow
from errata.ingest.answers import Answer, Send, answer, answer_of, refusal
from errata.ingest.forms import Form, FormBounds, Inflating
from errata.ingest.request import said_by
from errata.sourcemaps.child import Checked
from errata.sourcemaps.commands import SourceMapCommands
from errata.sourcemaps.mapper import Mapper
from errata.sourcemaps.match import address_of
from errata.sourcemaps.model import MAX_KEY_BYTES, MAX_NAME_CHARS, MAX_URL_CHARS, SourceMap
from errata.storage.blobs import Blobs

PATH = "/api/v2/srcmap"
INTAKE = "source_maps"
OURS = "js_sourcemap"
_log = structlog.get_logger("errata.sourcemaps")
_PIECE = 256 << 10
_MAX_AT_ONCE = 64
_THREADS = 2


class UploadCounts(Protocol):
    """What is told of uploads."""

    def accepted(self, intake: str, received_bytes: int, entries: int) -> None:
        """An upload is durable, or was dropped for what it is (no entries)."""

    def refused(self, intake: str, reason: str) -> None:
        """An upload was refused; `reason` is the error's code."""


KeyOf = Callable[[str], UUID]
"""The id of an API key. Raises Forbidden for a secret that is none (a client token is none), Unavailable."""


class _Said(msgspec.Struct):
    """The part `event`: what the file is and where it belongs."""

    type: str = ""
    service: str = ""
    version: str = ""
    minified_url: str = ""
    project_path: str | None = None
    git_repository_url: str | None = None
    git_commit_sha: str | None = None


class SourceMapUploads:
    """Answers the address of uploads. `max_bytes` bounds one upload without its compression."""

    def __init__(
        self,
        commands: SourceMapCommands,
        blobs: Blobs,
        mapper: Mapper,
        key_of: KeyOf,
        clock: Clock,
        new_id: NewId,
        counts: UploadCounts,
        *,
        max_bytes: int,
        patience_s: float = 300.0,
    ) -> None:
        self._commands, self._blobs, self._mapper = commands, blobs, mapper
        self._key_of, self._clock, self._new_id, self._counts = key_of, clock, new_id, counts
        self._max_bytes, self._patience_s = max_bytes, patience_s
        self._in_hand = 0
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="uploads")

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] != "POST":
            await refusal(405, "Only POST is answered here.", ((b"allow", b"POST"),)).send(send)
            return
        reply = await self._reply(scope, receive)
        if reply is not None:
            await reply.send(send)

    def close(self) -> None:
        """End the threads; uploads in hand are finished first."""
        self._pool.shutdown()

    async def _reply(self, scope: Any, receive: Receive) -> Answer | None:
        if self._in_hand >= _MAX_AT_ONCE:
            self._counts.refused(INTAKE, TooMany.code)
            return answer_of(TooMany("Too many uploads are in hand; try again soon.", retry_after_s=5))
        self._in_hand += 1
        try:
            return await self._take(scope, receive)
        except ErrataError as error:
            self._counts.refused(INTAKE, error.code)
            _log.info("upload_refused", reason=error.message, where=error.where)
            return answer_of(error)
        except Disconnected:
            self._counts.refused(INTAKE, "disconnected")
            return None
        except Exception:  # noqa: BLE001 - a bug met by one upload is one answer
            error_id = str(random_id())
            _log.exception("upload_failed", error_id=error_id)
            self._counts.refused(INTAKE, "failed")
            return refusal(500, f"Something went wrong here; the log has the details under error id {error_id}.")
        finally:
            self._in_hand -= 1

    async def _take(self, scope: Any, receive: Receive) -> Answer:
        said = said_by(scope["headers"], scope["query_string"], "")
        if not said.secret:
            raise Unauthenticated("No API key was sent: it belongs in the header DD-API-KEY.")
        key = await asyncio.to_thread(self._key_of, said.secret)
        inflating = Inflating(said.headers.get("content-encoding", ""), self._max_bytes)
        files = {"source_map": self._blobs.draft, "minified_file": self._blobs.draft}
        form = Form(
            said.headers.get("content-type", ""),
            FormBounds(self._max_bytes),
            fields=frozenset({"event"}),
            files=files,
        )
        loop = asyncio.get_running_loop()
        try:
            size = await self._read(
                receive, lambda data: loop.run_in_executor(self._pool, _feed, form, inflating, data)
            )
            reply, entries = await loop.run_in_executor(self._pool, self._finish, form, inflating, key)
        finally:
            await loop.run_in_executor(self._pool, form.close)
        self._counts.accepted(INTAKE, size, entries)
        return reply

    async def _read(self, receive: Receive, feed: Callable[[bytes], Any]) -> int:
        """Hand the body on in pieces as it comes; returns its size as sent."""
        deadline = time.monotonic() + self._patience_s
        waiting = bytearray()
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            waiting += message.get("body", b"")
            is_last = not message.get("more_body", False)
            if len(waiting) >= _PIECE or is_last:
                size += len(waiting)
                await feed(bytes(waiting))
                waiting.clear()
            if is_last:
                return size
            if time.monotonic() > deadline:
                raise TooSlow("The body did not arrive in time.")

    def _finish(self, form: Form, inflating: Inflating, key: UUID) -> tuple[Answer, int]:
        """What becomes of a whole upload, with the number of maps that were kept."""
        inflating.end()
        form.end()
        said = _said_in(form)
        if said.type != OURS:
            _log.info("upload_ignored", type=said.type[:100], service=said.service[:100])
            reason = f"files of the type {said.type[:100]!r} are taken and not used; only {OURS!r} is"
            return answer(202, msgspec.json.encode({"ignored": reason})), 0
        self._keep(said, form, key)
        return _ACCEPTED, 1

    def _keep(self, said: _Said, form: Form, key: UUID) -> None:
        """Check a map and make it durable with its row. Raises `Invalid` with what is wrong with it."""
        _check_said(said)
        source_map, minified = form.drafts.get("source_map"), form.drafts.get("minified_file")
        if source_map is None:
            raise Invalid("The form has no part `source_map`.", where="source_map")
        blob = source_map.finish()
        minified_blob = minified.finish() if minified else ""
        checked = self._mapper.check(source_map.path, minified.path if minified else None)
        if checked.fault and minified is not None and not self._without(source_map.path).fault:
            _log.warning("minified_file_unusable", service=said.service, url=said.minified_url, fault=checked.fault)
            minified, minified_blob = None, ""
        elif checked.fault:
            if checked.is_ours:
                raise Unavailable(
                    "Source maps cannot be read here at the moment; the log says why.", where="source_map"
                )
            raise Invalid(f"The source map cannot be used: {checked.fault[:300]}.", where="source_map")
        address = address_of(said.minified_url)
        now = self._clock.now()
        uploaded = SourceMap(
            id=self._new_id(),
            service=said.service,
            version=said.version,
            url=address.url,
            path=address.path,
            name=address.name,
            blob=blob,
            size=source_map.size,
            minified_blob=minified_blob,
            minified_size=minified.size if minified else 0,
            project_path=said.project_path or "",
            repository_url=said.git_repository_url or "",
            commit_sha=(said.git_commit_sha or "")[:64],
            uploaded_by=key,
            uploaded_at=now,
            used_at=now,
        )
        self._commands.add(uploaded, source_map, minified)
        _log.info("source_map_uploaded", service=said.service, version=said.version, url=address.url)

    def _without(self, source_map: Any) -> Checked:
        return self._mapper.check(source_map, None)


def _feed(form: Form, inflating: Inflating, data: bytes) -> None:
    for part in inflating.feed(data):
        form.feed(part)


def _said_in(form: Form) -> _Said:
    event = form.fields.get("event")
    if event is None:
        raise Invalid("The form has no part `event`.", where="event")
    try:
        return msgspec.json.decode(event, type=_Said)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"The part `event` is no JSON object as expected: {error}.", where="event") from None


def _check_said(said: _Said) -> None:
    for name, most in (("service", MAX_NAME_CHARS), ("version", MAX_NAME_CHARS), ("minified_url", MAX_URL_CHARS)):
        value: str = getattr(said, name)
        if not value.strip():
            raise Invalid(f"`{name}` is missing or empty in the part `event`.", where=f"event.{name}")
        if len(value) > most or "\0" in value:
            raise Invalid(
                f"`{name}` in the part `event` may have {most} characters, none of them NUL.", where=f"event.{name}"
            )
    if len((said.service + said.version + said.minified_url).encode()) > MAX_KEY_BYTES:
        raise Invalid(
            "`service`, `version` and `minified_url` in the part `event` may have "
            f"{MAX_KEY_BYTES} bytes together in UTF-8.",
            where="event.minified_url",
        )
    for name in ("project_path", "git_repository_url", "git_commit_sha"):
        if len(getattr(said, name) or "") > MAX_URL_CHARS or "\0" in (getattr(said, name) or ""):
            raise Invalid(
                f"`{name}` in the part `event` may have {MAX_URL_CHARS} characters, none of them NUL.",
                where=f"event.{name}",
            )
    if address_of(said.minified_url).name == "":
        raise Invalid("`minified_url` in the part `event` names no file.", where="event.minified_url")


_ACCEPTED = answer(202, b"{}")
