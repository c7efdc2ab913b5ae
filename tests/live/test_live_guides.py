"""The guides of docs/use: what they show is what the programs of this folder do, or is run here as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from guide_pages import block, blocks

from errata.cli.test_errors import PROTOCOLS

HERE = Path(__file__).parent
ADDRESS = "http://127.0.0.1:8200"


@pytest.mark.parametrize(
    ("page", "language", "program"),
    [
        ("datadog-tracers.md", "js", "node/ddtrace_express.js"),
        ("opentelemetry.md", "python", "python/otel_flask.py"),
        ("opentelemetry.md", "js", "node/otel.js"),
    ],
)
def test_each_line_of_a_guide_stands_in_the_program_that_was_tried(page: str, language: str, program: str):
    lines = {line.strip() for line in (HERE / program).read_text(encoding="utf-8").splitlines()}
    shown = block(page, language=language).lines

    assert shown
    assert [line for line in shown if line not in lines] == []


@pytest.mark.parametrize(
    ("language", "program"), [("python", "python/sentry_flask.py"), ("js", "node/sentry_express.js")]
)
def test_the_options_that_sentrys_guide_names_are_those_that_were_tried(language: str, program: str):
    first, *options, last = block("sentry.md", language=language).lines
    lines = [line.strip() for line in (HERE / program).read_text(encoding="utf-8").splitlines()]
    start = lines.index(first)
    tried = lines[start : lines.index(last, start)]

    assert len(options) == 3
    for option in options:
        name = re.match(r"\w+[=:]", option)[0]
        assert [line for line in tried if line.startswith(name)], option


@pytest.mark.parametrize(
    ("page", "test"),
    [
        ("datadog-tracers.md", "test_live_ddtrace.py"),
        ("datadog-tracers.md", "test_live_dd_trace_js.py"),
        ("opentelemetry.md", "test_live_otel.py"),
    ],
)
def test_the_environment_that_a_guide_sets_is_that_of_the_programs_that_were_tried(page: str, test: str):
    shown = re.findall(r"\b([A-Z][A-Z_]{3,})=", block(page, language="sh").text)
    set_there = set(re.findall(r"\b[A-Z][A-Z_]{3,}\b", (HERE / test).read_text(encoding="utf-8")))

    assert len(shown) >= 4
    assert [name for name in shown if name not in set_there] == []


@pytest.mark.parametrize("page", ["datadog-tracers.md", "logs.md", "opentelemetry.md", "sentry.md"])
def test_a_guide_names_a_protocol_that_send_test_knows(page: str):
    commands = re.findall(r"errata send-test --sdk (\S+)", "".join(one.text for one in blocks(page)))

    assert commands
    assert set(commands) <= set(PROTOCOLS)


@pytest.mark.needs("curl")
def test_the_curl_of_the_guide_for_logs_opens_an_issue(live):
    service = live.service()
    command = in_place(live, block("logs.md", language="sh").text, f'"service": "{service}"')

    done = live.shell(command, ERRATA_API_KEY=live.server.api_key)

    assert done.status == 0, done.output
    (issue,) = live.errors(service)
    assert (issue["error_type"], issue["error_message"]) == ("Declined", "order 17 was declined")
    assert issue["last_seen_version"] == "1.2.3"


def test_the_official_client_sends_logs_as_the_guide_shows(live, tmp_path: Path):
    service = live.service()
    text = in_place(live, block("logs.md", "Python", "python").text, f'service="{service}"')
    imports, call = text.split("configuration =", 1)
    indented = "".join(f"    {line}\n" for line in f"configuration ={call}".splitlines())
    program = tmp_path / "client.py"
    program.write_text(f'{imports}\ntry:\n    int("seven")\nexcept ValueError:\n{indented}')

    done = live.python(str(program), DD_API_KEY=live.server.api_key)

    assert done.status == 0, done.output
    (issue,) = live.errors(service)
    assert (issue["error_type"], issue["languages"]) == ("ValueError", ["PYTHON"])


def test_winston_sends_errors_as_the_guide_shows(live, node_modules: Path, tmp_path: Path):
    service = live.service()
    transport = in_place(live, block("logs.md", "Node, with winston", "js").text, f"service={service}")
    text, ports = re.subn(r"port: \d+", f"port: {urlsplit(live.server.url).port}", transport)
    assert ports == 1
    assert "winston.format.errors({ stack: true })" in (HERE.parents[1] / "docs/use/logs.md").read_text()
    program = tmp_path / "shop.js"
    program.write_text(
        "const winston = require('winston')\n"
        "const logger = winston.createLogger({\n"
        "  format: winston.format.combine(winston.format.errors({ stack: true }), winston.format.json()),\n"
        f"  transports: [\n{text.rstrip()}\n  ],\n}})\n"
        "function charge(order) {\n  throw new RangeError(`order ${order} was declined`)\n}\n"
        "try {\n  charge(17)\n} catch (error) {\n  logger.error(error)\n}\nlogger.info('done')\n"
    )

    done = live.node(str(program), NODE_PATH=str(node_modules / "node_modules"))

    assert done.status == 0, done.output
    (issue,) = live.errors(service)
    assert (issue["error_type"], issue["function_name"]) == ("RangeError", "charge")


def in_place(live, text: str, said: str) -> str:
    """A block with the address and key of this test's server, and a service of its own (`said`) where it shows `shop`."""
    text = text.replace(ADDRESS, live.server.url).replace("<your API key>", live.server.api_key)
    shown = re.sub(r"shop-\w+", "shop", said)
    assert text.count(shown) == 1, f"the guide does not show {shown}"
    return text.replace(shown, said)
