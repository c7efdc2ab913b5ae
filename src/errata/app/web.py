"""The web process: intake, API, pages and health on one socket."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from socket import socket

from uvicorn import Server

from errata.api.build import build_api
from errata.api.rooms import Rooms
from errata.app.agent_port import AgentPort
from errata.app.counts import IntakeTally
from errata.app.front import Front
from errata.app.logs import configure_logs
from errata.app.node import node_of
from errata.app.source_maps import commands_of, opened_uploads, symbolicator_of
from errata.app.state import Access, build_access, open_current_database
from errata.app.watch import Watched, checks_of, figures_of
from errata.base.clock import Clock, SystemClock
from errata.base.errors import Invalid, Unavailable
from errata.base.ids import random_id
from errata.cases.commands import CaseCommands
from errata.cases.project_commands import ProjectCommands
from errata.cases.project_reads import ProjectReads
from errata.cases.reads import CaseReads
from errata.cases.search import CaseSearch
from errata.cases.type_commands import TypeCommands
from errata.cases.type_reads import TypeReads
from errata.events import batches
from errata.events.help import EventHelp
from errata.events.pages import EventPages
from errata.events.recent import RecentRequests
from errata.events.sentry_projects import SentryProjects
from errata.events.store import EventStore
from errata.http.protocol import ProtocolLimits
from errata.http.server import server_of
from errata.ingest.agent_access import may_without_key
from errata.ingest.doors.door import DoorLimits
from errata.ingest.lately import Lately
from errata.ingest.origins import Origins
from errata.ingest.receive import IntakeLimits
from errata.ingest.routes import IntakeApp, routes_of
from errata.ingest.source_maps import SourceMapUploads
from errata.ingest.wire.otlp_model import MAX_ENTRIES
from errata.issues.commands import IssueCommands
from errata.issues.help import SearchHelp
from errata.issues.occurrences import Occurrences
from errata.issues.reads import IssueReads
from errata.jobs.lines import Log
from errata.jobs.locks import PATIENCE_S, hold
from errata.jobs.loop import Loop
from errata.ops.health import Health
from errata.ops.metrics import Metrics
from errata.ops.routes import Ops
from errata.settings import Settings
from errata.sourcemaps.commands import SourceMapCommands
from errata.sourcemaps.mapper import Mapper
from errata.sourcemaps.reads import SourceMapReads
from errata.sourcemaps.symbolicator import Symbolicator
from errata.storage.clickhouse import ClickHouse
from errata.storage.journal import JournalBounds, JournalWriter
from errata.storage.sql import Database
from errata.web.site import build_web

_SAVE_KEYS_S = 60.0
_SAVE_LATELY_S = 1.0
_CHECK_S = 3.0


def run_web(settings: Settings, listening: socket, agent: socket | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then answer what has come.

    `agent` is a second socket, on which only a Datadog agent's addresses are answered. Raises Invalid, Conflict,
    Unavailable.
    """
    clock = SystemClock()
    log = configure_logs("web", level=settings.log_level, form=settings.log_format, clock=clock)
    if not settings.events_url:
        raise Invalid("set ERRATA_EVENTS_URL to the event store, or start all with `errata serve`")
    with contextlib.ExitStack() as closing:  # closed in the reverse order, each whatever became of the others
        closing.callback(hold(settings.data, "web", patience_s=PATIENCE_S).release)
        database = closing.enter_context(contextlib.closing(open_current_database(settings)))
        store = closing.enter_context(contextlib.closing(ClickHouse(settings.events_url)))
        own_store = closing.enter_context(contextlib.closing(ClickHouse(settings.events_url, timeout_s=_CHECK_S)))
        writer = closing.enter_context(contextlib.closing(open_journal(settings, database, clock)))
        watched = watched_of(settings, writer, database, own_store, clock)
        access = build_access(database, clock)
        tally = IntakeTally()
        lately = Lately()
        intake = build_intake(settings, writer, access, clock, tally, lately)
        closing.callback(intake.close)
        closing.enter_context(_repeating("keys", access.ring.save_used, _SAVE_KEYS_S, log))
        closing.enter_context(_repeating("lately", lambda: lately.save(database), _SAVE_LATELY_S, log))
        uploads = closing.enter_context(opened_uploads(settings, database, access.credentials, clock, tally, log))
        mapper = closing.enter_context(contextlib.closing(Mapper()))
        places = symbolicator_of(settings, database, clock, mapper)
        source_maps = commands_of(settings, database, clock)
        front = build_front(intake, uploads, tally, access, database, store, watched, places, source_maps)
        log.info("web starts", port=listening.getsockname()[1])
        if agent is None:
            _serve(server_of(front, limits_of(settings)), [listening])
        else:
            both = AgentPort(front, agent.getsockname()[1])
            _serve(server_of(both, limits_of(settings)), [listening, agent])
    log.info("web ended")


def watched_of(
    settings: Settings, writer: JournalWriter, database: Database, store: ClickHouse, clock: Clock
) -> Watched:
    """What health and metrics look at. `store` is a client of its own: a slow search must not make us look ill."""
    journal = settings.data / "journal"
    beat = settings.data / "run" / "worker.json"
    return Watched(writer, database, store, journal, beat, node_of(journal), clock)


def open_journal(settings: Settings, database: Database, clock: Clock) -> JournalWriter:
    """The journal, with a segment begun. Raises Unavailable when the disk does not take it."""
    node = node_of(settings.data / "journal")
    with database.read() as tx:
        after = batches.position_of(tx, node)
    bounds = JournalBounds(max_bytes=settings.journal_max_bytes)
    writer = JournalWriter(settings.data / "journal", node, clock, bounds, after=after)
    writer.open()
    return writer


def build_intake(
    settings: Settings, writer: JournalWriter, access: Access, clock: Clock, tally: IntakeTally, lately: Lately
) -> IntakeApp:
    """The addresses that SDKs send to."""
    logs = DoorLimits(settings.intake_max_body_bytes, settings.intake_max_entries)
    sentry = DoorLimits(settings.sentry_max_body_bytes, settings.intake_max_entries)
    otlp = DoorLimits(settings.otlp_max_body_bytes, MAX_ENTRIES)
    agent = DoorLimits(settings.agent_max_body_bytes, settings.intake_max_entries)
    limits = IntakeLimits(body_timeout_s=settings.body_timeout_s)
    origins = Origins(settings.browser_origins.split(","))
    keys = access.intake_keys
    return IntakeApp(
        routes_of(logs, sentry, agent, otlp),
        limits,
        writer,
        keys,
        partial(may_without_key, settings.agent_intake),
        clock,
        tally,
        lately,
        origins,
    )


def build_front(
    intake: IntakeApp,
    uploads: SourceMapUploads,
    tally: IntakeTally,
    access: Access,
    database: Database,
    store: ClickHouse,
    watched: Watched,
    places: Symbolicator,
    source_maps: SourceMapCommands,
) -> Front:
    """Everything that the web process answers."""
    release = version("errata")
    clock = watched.clock
    rooms = Rooms(
        issues=IssueReads(database, EventStore(store), clock),
        issue_commands=IssueCommands(database, clock, random_id),
        search_help=SearchHelp(database, EventHelp(store), clock),
        occurrences=Occurrences(database, EventPages(store), places),
        source_maps=SourceMapReads(database),
        source_map_commands=source_maps,
        access=access.reads,
        access_commands=access.commands,
        intake=RecentRequests(database),
        sentry_projects=SentryProjects(database, clock, random_id),
        clock=clock,
        cases=CaseReads(database),
        case_commands=CaseCommands(database, clock, random_id),
        case_search=CaseSearch(database),
        case_projects=ProjectReads(database),
        case_project_commands=ProjectCommands(database, clock, random_id),
        case_types=TypeReads(database),
        case_type_commands=TypeCommands(database, clock, random_id),
    )
    metrics = Metrics([lambda: figures_of(watched), tally.figures])
    return Front(
        intake=intake.answering,
        uploads=uploads,
        api=build_api(rooms, access.credentials, version=release, observe=metrics.observe_call),
        ops=Ops(Health(checks_of(watched)), metrics, version=release),
        pages=build_web(version=release),
    )


def limits_of(settings: Settings) -> ProtocolLimits:
    """What a connection may take."""
    return ProtocolLimits(
        max_connections=settings.max_connections,
        max_header_bytes=settings.max_header_bytes,
        header_timeout_s=settings.header_timeout_s,
        body_timeout_s=settings.body_timeout_s,
        idle_timeout_s=settings.idle_timeout_s,
    )


@contextlib.contextmanager
def _repeating(name: str, save: Callable[[], None], every_s: float, log: Log) -> Iterator[None]:
    """Write now and then, and once more at the end, what this process gathers in memory."""

    def turn() -> bool:
        save()
        return False

    loop = Loop(name, turn, log, idle_s=every_s)
    thread = threading.Thread(target=loop.run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.stop()
        thread.join()
        try:
            save()
        except Unavailable as error:
            log.warning("not written at the end", what=name, error=error.message)


def _serve(server: Server, sockets: list[socket]) -> None:
    """Run until told to stop. uvicorn raises the signal once more at the end, which must not end us before we close."""

    def stop(*_: object) -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    server.run(sockets=sockets)
