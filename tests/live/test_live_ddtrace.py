"""Programs under Datadog's tracer for Python: an agent's address is all that they are given."""

from __future__ import annotations

import pytest

RUN = ("ddtrace-run",)


def said(live, service: str, **more: str) -> dict[str, str]:
    return {
        "DD_TRACE_AGENT_URL": live.server.url,
        "DD_SERVICE": service,
        "DD_ENV": "prod",
        "DD_VERSION": "1.2.3",
        "DD_TAGS": "team:pay",
        "DD_CRASHTRACKING_ENABLED": "false",
        **more,
    }


def counted(issues: list[dict]) -> dict[tuple[str, str], int]:
    return {(one["error_type"].rpartition(".")[2], one["function_name"]): one["total_count"] for one in issues}


def quiet(output: str) -> bool:
    """Whether the tracer had nothing to complain of."""
    lines = [line for line in output.splitlines() if "ddtrace" in line or "Traceback" in line or "ERROR" in line]
    complaints = ("failed to send", "intake error", "unexpected", "non-2xx", "HTTP error", "dropping", "not respond")
    return not any(word.lower() in line.lower() for line in lines for word in complaints)


@pytest.mark.parametrize("api", ["", "v0.4", "v0.5"])
def test_a_flask_program_reports_each_failure_once(live, api: str):
    service = live.service()
    paths = [
        "/stock/pear", "/stock/plum?user=ann", "/stock/fig?user=bob", "/order/7", "/order/8", "/rows/orders", "/page",
        "/overflow", "/list/3", "/teapot", "/busy", "/bare", "/stock/pear?tenant=none", "/nowhere",
    ]  # fmt: skip

    done = live.python("ddtrace_flask.py", *paths, run=RUN, **said(live, service, DD_TRACE_API_VERSION=api))

    assert (done.status, "\ndone\n" in done.output) == (0, True), done.output[-3000:]
    assert quiet(done.output), done.output[-3000:]
    issues = live.errors(service, 8)
    assert counted(issues) == {
        ("KeyError", "stock_of"): 2,
        ("RuntimeError", "order"): 2,
        ("OperationalError", "rows"): 1,
        ("UndefinedError", "page"): 1,
        ("OverflowError", "overflow"): 1,
        ("PermissionError", "identify"): 1,
    }
    known = next(one for one in issues if one["function_name"] == "stock_of")
    assert known["file_path"].endswith("/ddtrace_flask.py")
    assert (known["first_seen_version"], known["languages"], known["platform"]) == ("1.2.3", ["PYTHON"], "BACKEND")
    assert known["impacted_users"] == 2
    assert not known["is_crash"]


def test_exceptions_that_were_recorded_or_caught_count_as_they_are_told(live):
    service = live.service()

    done = live.python("ddtrace_flask.py", "/retried", run=RUN, **said(live, service))

    assert done.status == 0, done.output
    assert counted(live.errors(service, 2)) == {("KeyError", "stock_of"): 2}


def test_a_fastapi_program_reports_each_failure_once(live):
    service = live.service("gateway")
    paths = ["/rate/EUR", "/rate/XXX", "/rate/YYY", "/quota?left=-1", "/quota?left=none", "/gone", "/nowhere"]

    done = live.python("ddtrace_fastapi.py", *paths, run=RUN, **said(live, service))

    assert (done.status, "\ndone\n" in done.output) == (0, True), done.output[-3000:]
    assert quiet(done.output), done.output[-3000:]
    assert counted(live.errors(service, 3)) == {("KeyError", "rate_of"): 2, ("Quota", "quota"): 1}


def test_a_django_program_reports_each_failure_once(live):
    service = live.service("office")
    paths = ["/ticket/1", "/ticket/2", "/ticket/3", "/missing", "/report", "/rows", "/ticket/1?lock=9", "/nowhere"]

    done = live.python("ddtrace_django.py", *paths, run=RUN, **said(live, service))

    assert (done.status, "\ndone\n" in done.output) == (0, True), done.output[-3000:]
    assert quiet(done.output), done.output[-3000:]
    assert counted(live.errors(service, 5)) == {
        ("KeyError", "state_of"): 2,
        ("TemplateDoesNotExist", "report"): 1,
        ("OperationalError", "rows"): 1,
        ("Locked", "__call__"): 1,
    }


def test_a_crash_of_the_interpreter_is_one_error(live):
    service = live.service()

    done = live.python(
        "ddtrace_flask.py", "/stock/pear", run=RUN, **said(live, service, CRASH="1", DD_CRASHTRACKING_ENABLED="true")
    )

    assert done.status != 0
    (issue,) = live.errors(service, 1, patience_s=40, quiet_s=3)
    assert (issue["error_type"], issue["function_name"], issue["is_crash"]) == ("SIGSEGV", "main", True)
    assert issue["file_path"].endswith("/ddtrace_flask.py")
    assert issue["first_seen_version"] == "1.2.3"
