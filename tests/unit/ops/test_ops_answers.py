from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

import anyio
import httpx
import pytest

from errata.base.errors import Unavailable
from errata.ops.health import Health
from errata.ops.metrics import Figure, Metrics
from errata.ops.routes import Ops


def works() -> Mapping[str, object]:
    return {"backlog_bytes": 12}


def is_down() -> Mapping[str, object]:
    raise Unavailable("the engine does not answer")


def breaks() -> Mapping[str, object]:
    raise RuntimeError("http://writer:secret@127.0.0.1")


def ask(ops: Ops, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> httpx.Response:
    async def one() -> httpx.Response:
        transport = httpx.ASGITransport(app=ops)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://errata") as client:
            return await client.request(method, path, headers=headers)

    return anyio.run(one)


def an_ops(**checks: Any) -> Ops:
    return Ops(Health(checks, patience_s=0.2), Metrics([]), version="1.2.3")


def test_every_part_working_is_ready():
    ops = an_ops(intake=works, events=works)

    assert ask(ops, "/health/ready").json() == {"status": "ready", "version": "1.2.3"}
    everything = ask(ops, "/health")
    assert everything.status_code == 200
    assert everything.json()["parts"]["events"]["detail"] == {"backlog_bytes": 12}


def test_a_dead_engine_is_not_ready_and_named_yet_intake_stays_in_its_load_balancer():
    ops = an_ops(intake=works, events=is_down)

    ready = ask(ops, "/health/ready")

    assert ready.status_code == 503
    assert ready.json()["parts"].keys() == {"events"}
    assert ready.json()["parts"]["events"]["problem"] == "the engine does not answer"
    assert ask(ops, "/health").json()["parts"]["intake"]["ok"]
    assert ask(ops, "/health/intake").status_code == 200
    assert ask(ops, "/health/live").json() == {"status": "alive", "version": "1.2.3"}


def test_a_check_that_breaks_shows_no_more_than_the_kind_of_error():
    answer = ask(an_ops(intake=breaks), "/health")

    assert answer.json()["parts"]["intake"]["problem"] == "RuntimeError"
    assert "secret" not in answer.text


def test_a_check_that_hangs_fails_in_time_and_holds_one_thread_only():
    release, calls = threading.Event(), []

    def hangs() -> Mapping[str, object]:
        calls.append(1)
        release.wait(10)
        return {}

    async def twice() -> list[bool]:
        health = Health({"events": hangs}, patience_s=0.05)
        states = [(await health.of())["events"].is_ok for _ in range(3)]
        release.set()
        await anyio.sleep(0.05)
        return [*states, (await health.of())["events"].is_ok]

    assert anyio.run(twice) == [False, False, False, True]
    assert len(calls) == 1


def test_a_finding_is_reused_by_questions_that_follow_at_once():
    calls = []

    def counted() -> Mapping[str, object]:
        calls.append(1)
        return {}

    async def often() -> None:
        health = Health({"state": counted}, fresh_s=60)
        for _ in range(5):
            await health.of()

    anyio.run(often)

    assert len(calls) == 1


def test_parts_are_asked_side_by_side():
    together = threading.Barrier(8)

    def meets_the_others() -> Mapping[str, object]:
        together.wait(10)
        return {}

    states = anyio.run(Health({str(n): meets_the_others for n in range(8)}, patience_s=20).of)

    assert all(state.is_ok for state in states.values())


@pytest.mark.parametrize("path", ["/health", "/metrics"])
def test_other_methods_are_refused_with_those_that_work(path):
    answer = ask(an_ops(intake=works), path, "POST")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_head_answers_without_a_body():
    answer = ask(an_ops(intake=works), "/health", "HEAD")

    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 10


def test_figures_are_shown_with_their_labels_and_calls_with_their_times():
    backlog = Figure("errata_journal_backlog_bytes", "gauge", "Bytes that wait.")
    requests = Figure("errata_intake_requests_total", "counter", "Requests.", "status")
    metrics = Metrics([lambda: [(backlog, 12), (requests, {"202": 3, "403": 1})]])
    metrics.observe_call("SearchIssues", 200, 0.02)

    text = ask(Ops(Health({}), metrics, version="1"), "/metrics").text

    assert "# TYPE errata_journal_backlog_bytes gauge\nerrata_journal_backlog_bytes 12.0" in text
    assert 'errata_intake_requests_total{status="403"} 1.0' in text
    assert 'errata_api_call_seconds_bucket{le="0.025",operation="SearchIssues",status="200"} 1.0' in text
    assert "process_resident_memory_bytes" in text


def test_a_collector_may_ask_for_open_metrics():
    answer = ask(an_ops(), "/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_answers_are_json():
    assert json.loads(ask(an_ops(intake=works), "/health").content)["status"] == "ready"
