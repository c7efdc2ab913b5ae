"""Log lines, in a process of its own because logging is set up once a process."""

from __future__ import annotations

import json
import subprocess
import sys

CODE = """
import logging, sys, warnings
import structlog
from errata.app.logs import configure_logs
from errata.base.clock import SystemClock
log = configure_logs("web", level=sys.argv[1], form=sys.argv[2], clock=SystemClock())
log.info("web starts", port=8200)
structlog.get_logger("errata.digest").warning("batch_resumed", batch=7)
structlog.get_logger("errata.digest").debug("quiet")
logging.getLogger("uvicorn.error").info("Started server process")
logging.getLogger("errata.storage").error("journal takes no requests: %s", "full")
try:
    1 / 0
except ZeroDivisionError:
    structlog.get_logger().exception("api_failed", error_id="e1")
warnings.warn("old thing")
"""


def lines(level: str, form: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", CODE, level, form], capture_output=True, text=True, check=True, timeout=30
    )
    return done.stderr.splitlines()


def test_lines_of_all_loggers_look_alike():
    written = lines("info", "lines")

    facts = [line.split(None, 1)[1] for line in written if not line.startswith("    ")]
    assert facts[:4] == [
        "info    web        web starts port=8200",
        "warning web        batch_resumed batch=7",
        "error   web        journal takes no requests: full logger=errata.storage",
        "error   web        api_failed error_id=e1",
    ]
    assert facts[4].startswith("warning web")
    assert any("ZeroDivisionError" in line for line in written if line.startswith("    "))


def test_json_lines_are_one_object_each():
    objects = [json.loads(line) for line in lines("info", "json")]

    assert [each["fact"] for each in objects[:2]] == ["web starts", "batch_resumed"]
    assert objects[1]["batch"] == 7
    assert "ZeroDivisionError" in objects[3]["trace"]


def test_the_least_level_holds_for_all():
    written = lines("error", "lines")

    assert not any("info " in line or "warning " in line for line in written)
