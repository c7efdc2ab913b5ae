"""Fingerprints that refer to the default, and places behind structured causes."""

from __future__ import annotations

import msgspec

from errata.events.model import Cause, Event, Intake, Track
from errata.grouping.custom import resolved
from errata.grouping.explain import explain
from errata.grouping.versions import CURRENT, group
from errata.stacks.model import Frame, Relation

FRAMES = (Frame("pay", "/srv/shop/pay.py", line=3, in_app=True),)


def an_event(**values: object) -> Event:
    said: dict[str, object] = {
        "entry": 0, "received_at": 0, "track": Track.LOGS, "intake": Intake.SENTRY, "service": "shop",
        "language": "python", "error_type": "ValueError", "error_message": "no", "frames": FRAMES,
    }  # fmt: skip
    return Event(**{**said, **values})


def test_a_reference_is_resolved_before_a_method_sees_it_and_nothing_else_is_touched() -> None:
    plain = an_event(error_fingerprint="carrier")
    referring = an_event(error_fingerprint='["{{ default }}","tenant-1"]')

    assert resolved(plain, None, group) is plain
    default = group(an_event(), None).fingerprint.hex
    assert resolved(referring, None, group).error_fingerprint == f'["default {default}","tenant-1"]'
    assert group(referring, None).fingerprint != group(an_event(), None).fingerprint


def test_the_explanation_has_the_fingerprint_of_the_grouping() -> None:
    referring = an_event(error_fingerprint='["{{ default }}","tenant-1"]')

    told = explain(referring, None, CURRENT)

    assert told.fingerprint == group(referring, None).fingerprint
    assert told.is_custom


def test_other_protocols_take_a_fingerprint_as_it_is() -> None:
    logged = an_event(intake=Intake.DD_LOGS, error_fingerprint='["{{ default }}","tenant-1"]')

    assert resolved(logged, None, group) is logged


def test_a_fingerprint_that_only_looks_like_a_list_is_taken_as_it_is() -> None:
    for text in ("{{ default }} and more", '["{{ default }}", 7]', '["{{ default }}"', "{{ default }}"):
        odd = an_event(error_fingerprint=text)
        assert resolved(odd, None, group) is odd


def test_a_wrapper_is_placed_where_the_program_raised_what_it_wraps() -> None:
    inner = (Frame("run", "Job.java", "com.example.Job", 7, in_app=True),)
    outer = (
        Frame("report", "FutureTask.java", "java.util.concurrent.FutureTask", 1),
        Frame("main", "Main.java", "com.example.Main", 2, in_app=True),
    )
    wrapper = an_event(language="java", error_type="ExecutionException", frames=outer)

    def shown(relation: Relation) -> str:
        cause = Cause("IllegalStateException", "", "", inner, relation)
        return group(msgspec.structs.replace(wrapper, causes=(cause,)), None).function_name

    assert group(wrapper, None).function_name == "main"
    assert shown(Relation.CAUSE) == "run"
    assert shown(Relation.CONTEXT) == "main"
