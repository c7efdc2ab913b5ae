"""What counts once and what counts twice, and clocks that are far off: the same rules over every intake.

Requests of real SDKs are sent to one server as they were recorded, and then again.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import httpx
import pytest
from sent_requests import PROTOCOLS

from running_server import start_server, until

PAYLOADS = Path(__file__).parents[1] / "payloads"
DUMMIES = (
    "pub0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef01234567",
    "0123456789abcdef0123456789abcdef",
)
FROM = 1_767_225_600_000
"""Before the recordings, which are of November 2026."""
DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counting]:
    running = start_server(tmp_path_factory.mktemp("resends") / "data")
    yield Counting(running)
    running.stop()


class Counting:
    """A server that only these tests send to, and how many errors it has counted."""

    def __init__(self, server) -> None:
        self.server = server
        self._marks = 0

    def send(self, case: str, query: str = "", **headers: str) -> None:
        """A recorded request; `query` is added to the innermost query."""
        recorded = json.loads((PAYLOADS / f"{case}.http.json").read_text())
        body = (
            base64.b64decode(recorded["body_base64"])
            if "body_base64" in recorded
            else (PAYLOADS / Path(case).parent / recorded["body_file"]).read_bytes()
        )
        sent = self._own(recorded["query"])
        if query:
            outer, _, inner = sent.partition("ddforward=")
            sent = f"{outer}ddforward={quote(unquote(inner) + '&' + query, safe='')}" if inner else f"{sent}&{query}"
        left_out = {"host", "content-length", "connection", "transfer-encoding"}
        kept = {name: self._own(value) for name, value in recorded["headers"].items() if name.lower() not in left_out}
        answer = httpx.request(
            recorded["method"],
            f"{self.server.url}{self._own(recorded['path'])}?{sent}".rstrip("?"),
            content=body,
            headers=kept | headers,
            trust_env=False,
        )
        assert answer.status_code < 300, answer.text

    def _own(self, text: str) -> str:
        for dummy in DUMMIES:
            text = text.replace(dummy, "\0")
        return text.replace("\0", self.server.api_key)

    def log(self, *entries: dict, **headers: str) -> None:
        """Entries of the log intake."""
        answer = httpx.post(
            f"{self.server.url}/api/v2/logs",
            json=list(entries),
            headers={"DD-API-KEY": self.server.api_key, **headers},
            trust_env=False,
        )
        assert answer.status_code == 202, answer.text

    def total(self, query: str = "*") -> int:
        return sum(one["total_count"] for one in self.issues(query).values())

    def issues(self, query: str = "*") -> dict[str, dict]:
        window = {"query": query, "from": FROM, "to": now_ms() + 400 * DAY_MS, "persona": "ALL"}
        answer = httpx.post(
            f"{self.server.url}/api/v2/error-tracking/issues/search?include=issue",
            json={"data": {"type": "search_request", "attributes": window}},
            headers=self.server.headers(),
            trust_env=False,
        ).json()
        found = {one["id"]: one["attributes"] for one in answer.get("included", ())}
        return {hit["id"]: found[hit["id"]] | hit["attributes"] for hit in answer["data"]}

    def settle(self) -> None:
        """Wait until everything that was sent is digested: what is sent last is counted last."""
        self._marks += 1
        service = f"mark-{self._marks}"
        self.log(an_error(service))
        until(lambda: self.total(f"service:{service}") == 1, lambda: "the mark was not counted")

    def counted_for(self, *sent) -> int:
        """By how many errors the count rises when these things are done."""
        self.settle()
        before = self.total("-service:mark-*")
        for send in sent:
            send()
        self.settle()
        return self.total("-service:mark-*") - before


def an_error(service: str, **more: object) -> dict:
    error = {
        "kind": "ValueError",
        "message": "no",
        "stack": f'Traceback:\n  File "{service}.py", line 1, in f\nValueError: no',
    }
    return {"service": service, "status": "error", "message": "no", "ddsource": "python", "error": error, **more}


RESENT = {
    "spans of ddtrace, v0.5": ("ddtrace-python/sku-keyerror-a", 1),
    "spans of ddtrace, v0.4": ("ddtrace-python/v04-sku-keyerror", 1),
    "spans of dd-trace-js": ("dd-trace-js/cart-undefined-a", 1),
    "a handled error on a span": ("ddtrace-python/auto-handled-user", 1),
    "a crash report": ("ddtrace-python/crash-segv-report", 1),
    "RUM": ("browser-rum/uncaught-a", 1),
    "OTLP spans": ("opentelemetry-python/span-unbalanced-a", 1),
    "OTLP spans as JSON": ("opentelemetry-js/span-cause", 1),
    "Sentry for Python": ("sentry-python/zero-division-a", 1),
    "Sentry for node": ("sentry-node/route-undefined-a", 1),
    "Sentry for browsers": ("sentry-browser/console-error", 1),
}


@pytest.mark.parametrize("what", sorted(RESENT))
def test_what_names_its_errors_counts_once_however_often_it_is_sent(counting: Counting, what: str) -> None:
    case, errors = RESENT[what]

    assert counting.counted_for(*[lambda: counting.send(case)] * 3) == errors


def test_failure_that_is_logged_and_traced_counts_once(counting: Counting) -> None:
    sent = [
        lambda: counting.send("opentelemetry-python/log-in-span"),
        lambda: counting.send("opentelemetry-python/log-in-span-trace"),
    ]

    assert counting.counted_for(*sent, *sent) == 1


def test_crash_that_is_announced_and_reported_counts_once(counting: Counting) -> None:
    before = counting.counted_for(
        lambda: counting.send("dd-trace-js/uncaught-ping"),
        lambda: counting.send("dd-trace-js/uncaught-report"),
        lambda: counting.send("dd-trace-js/uncaught-report"),
    )

    assert before == 1


def test_equal_log_lines_are_errors_of_their_own(counting: Counting) -> None:
    entry = an_error("equal-lines")

    assert counting.counted_for(lambda: counting.log(entry, entry), lambda: counting.log(entry, entry)) == 4


def test_recorded_logs_that_are_sent_again_without_a_mark_count_again(counting: Counting) -> None:
    case = "datadog-api-client-python-logs/java-npe-a"

    assert counting.counted_for(lambda: counting.send(case), lambda: counting.send(case)) == 2


def test_logs_of_a_browser_count_once_where_it_marks_its_retries(counting: Counting) -> None:
    case = "browser-logs/uncaught-a"

    assert (
        counting.counted_for(
            lambda: counting.send(case),
            lambda: counting.send(case, "_dd.retry_count=1&_dd.retry_after=503"),
            lambda: counting.send(case, "_dd.retry_count=2&_dd.retry_after=503"),
        )
        == 1
    )


def test_logs_under_one_idempotency_key_count_once(counting: Counting) -> None:
    entry = an_error("keyed")
    key = {"DD-IDEMPOTENCY-KEY": "6f1c"}

    assert counting.counted_for(lambda: counting.log(entry, **key), lambda: counting.log(entry, **key)) == 1
    assert counting.counted_for(lambda: counting.log(entry, **{"DD-IDEMPOTENCY-KEY": "6f1d"})) == 1


def now_ms() -> int:
    return int(time.time() * 1000)


@pytest.mark.parametrize("intake", sorted(PROTOCOLS))
@pytest.mark.parametrize(
    ("off_ms", "is_clamped"),
    [(-60_000, False), (-20 * DAY_MS, False), (-400 * DAY_MS, True), (3_600_000, False), (30 * DAY_MS, True)],
)
def test_clock_that_is_far_off_is_put_right_and_marked(
    counting: Counting, intake: str, off_ms: int, is_clamped: bool
) -> None:
    service = f"clock-{intake.lower().replace(' ', '-')}{off_ms}"
    at = now_ms() + off_ms
    url = counting.server.url
    sent = PROTOCOLS[intake](service, at, "ann", counting.server.api_key)

    answer = httpx.request(sent.method, url + sent.path, content=sent.body, headers=sent.headers, trust_env=False)

    assert answer.status_code < 300, answer.text
    until(lambda: counting.total(f"service:{service}") == 1, lambda: f"{counting.issues()}")
    ((issue_id, _),) = counting.issues(f"service:{service}").items()
    (event,) = httpx.get(
        f"{url}/api/errata/v1/issues/{issue_id}/events", headers=counting.server.headers(), trust_env=False
    ).json()["data"]
    told = event["attributes"]
    assert told["time_clamped"] is is_clamped
    assert told["timestamp"] == (told["received_at"] if is_clamped else at)
