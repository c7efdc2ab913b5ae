"""A program under Datadog's tracer for Node: an agent's address is all that it is given."""

from __future__ import annotations


def said(live, service: str, **more: str) -> dict[str, str]:
    return {
        "DD_TRACE_AGENT_URL": live.server.url,
        "DD_SERVICE": service,
        "DD_ENV": "prod",
        "DD_VERSION": "4.5.6",
        "DD_CRASHTRACKING_ENABLED": "false",
        **more,
    }


def counted(issues: list[dict]) -> dict[tuple[str, str], int]:
    return {(one["error_type"], one["function_name"]): one["total_count"] for one in issues}


def test_an_express_program_reports_each_failure_once(live, node_modules):
    service = live.service()
    paths = [
        "/stock/pear", "/stock/plum?user=ann", "/stock/fig?user=bob", "/order/7", "/order/8", "/mail", "/quiet", "/word",
        "/all", "/busy", "/gone", "/stock/pear?tenant=none", "/nowhere",
    ]  # fmt: skip

    done = live.node("ddtrace_express.js", *paths, **said(live, service))

    assert done.status == 0, done.output[-3000:]
    assert "done" in done.output
    assert "rror" not in done.output, done.output[-3000:]  # the tracer complains of nothing
    issues = live.errors(service, 7)
    assert counted(issues) == {
        ("TypeError", "leftOf"): 2,
        ("Declined", "charge"): 2,
        ("Error", "<anonymous>"): 1,
        ("AggregateError", ""): 1,
        ("RangeError", "<anonymous>"): 1,
    }
    known = next(one for one in issues if one["function_name"] == "leftOf")
    assert known["file_path"].endswith("/ddtrace_express.js")
    assert (known["first_seen_version"], known["languages"], known["platform"]) == ("4.5.6", ["JAVASCRIPT"], "BACKEND")
    assert known["impacted_users"] == 2


def test_an_exception_that_ends_the_program_is_one_crash(live, node_modules):
    service = live.service()

    done = live.node("ddtrace_express.js", **said(live, service, CRASH="1", DD_CRASHTRACKING_ENABLED="true"))

    assert done.status != 0
    (issue,) = live.errors(service, 1, patience_s=40, quiet_s=3)
    assert (issue["error_type"], issue["is_crash"], issue["first_seen_version"]) == ("TypeError", True, "4.5.6")
    assert issue["function_name"] == "leftOf"
    assert issue["file_path"].endswith("/ddtrace_express.js")
