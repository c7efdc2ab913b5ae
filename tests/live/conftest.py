"""Programs under real SDKs against the shared server: how they are started, and what became of their errors."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import node_tools
import pytest
from playwright.sync_api import Browser, sync_playwright
from programs import Finished, Program, environment_for, start, wait_until_it_listens

HERE = Path(__file__).parent
DAY_MS = 86_400_000


@dataclass
class Live:
    """Starts programs of this folder for one test, and asks the server for what they sent.

    Programs lie in `python/` and `node/`; each call of `python` and `node` is one process of its own, whose environment
    holds what is given and nothing of ours.
    """

    server: object
    home: Path
    started: list[Program]

    @staticmethod
    def service(name: str = "shop") -> str:
        """A name that no other test uses, since all share the server."""
        return f"{name}-{uuid4().hex[:8]}"

    def python(self, program: str, *arguments: str, run: tuple[str, ...] = (), **environment: str) -> Finished:
        """Run a program of `python/` to its end. `run` stands before it: `("ddtrace-run",)` starts it under that."""
        return self.start_python(program, *arguments, run=run, **environment).wait()

    def node(self, program: str, *arguments: str, options: tuple[str, ...] = (), **environment: str) -> Finished:
        """Run a program of `node/` to its end; `options` are node's own (`--require=dd-trace/init`)."""
        return self.start_node(program, *arguments, options=options, **environment).wait()

    def start_python(self, program: str, *arguments: str, run: tuple[str, ...] = (), **environment: str) -> Program:
        command = [sys.executable, str(HERE / "python" / program), *arguments]
        if run:
            command = [str(Path(sys.executable).with_name(run[0])), *run[1:], *command]
        return self._start(command, HERE / "python", environment)

    def start_node(self, program: str, *arguments: str, options: tuple[str, ...] = (), **environment: str) -> Program:
        """As `node`; the test must ask for the fixture `node_modules`."""
        command = [str(node_tools.NODE), *options, str(node_tools.FOLDER / program), *arguments]
        return self._start(command, node_tools.FOLDER, environment)

    def shell(self, command: str, **environment: str) -> Finished:
        """Run a line of the shell to its end."""
        return self._start(["bash", "-ec", command], self.home, environment).wait()

    @staticmethod
    def listening(program: Program) -> Program:
        """Wait for its line `listening on PORT`, after which it can be called."""
        return wait_until_it_listens(program)

    def issues(self, service: str, also: str = "", *, persona: str = "ALL") -> list[dict]:
        """The issues of a service, the attributes of hit and issue together; counts are `total_count`.

        `also` is a further part of the query (`@usr.id:ann`).
        """
        now = int(time.time() * 1000)
        query = f"service:{service} {also}".strip()
        window = {"query": query, "from": now - DAY_MS, "to": now + DAY_MS, "persona": persona}
        answer = httpx.post(
            f"{self.server.url}/api/v2/error-tracking/issues/search?include=issue",
            json={"data": {"type": "search_request", "attributes": window}},
            headers=self.server.headers(),
            timeout=20,
            trust_env=False,
        )
        assert answer.status_code == 200, answer.text
        found = answer.json()
        own = {one["id"]: one["attributes"] for one in found.get("included", []) if one["type"] == "issue"}
        return [{"id": hit["id"], **hit["attributes"], **own.get(hit["id"], {})} for hit in found["data"]]

    def errors(self, service: str, count: int = 1, *, patience_s: float = 15, quiet_s: float = 1.0) -> list[dict]:
        """The issues of a service once `count` errors are counted, and no more of them come for a while."""
        deadline = time.monotonic() + patience_s
        while sum(one["total_count"] for one in self.issues(service)) < count:
            assert time.monotonic() < deadline, f"no {count} errors of {service}: {self.issues(service)}"
            time.sleep(0.1)
        time.sleep(quiet_s)
        issues = self.issues(service)
        assert sum(one["total_count"] for one in issues) == count, issues
        return issues

    def no_errors(self, service: str, *, quiet_s: float = 1.5) -> None:
        """Holds that nothing of a service is counted."""
        time.sleep(quiet_s)
        assert self.issues(service) == []

    def _start(self, command: list[str], folder: Path, environment: Mapping[str, str]) -> Program:
        log = self.home / f"program-{len(self.started)}.log"
        self.started.append(start(command, folder, environment_for(self.home, environment), log))
        return self.started[-1]


@pytest.fixture
def live(server, tmp_path: Path) -> Iterator[Live]:
    made = Live(server, tmp_path, [])
    yield made
    for program in made.started:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait(10)


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The folder with node's programs and packages; installs the latter once."""
    try:
        node_tools.install()
    except node_tools.Unobtainable as error:
        if os.environ.get("CI"):
            pytest.fail(f"npm ci failed: {error}")
        pytest.skip(f"npm ci failed: {error}")
    return node_tools.FOLDER


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium, the machine's own; a test that uses it is marked `@pytest.mark.needs("chromium")`.

    A module's, not the session's: while it runs, no other test of this thread can start an event loop.
    """
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield running
        running.close()


@pytest.fixture
def in_page(browser: Browser) -> Iterator[Callable[[], object]]:
    """Opens empty pages, closed after the test: `page = in_page()`."""
    contexts = []

    def open_page() -> object:
        contexts.append(browser.new_context())
        return contexts[-1].new_page()

    yield open_page
    for context in contexts:
        context.close()
