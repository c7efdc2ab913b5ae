"""Fixtures that the tests share: a real server, and tools of the machine that some tests need."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postgresql import SESSION, PostgreSQL, program
from running_server import Server, start_server
from states import PostgresqlStates, SqliteStates, States

PACKAGES = {
    "chromium": "chromium",
    "curl": "curl",
    "initdb": "postgresql",
    "strace": "strace",
    "syslog-ng": "syslog-ng-core syslog-ng-mod-http",
}
"""Commands that a test may ask for with `@pytest.mark.needs(...)`, and the Debian package that has each."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that only add to it: choose names of your own and search for those."""
    running = start_server(tmp_path_factory.mktemp("server") / "data")
    yield running
    _end(running)


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers for one test: `fresh_server(data=..., port=..., ready=..., log_level="debug", ...)`.

    The same `data` again starts on what the one before left behind.
    """
    started: list[Server] = []

    def start(data: Path | None = None, **options: object) -> Server:
        started.append(start_server(data or tmp_path / "data", **options))
        return started[-1]

    yield start
    for running in started:
        _end(running)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """One server for all tests of a process that need PostgreSQL: mark them as needing `initdb`."""
    running = PostgreSQL(**SESSION)
    yield running
    running.close()


@pytest.fixture(scope="session")
def sqlite_states(tmp_path_factory: pytest.TempPathFactory) -> SqliteStates:
    """Makes state databases where the engine does not matter."""
    return SqliteStates(tmp_path_factory.mktemp("states"))


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("initdb"))])
def states(request: pytest.FixtureRequest) -> States:
    """Makes state databases; every test that asks for it runs on both engines."""
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite_states")
    return PostgresqlStates(request.getfixturevalue("postgresql"))


def _end(running: Server) -> None:
    if running.process.poll() is None:
        running.process.terminate()
        try:
            running.process.wait(30)
        except subprocess.TimeoutExpired:
            running.kill()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(command): the test calls this command of the machine")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The few long tests first, so that no core is left with one of them at the end."""
    items.sort(key=lambda item: not {"flows", "live"} & set(item.path.parts))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose tools are missing; where CI is set, that is a failure."""
    for marker in item.iter_markers("needs"):
        for command in marker.args:
            if shutil.which(command) is None and program(command) is None:
                if os.environ.get("CI"):
                    pytest.fail(f"{command} is missing: apt-get install {PACKAGES[command]}")
                pytest.skip(f"needs {command}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end which tools would have let more tests run. Told by the reports, which also come from other cores."""
    told = {str(report.longrepr) for report in terminalreporter.stats.get("skipped", ())}
    missing = {command for command in PACKAGES if any(re.search(rf"needs {command}\b", each) for each in told)}
    for command in sorted(missing):
        terminalreporter.write_line(f"Tests were skipped for want of {command}: apt-get install {PACKAGES[command]}")
