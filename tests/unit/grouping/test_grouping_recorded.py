"""Version 1 over the stacks that real SDKs sent, against what failed; its fingerprints are recorded for ever.

ERRATA_REWRITE_GOLDEN=1 writes the expected answers anew: right only as long as version 1 is not released.
"""

import json
import os
import re
from collections import defaultdict
from pathlib import Path

import pytest

from errata.events.model import Event, Intake, Track
from errata.grouping.explain import explain
from errata.grouping.versions import CURRENT, group
from errata.stacks.find import find_in_text

GOLDEN = Path(__file__).parents[2] / "golden" / "grouping"
RECORDED = json.loads((GOLDEN / "recorded.json").read_text(encoding="utf-8"))
IDS = [case["case"] for case in RECORDED]


def grouped(case):
    event, trace = event_of(case)
    return group(event, trace, 1)


def event_of(case):
    found = find_in_text(case["text"])
    primary = found.trace.primary if found else None
    error_type, _, message = case["text"].partition(": ")
    event = Event(
        entry=0,
        received_at=0,
        track=Track.LOGS,
        intake=Intake.DD_LOGS,
        service=case["service"],
        version=case["version"],
        error_type=primary.type if primary else error_type,
        error_message=primary.message if primary else message,
        error_stack=case["text"],
    )
    return event, found.trace if found else None


def last_name(name):
    return re.split(r"[.:\\]", name)[-1].split("$")[-1]


def test_one_bug_is_one_issue():
    issues = defaultdict(set)
    for case in RECORDED:
        if case["match"] == "must":
            issues[case["group"]].add(grouped(case).fingerprint)

    assert {name for name, fingerprints in issues.items() if len(fingerprints) > 1} == set()


def test_two_bugs_never_share_an_issue():
    bugs = defaultdict(set)
    for case in RECORDED:
        bugs[grouped(case).fingerprint].add(case["group"])

    assert [names for names in bugs.values() if len(names) > 1] == []


@pytest.mark.parametrize(
    "case", [c for c in RECORDED if c["function"] and c["match"] == "must"], ids=lambda c: c["case"]
)
def test_place_is_the_line_that_failed(case):
    grouping = grouped(case)

    assert last_name(grouping.function_name) == last_name(case["function"])
    assert grouping.file_path.endswith(case["file"])
    assert grouping.has_in_app


@pytest.mark.parametrize("case", RECORDED, ids=IDS)
def test_version_1_answers_as_recorded(case):
    grouping = grouped(case)

    path = GOLDEN / "recorded.v1.json"
    answers = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    answer = {
        "fingerprint": str(grouping.fingerprint),
        "parts": dict(grouping.parts),
        "file_path": grouping.file_path,
        "function_name": grouping.function_name,
    }
    if os.environ.get("ERRATA_REWRITE_GOLDEN"):
        answers[case["case"]] = answer
        path.write_text(json.dumps(answers, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    assert answers[case["case"]] == answer


@pytest.mark.parametrize("case", RECORDED, ids=IDS)
def test_explanation_holds_what_was_hashed(case):
    event, trace = event_of(case)

    explanation = explain(event, trace, CURRENT)

    grouping = group(event, trace, CURRENT)
    assert explanation.fingerprint == grouping.fingerprint
    assert tuple((part.name, part.value) for part in explanation.parts) == grouping.parts
    assert all(bit.text and bit.reason for part in explanation.parts for bit in part.dropped)
