from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from case_story import PROJECTS, STEPS, USERS, PlainCase, holds_together, replayed, told
from errata.base.errors import Invalid, NotAllowed
from errata.base.facts import SYSTEM, Actor, ActorKind
from errata.base.ids import CaseId, CaseTypeId, CustomAttributeId, ProjectId, UserId
from errata.cases import decide
from errata.cases.decide import Decision
from errata.cases.history import facts_for
from errata.cases.model import (
    AttributeType,
    Case,
    CaseType,
    CellType,
    CustomAttribute,
    CustomValue,
    Insight,
    NewCase,
    Priority,
    Project,
    StatusGroup,
)
from errata.cases.types import CHANGE_REQUEST, LOGS_OPTIMIZATION, STANDARD, STANDARD_STATUSES
from errata.query.numbers import number_text

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
MIRA = Actor(ActorKind.USER, USERS[0])
GENERAL = Project(ProjectId(UUID(int=1)), "GEN", "General", AT, AT)
OWN_TYPE = CaseType(CaseTypeId(UUID(int=50)), "Investigation", STANDARD_STATUSES)
OTHER_TYPE = CaseTypeId(UUID(int=51))
SIZE = CustomAttribute(
    CustomAttributeId(UUID(int=60)), STANDARD.id, "size", "Size", AttributeType.NUMBER, is_multi=False,
    created_at=AT, modified_at=AT,
)  # fmt: skip
TAGS = replace(SIZE, id=CustomAttributeId(UUID(int=61)), key="tags", type=AttributeType.TEXT, is_multi=True)


def begun(new: NewCase | None = None, *, case_type: CaseType = STANDARD, actor: Actor = MIRA) -> Decision:
    return decide.opened(
        decide.well_formed(new or NewCase(GENERAL.id, "Checkout slow")),
        case_id=CaseId(UUID(int=5)),
        public_id=17,
        key_number=3,
        project=GENERAL,
        case_type=case_type,
        custom_attributes={},
        actor=actor,
        at=AT,
    )


def a_case(**changes) -> Case:
    return replace(begun()[0], **changes)


def in_status(case: Case, name: str, *, at: datetime = LATER, case_type: CaseType = CHANGE_REQUEST) -> Decision:
    return decide.with_status(case, case_type.statuses, name=name, word=None, at=at)


def by_word(case: Case, word: str, *, case_type: CaseType = CHANGE_REQUEST) -> Decision:
    return decide.with_status(case, case_type.statuses, name=None, word=word, at=LATER)


def test_new_case_is_open_and_was_never_modified():
    case, changes = begun()

    assert (case.key, case.public_id, case.status_name, case.status_group) == ("GEN-3", 17, "Open", StatusGroup.OPEN)
    assert (case.priority, case.description, case.comment_count) == (Priority.NOT_DEFINED, "", 0)
    assert (case.created_by, case.created_at, case.active_at) == (USERS[0], AT, AT)
    assert (case.modified_at, case.modified_by, case.closed_at, case.archived_at) == (None, None, None, None)
    assert [change.type for change in changes] == [CellType.CREATED]
    assert changes[0].content["key"] == "GEN-3"


@pytest.mark.parametrize("actor", [SYSTEM, Actor(ActorKind.KEY, UUID(int=3))], ids=["system", "key"])
def test_case_has_no_creator_where_no_user_acts(actor):
    assert begun(actor=actor)[0].created_by is None


def test_case_that_is_created_closed_has_its_time_of_closing():
    case, _ = begun(NewCase(GENERAL.id, "Done", status_name="Cancelled"), case_type=CHANGE_REQUEST)

    assert (case.status_group, case.closed_at) == (StatusGroup.CLOSED, AT)


def test_case_keeps_the_first_of_each_insight_in_the_order_given():
    given_ = (Insight("EVENT", "/a", "1"), Insight("MONITOR", "/m", "1"), Insight("EVENT", "/b", "1"))

    assert begun(NewCase(GENERAL.id, "x", insights=given_))[0].insights == given_[:2]


@pytest.mark.parametrize(
    ("case_type", "project", "creating", "refused"),
    [
        (STANDARD, replace(GENERAL, enabled_type_ids=(OTHER_TYPE,)), True, None),
        (OWN_TYPE, GENERAL, True, None),
        (OWN_TYPE, replace(GENERAL, enabled_type_ids=(OWN_TYPE.id,)), True, None),
        (OWN_TYPE, replace(GENERAL, enabled_type_ids=()), True, None),
        (OWN_TYPE, replace(GENERAL, enabled_type_ids=(OTHER_TYPE,)), True, "data.attributes.type_id"),
        (OWN_TYPE, replace(GENERAL, enabled_type_ids=(OTHER_TYPE,)), False, "data.id"),
        (replace(OWN_TYPE, deleted_at=AT), GENERAL, True, "data.attributes.type_id"),
        (replace(OWN_TYPE, deleted_at=AT), GENERAL, False, None),
    ],
    ids=[
        "built-in",
        "nobody chose",
        "enabled",
        "nothing chosen",
        "not enabled",
        "not enabled there",
        "deleted",
        "deleted before",
    ],
)
def test_project_takes_built_in_types_and_those_enabled(case_type, project, creating, refused):
    if refused is None:
        decide.check_type(case_type, project, creating=creating)
        return
    with pytest.raises(Invalid) as told_:
        decide.check_type(case_type, project, creating=creating)
    assert told_.value.where == refused


@pytest.mark.parametrize(
    "change",
    [
        lambda case: decide.with_title(case, case.title),
        lambda case: decide.with_title(case, f"  {case.title} "),
        lambda case: decide.with_description(case, case.description),
        lambda case: decide.with_priority(case, case.priority),
        lambda case: in_status(case, case.status_name),
        lambda case: by_word(case, "SUNKNOWN"),
        lambda case: decide.with_assignee(case, case.assignee_id),
        lambda case: decide.taken(case, USERS[1], CHANGE_REQUEST.statuses, LATER),
        lambda case: decide.with_attributes(case, {"service": ("web",), "gone": ()}),
        lambda case: decide.with_attributes(case, {}),
        lambda case: decide.with_custom_attribute(case, SIZE, CustomValue(AttributeType.NUMBER, False, 4.0)),
        lambda case: decide.with_custom_attribute(case, TAGS, None),
        lambda case: decide.with_due_date(case, case.due_date),
        lambda case: decide.with_resolved_reason(case, case.resolved_reason),
        lambda case: decide.archived(case, LATER),
    ],
)
def test_same_value_again_changes_nothing(change):
    case = a_case(
        assignee_id=USERS[1],
        attributes={"service": ("web",)},
        custom_attributes={SIZE.id: CustomValue(AttributeType.NUMBER, False, 4.0)},
        due_date=date(2026, 12, 24),
        resolved_reason="TESTING",
        archived_at=AT,
    )

    same, changes = change(case)

    assert same is case
    assert changes == []


def test_case_that_is_not_archived_is_not_unarchived():
    case = a_case()

    assert decide.unarchived(case) == (case, [])


def test_closing_sets_the_time_reopening_removes_it_and_another_closed_status_keeps_it():
    closed, _ = in_status(a_case(), "Completed")
    declined, changes = in_status(closed, "Declined", at=LATER + timedelta(hours=1))
    reopened, _ = in_status(declined, "Approved")

    assert closed.closed_at == declined.closed_at == LATER
    assert reopened.closed_at is None
    assert changes[0].content == {
        "from": "Completed",
        "to": "Declined",
        "from_group": "SG_CLOSED",
        "to_group": "SG_CLOSED",
    }


@pytest.mark.parametrize(
    ("present", "word", "expected"),
    [
        ("Open", "IN_PROGRESS", "Pending Approval"),
        ("Open", "ACKNOWLEDGED", "Pending Approval"),
        ("Open", "IMPLEMENTING", "Implementing"),
        ("Open", "PENDING_APPROVAL", "Pending Approval"),
        ("Approved", "CLOSED", "Completed"),
        ("Approved", "RESOLVED", "Completed"),
        ("Approved", "DECLINED", "Declined"),
        ("Declined", "RESOLVED", "Completed"),
        ("Declined", "TRIGGERED", "Open"),
        ("Approved", "IN_PROGRESS", "Approved"),
        ("Declined", "CLOSED", "Declined"),
    ],
)
def test_word_of_the_old_list_picks_the_status_of_that_name_else_the_default_of_its_group(present, word, expected):
    case, _ = in_status(a_case(), present)

    assert by_word(case, word)[0].status_name == expected


@pytest.mark.parametrize("word", ["OPENED", "", "open", "Open", "x" * 10_000])
def test_other_words_for_a_status_are_refused_in_the_recorded_words(word):
    with pytest.raises(NotAllowed) as told_:
        by_word(a_case(), word)

    assert told_.value.message == (
        f"invalid status {word[:200]}. Must be one of NOT_STARTED, IN_PROGRESS, CLOSED, ACKNOWLEDGED, TRIGGERED, "
        "PENDING_APPROVAL, COMPLETED, CANCELLED, DECLINED, SUNKNOWN, OPEN, RESOLVED, APPROVED, IMPLEMENTING"
    )


@pytest.mark.parametrize("name", ["Approved", "approved", "APPROVED"])
def test_status_is_found_by_name_in_any_case(name):
    assert in_status(a_case(), name)[0].status_name == "Approved"


def test_status_name_that_the_type_lacks_is_refused_with_those_it_has():
    with pytest.raises(NotAllowed, match=r"invalid status name Approved\. Must be one of Open, In Progress, Closed"):
        in_status(a_case(), "Approved", case_type=STANDARD)


def test_status_name_counts_where_both_are_given():
    case, _ = decide.with_status(a_case(), STANDARD.statuses, name="Closed", word="OPEN", at=LATER)

    assert case.status_name == "Closed"


def test_status_needs_one_of_the_two():
    with pytest.raises(Invalid, match="status_name"):
        decide.with_status(a_case(), STANDARD.statuses, name=None, word=None, at=LATER)


def test_open_case_that_is_taken_goes_on_and_others_only_get_the_assignee():
    begun_, changes = decide.taken(a_case(), USERS[1], STANDARD.statuses, LATER)
    closed, _ = in_status(a_case(), "Closed", case_type=STANDARD)
    kept, only = decide.taken(closed, USERS[1], STANDARD.statuses, LATER)

    assert (begun_.assignee_id, begun_.status_name) == (USERS[1], "In Progress")
    assert [change.type for change in changes] == [CellType.ASSIGNEE_CHANGED, CellType.STATUS_CHANGED]
    assert (kept.assignee_id, kept.status_name, len(only)) == (USERS[1], "Closed", 1)


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ({"auto_transition_assigned_cases_on_self_assigned": True}, True),
        ({"auto_transition_assigned_cases_on_self_assigned": False}, False),
        ({}, False),
        (None, False),
    ],
)
def test_project_says_whether_work_begins_with_taking_a_case(group, expected):
    project = replace(GENERAL, settings={"auto_transition_assigned_cases": group})

    assert decide.begins_when_taken(project) is expected
    assert decide.begins_when_taken(GENERAL) is False


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ({"enabled": True, "max_inactive_time_in_secs": 604_800}, timedelta(days=7)),
        ({"enabled": True, "max_inactive_time_in_secs": 86_400}, timedelta(days=1)),
        ({"enabled": True, "max_inactive_time_in_secs": 86_399}, None),
        ({"enabled": True, "max_inactive_time_in_secs": 0}, None),
        ({"enabled": True}, None),
        ({"enabled": False, "max_inactive_time_in_secs": 604_800}, None),
        (None, None),
    ],
)
def test_project_says_after_how_long_a_case_is_closed(group, expected):
    assert decide.closes_after(replace(GENERAL, settings={"auto_close_inactive_cases": group})) == expected
    assert decide.closes_after(GENERAL) is None


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "Closed"),
        ({"active_at": LATER}, "Open"),
        ({"archived_at": AT}, "Open"),
        ({"status_name": "Closed", "status_group": StatusGroup.CLOSED, "closed_at": AT}, "Closed"),
    ],
    ids=["idle", "touched since", "archived", "closed"],
)
def test_only_a_case_that_waits_in_vain_is_closed(changes, status):
    case, done = decide.closed_when_idle(a_case(**changes), STANDARD.statuses, LATER, LATER)

    assert case.status_name == status
    assert bool(done) == (changes == {})


def test_attributes_given_replace_theirs_and_leave_the_others():
    case = a_case(attributes={"service": ("web",), "env": ("prod",), "team": ("a", "b")})

    case, changes = decide.with_attributes(case, {"service": ("api", "api", "web"), "env": (), "x": ("1",)})

    assert case.attributes == {"service": ("api", "web"), "team": ("a", "b"), "x": ("1",)}
    assert [(c.content["key"], c.content["from"], c.content["to"]) for c in changes] == [
        ("service", ["web"], ["api", "web"]),
        ("env", ["prod"], None),
        ("x", None, ["1"]),
    ]


def test_case_cannot_get_more_than_fifty_attributes_one_by_one():
    case = a_case(attributes={f"k{number}": ("v",) for number in range(50)})

    with pytest.raises(Invalid, match="50"):
        decide.with_attributes(case, {"one-more": ("v",)})
    assert len(decide.with_attributes(case, {"k0": (), "one-more": ("v",)})[0].attributes) == 50


def test_all_values_of_a_case_have_a_bound_together():
    full = {f"k{n}": tuple(f"{m:0>500}" for m in range(40)) for n in range(3)}
    case, _ = decide.with_attributes(a_case(), full)

    for change in (
        lambda: decide.with_attributes(case, {"k3": full["k0"]}),
        lambda: decide.with_custom_attribute(case, TAGS, CustomValue(AttributeType.TEXT, True, ("\u00e9" * 2769,))),
        lambda: begun(NewCase(GENERAL.id, "x", attributes=full | {"k3": full["k0"]})),
    ):
        with pytest.raises(Invalid, match="65536 bytes together"):
            change()
    decide.with_custom_attribute(case, TAGS, CustomValue(AttributeType.TEXT, True, ("\u00e9" * 2768,)))


def test_fact_leaves_out_what_is_long():
    case, changes = decide.with_description(a_case(description="short"), "x" * 1001)

    facts = facts_for(case, changes, MIRA, AT, lambda: UUID(int=9))
    assert facts[0].data == {"project_id": str(GENERAL.id), "from": "short"}
    assert changes[0].content["to"] == "x" * 1001


@pytest.mark.parametrize(
    ("number", "text"),
    [(5.0, "5"), (0.25, "0.25"), (-1e300, "-1e+300"), (1e15, "1000000000000000"), (1e16, "1e+16"), (-3.0, "-3")],
)
def test_numbers_are_told_as_people_write_them(number, text):
    _, changes = decide.with_custom_attribute(a_case(), SIZE, CustomValue(AttributeType.NUMBER, False, number))

    assert changes[0].content["to"] == text
    assert float(text) == number


def test_moved_case_has_the_next_key_of_the_other_project():
    there = replace(GENERAL, id=ProjectId(UUID(int=2)), key="OPS")

    case, changes = decide.moved(a_case(), there, 41)

    assert (case.project_id, case.key, case.key_number, case.public_id) == (there.id, "OPS-41", 41, 17)
    assert changes[0].content == {
        "from": str(GENERAL.id),
        "to": str(there.id),
        "from_key": "GEN-3",
        "to_key": "OPS-41",
    }


def test_what_the_system_does_is_no_activity_of_a_person():
    case = decide.touched(a_case(), SYSTEM, LATER)

    assert (case.modified_at, case.modified_by, case.active_at) == (LATER, None, AT)
    assert decide.touched(case, MIRA, LATER).active_at == LATER
    assert decide.commented(case, SYSTEM, LATER, more=1).active_at == AT


def test_comment_is_activity_but_no_change():
    case = decide.commented(a_case(), MIRA, LATER, more=1)

    assert (case.comment_count, case.active_at, case.modified_at) == (1, LATER, None)


@given(st.lists(STEPS, max_size=30), st.sampled_from([MIRA, SYSTEM, Actor(ActorKind.USER, USERS[1])]))
@settings(max_examples=400, deadline=None)
def test_any_sequence_of_changes_leaves_what_a_plain_model_says(steps, actor):
    case, changes = begun(case_type=CHANGE_REQUEST)
    projects = {key: replace(GENERAL, id=ProjectId(UUID(int=n)), key=key) for n, key in enumerate(PROJECTS, 80)}
    plain = PlainCase(fields_of(case))
    beginning = told(case, {})
    at = AT
    for step in steps:
        if step[0] in ("comment", "edit", "delete"):
            continue
        at += timedelta(minutes=1)
        changed = plain.takes(step)
        after, more = through_decide(case, step, projects, plain, at)
        assert bool(more) is changed is (after is not case)
        case = decide.touched(after, actor, at) if more else case
        changes = changes + more
        assert case.modified_at == (at if more else case.modified_at)
        holds_case(case, plain)

    assert [change.type for change in changes] == plain.cells
    custom = {one.key: _shown(case, one) for one in (SIZE, TAGS) if one.id in case.custom_attributes}
    assert replayed(beginning, changes) == told(case, custom)
    facts = facts_for(case, changes, actor, at, lambda: UUID(int=9))
    assert [fact.name for fact in facts] == [f"case.{change.type.lower()}" for change in changes]


def holds_case(case: Case, plain: PlainCase) -> None:
    if case.modified_at is not None and case.modified_by is None:  # the system acted
        case = replace(case, modified_by=USERS[0])
    holds_together(case, plain)
    assert case.custom_attributes.get(SIZE.id) == _number(plain.fields["size"])
    assert case.custom_attributes.get(TAGS.id) == _tags(plain.fields["tags"])


def fields_of(case: Case) -> dict[str, object]:
    named = ("title", "description", "priority", "status_name", "assignee_id", "attributes", "due_date")
    rest = {"resolved_reason": None, "size": None, "tags": None, "archived": False, "project": "GEN", "key": case.key}
    return {name: getattr(case, name) for name in named} | rest


def through_decide(
    case: Case, step: tuple, projects: dict[str, Project], plain: PlainCase, at: datetime
) -> tuple[Case, list]:
    match step:
        case ("title", text):
            return decide.with_title(case, text)
        case ("description", text):
            return decide.with_description(case, text)
        case ("priority", priority):
            return decide.with_priority(case, priority)
        case ("status_name", name):
            return in_status(case, name, at=at)
        case ("status", word):
            return decide.with_status(case, CHANGE_REQUEST.statuses, name=None, word=word, at=at)
        case ("assign", user):
            return decide.with_assignee(case, UserId(user))
        case ("unassign",):
            return decide.with_assignee(case, None)
        case ("attributes", given_):
            return decide.with_attributes(case, given_)
        case ("size", size):
            return decide.with_custom_attribute(case, SIZE, _number(size))
        case ("tags", tags):
            return decide.with_custom_attribute(case, TAGS, _tags(tags))
        case ("due_date", due):
            return decide.with_due_date(case, due)
        case ("resolved_reason", reason):
            return decide.with_resolved_reason(case, reason)
        case ("archive",):
            return decide.archived(case, at)
        case ("unarchive",):
            return decide.unarchived(case)
        case ("move", key):
            project = projects[key]
            if case.project_id == project.id:
                return case, []
            return decide.moved(case, project, plain.keys_given[key])
    raise AssertionError(step)


def _number(size: float | None) -> CustomValue | None:
    return None if size is None else CustomValue(AttributeType.NUMBER, False, size)


def _tags(tags: tuple[str, ...] | None) -> CustomValue | None:
    return None if tags is None else CustomValue(AttributeType.TEXT, True, tags)


def _shown(case: Case, definition: CustomAttribute) -> object:
    value = case.custom_attributes[definition.id]
    shown = [number_text(item) if isinstance(item, float) else item for item in value.items]
    return shown if value.is_multi else shown[0]


def test_word_that_no_status_is_called_like_means_the_default_of_its_group():
    assert by_word(a_case(), "RESOLVED", case_type=LOGS_OPTIMIZATION)[0].status_name == "Closed"
