from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.base.errors import Invalid
from errata.base.ids import CaseTypeId, ProjectId, TeamId
from errata.cases.decide_projects import (
    DEFAULT_NOTIFICATION,
    ProjectChange,
    changed,
    key_of,
    parts_changed,
    shown_settings,
    with_settings,
)
from errata.cases.model import Json, Project

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
WEB = Project(id=ProjectId(UUID(int=1)), key="WEB", name="Web shop", created_at=NOW, modified_at=NOW)


@pytest.mark.parametrize(
    ("given_key", "key"), [("WEB", "WEB"), ("web", "WEB"), ("a", "A"), ("A123456789", "A123456789")]
)
def test_key_of_a_project_is_kept_in_upper_case(given_key: str, key: str) -> None:
    assert key_of(given_key) == key


@pytest.mark.parametrize("key", ["", "1A", "A-B", "A B", "A12345678901", "É", "ß", "\u0131", "A\n", " A", "\u017f"])
def test_text_that_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(Invalid, match="is no key of a project"):
        key_of(key)


@pytest.mark.parametrize("key", ["CASE", "case", "Case"])
def test_key_case_is_refused(key: str) -> None:
    with pytest.raises(Invalid, match="reserved"):
        key_of(key)


def test_change_touches_what_it_names_and_no_more() -> None:
    team, kind = TeamId(UUID(int=2)), CaseTypeId(UUID(int=3))

    after = changed(WEB, ProjectChange(name=" Web shop EU ", team=(team,), enabled_type_ids=(kind,)), LATER)

    assert (after.name, after.team_id, after.enabled_type_ids) == ("Web shop EU", team, (kind,))
    assert (after.key, after.columns, after.settings, after.created_at) == ("WEB", None, {}, NOW)
    assert after.modified_at == LATER
    assert parts_changed(WEB, after) == ["name", "team_id", "enabled_type_ids"]
    assert changed(after, ProjectChange(team=()), LATER).team_id is None


def test_change_to_what_is_there_already_changes_nothing() -> None:
    settings: dict[str, Json] = {"notification": {"enabled": False}}
    project = changed(WEB, ProjectChange(settings=settings, columns={"columns": []}), NOW)

    same = ProjectChange(name="Web shop", team=(), settings=settings, columns={"columns": []})

    assert changed(project, same, LATER) is project
    assert changed(project, ProjectChange(), LATER) is project


def test_settings_are_merged_group_by_group() -> None:
    present: dict[str, Json] = {
        "notification": {"enabled": True, "destinations": [1, 2]},
        "integration_jira": {"enabled": True, "sync": {"enabled": True, "properties": {}}},
    }

    after = with_settings(
        present, {"notification": {"destinations": [3]}, "integration_jira": {"sync": {"enabled": False}}}
    )

    assert after == {
        "notification": {"enabled": True, "destinations": [3]},
        "integration_jira": {"enabled": True, "sync": {"enabled": False}},
    }
    assert present["notification"] == {"enabled": True, "destinations": [1, 2]}


def test_settings_show_the_defaults_of_notification_below_what_was_set() -> None:
    assert shown_settings({}) == {"notification": DEFAULT_NOTIFICATION}

    shown = shown_settings({"notification": {"notify_on_case_closed": False}, "integration_monitor": {}})

    assert shown == {
        "notification": {**DEFAULT_NOTIFICATION, "notify_on_case_closed": False},
        "integration_monitor": {},
    }


def test_settings_that_would_grow_too_large_or_too_deep_are_refused() -> None:
    big: dict[str, Json] = {"integration_jira": {f"k{i}": "x" * 1000 for i in range(60)}}
    present = with_settings({}, big)
    deep: Json = 1
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(Invalid, match="larger than 65536 bytes"):
        with_settings(present, {"integration_monitor": {f"k{i}": "x" * 1000 for i in range(10)}})
    with pytest.raises(Invalid, match="nested deeper than 20 levels"):
        with_settings({}, {"integration_jira": {"value": deep}})
    while isinstance(deep, list):  # or the interpreter takes it apart by recursion
        deep = deep[0]


groups = st.dictionaries(
    st.sampled_from(["notification", "integration_jira"]),
    st.dictionaries(st.sampled_from("abc"), st.integers() | st.lists(st.booleans(), max_size=2), max_size=3),
    max_size=2,
)


@given(groups, groups)
def test_merged_settings_have_every_field_given_and_keep_every_other(
    present: dict[str, Json], given_groups: dict[str, Json]
) -> None:
    after = with_settings(present, given_groups)

    assert with_settings(after, given_groups) == after
    for group in {*present, *given_groups}:
        before, fields = present.get(group, {}), given_groups.get(group, {})
        assert isinstance(before, dict)
        assert isinstance(fields, dict)
        assert after[group] == {**before, **fields}
