"""Programs under OpenTelemetry's SDKs for Python and node."""

from __future__ import annotations

import pytest


def environment(live, service: str, **more: str) -> dict[str, str]:
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": live.server.url,
        "OTEL_EXPORTER_OTLP_HEADERS": f"dd-api-key={live.server.api_key}",
        "OTEL_SERVICE_NAME": service,
        "OTEL_RESOURCE_ATTRIBUTES": "service.version=1.2.3,deployment.environment.name=test",
    } | more


@pytest.mark.parametrize(
    ("arguments", "more"),
    [((), {"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}), (("alone",), {})],
    ids=["batches-in-gzip", "spans-alone"],
)
def test_a_flask_program_reports_each_failure_once_by_spans_and_logs(live, arguments, more):
    service = live.service()

    done = live.python("otel_flask.py", *arguments, **environment(live, service, **more))

    assert (done.status, done.output.count(" 500")) == (0, 2), done.output
    assert "export" not in done.output
    issues = {issue["error_type"]: issue for issue in live.errors(service, 3)}
    assert {kind: issue["total_count"] for kind, issue in issues.items()} == {"KeyError": 2, "ZeroDivisionError": 1}
    assert (issues["KeyError"]["function_name"], issues["KeyError"]["languages"]) == ("price", ["PYTHON"])
    assert issues["KeyError"]["file_path"].endswith("otel_flask.py")
    assert issues["KeyError"]["last_seen_version"] == "1.2.3"


@pytest.mark.parametrize("protocol", ["http/json", "http/protobuf"])
def test_a_node_program_reports_each_failure_once(live, node_modules, protocol):
    service = live.service()

    done = live.node(
        "otel.js",
        **environment(
            live,
            service,
            OTEL_EXPORTER_OTLP_PROTOCOL=protocol,
            OTEL_TRACES_EXPORTER="otlp",
            OTEL_LOGS_EXPORTER="otlp",
            OTEL_METRICS_EXPORTER="otlp",
            OTEL_NODE_RESOURCE_DETECTORS="env",
        ),
    )

    assert (done.status, done.output.splitlines()[-1]) == (0, "done"), done.output
    issues = live.errors(service, 3)
    assert {issue["total_count"]: issue["function_name"] for issue in issues}[2] == "store", issues
    assert {issue["error_type"] for issue in issues} == {"TypeError"}
    assert all(issue["file_path"].endswith("otel.js") for issue in issues)
