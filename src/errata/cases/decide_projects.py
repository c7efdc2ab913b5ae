"""What a project may be called and what its settings may hold. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from errata.access.decide import name_of
from errata.base.errors import Invalid
from errata.base.ids import CaseTypeId, TeamId
from errata.cases.model import Json, Project

MAX_PROJECTS = 1000
"""Lists of projects have no pages."""
MAX_SETTINGS_BYTES = 64 << 10
MAX_SETTINGS_DEPTH = 20
NAME_CHARS = 200

Settings = Mapping[str, Json]

DEFAULT_NOTIFICATION: dict[str, Json] = {
    "enabled": True,
    "destinations": [1],
    "notify_on_case_assignment": True,
    "notify_on_case_unassignment": True,
    "notify_on_case_closed": True,
    "notify_on_case_priority_change": True,
    "notify_on_case_comment": True,
    "notify_on_case_comment_mention": True,
    "notify_on_case_status_change": True,
}
"""What a project notifies of before anybody has said otherwise (recorded, behaviour 3.7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectChange:
    """What to change in a project; None leaves a part as it is.

    `team` is a list of none or one, since no team is a change, too. Of `settings`, groups and fields given replace.
    """

    name: str | None = None
    team: tuple[TeamId, ...] | None = None
    enabled_type_ids: tuple[CaseTypeId, ...] | None = None
    columns: Settings | None = None
    settings: Settings | None = None


def key_of(text: str) -> str:
    """The key in upper case: a letter and at most nine letters and digits. Raises Invalid for others and for CASE."""
    key = text.upper() if text.isascii() else text
    if not _KEY.fullmatch(key):
        raise Invalid(
            f'"{text[:100]}" is no key of a project: 1 to 10 letters and digits of ASCII, the first one a letter',
            where=_KEY_PLACE,
        )
    if key == "CASE":
        raise Invalid('the key "CASE" is reserved', where=_KEY_PLACE)
    return key


def project_name_of(text: str) -> str:
    """One line of 1 to 200 characters. Raises Invalid."""
    return name_of(text, where="data.attributes.name", max_chars=NAME_CHARS)


def changed(project: Project, change: ProjectChange, at: datetime) -> Project:
    """The project after a change; the same one where nothing differs. Raises Invalid."""
    after = replace(
        project,
        name=project.name if change.name is None else project_name_of(change.name),
        team_id=project.team_id if change.team is None else next(iter(change.team), None),
        enabled_type_ids=project.enabled_type_ids if change.enabled_type_ids is None else change.enabled_type_ids,
        columns=project.columns if change.columns is None else bounded(change.columns, "columns_config"),
        settings=project.settings if change.settings is None else with_settings(project.settings, change.settings),
    )
    return project if after == project else replace(after, modified_at=at)


def with_settings(present: Settings, given: Settings) -> dict[str, Json]:
    """The settings after a change: in a group that is given the fields given replace, all else stays.

    Raises Invalid when they would be too large or nested too deeply to be stored.
    """
    after = dict(present)
    for group, fields in given.items():
        before = after.get(group)
        after[group] = {**before, **fields} if isinstance(before, dict) and isinstance(fields, dict) else fields
    return bounded(after, "settings")


def shown_settings(settings: Settings) -> dict[str, Json]:
    """The settings as they are answered: what was set, and the defaults of notification below it."""
    said = settings.get("notification")
    notification = {**DEFAULT_NOTIFICATION, **said} if isinstance(said, dict) else DEFAULT_NOTIFICATION
    return {**settings, "notification": notification}


def parts_changed(before: Project, after: Project) -> list[str]:
    """Names of the parts that differ, for the fact of the change."""
    names = ("name", "team_id", "enabled_type_ids", "columns", "settings")
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def bounded(value: Settings, name: str) -> dict[str, Json]:
    """The value, once it is small enough to be stored. Raises Invalid."""
    where = f"data.attributes.{name}"
    if _depth(value) > MAX_SETTINGS_DEPTH:
        raise Invalid(f"this is nested deeper than {MAX_SETTINGS_DEPTH} levels", where=where)
    if len(json.dumps(dict(value))) > MAX_SETTINGS_BYTES:
        raise Invalid(f"this would be larger than {MAX_SETTINGS_BYTES} bytes", where=where)
    return dict(value)


def _depth(value: Settings) -> int:
    """How deep objects and lists stand in one another; found without recursion, which has an end of its own."""
    depth = 0
    level: list[object] = [value]
    while level and depth <= MAX_SETTINGS_DEPTH:
        depth += 1
        below = [item for one in level for item in (one.values() if isinstance(one, Mapping) else _items(one))]
        level = [item for item in below if isinstance(item, Mapping | list)]
    return depth


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


_KEY = re.compile(r"[A-Z][A-Z0-9]{0,9}")
_KEY_PLACE = "data.attributes.key"
