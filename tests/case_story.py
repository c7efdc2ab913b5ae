"""Random stories of one case, and a plain model that says what each step must come to. Nothing here uses the rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from hypothesis import strategies as st

from errata.base.ids import UserId
from errata.cases.model import Case, Cell, CellType, Change, Priority, StatusGroup

USERS = (UserId(UUID(int=71)), UserId(UUID(int=72)))
PROJECTS = ("ONE", "TWO")
GROUPS = {
    "Open": StatusGroup.OPEN,
    "Pending Approval": StatusGroup.IN_PROGRESS,
    "Approved": StatusGroup.IN_PROGRESS,
    "Implementing": StatusGroup.IN_PROGRESS,
    "Completed": StatusGroup.CLOSED,
    "Cancelled": StatusGroup.CLOSED,
    "Declined": StatusGroup.CLOSED,
}
"""The statuses of a change request, the built-in type that has most of them."""
WORDS = {
    "OPEN": "Open",
    "NOT_STARTED": "Open",
    "TRIGGERED": "Open",
    "ACKNOWLEDGED": "Pending Approval",
    "PENDING_APPROVAL": "Pending Approval",
    "APPROVED": "Approved",
    "IMPLEMENTING": "Implementing",
    "RESOLVED": "Completed",
    "COMPLETED": "Completed",
    "CANCELLED": "Cancelled",
    "DECLINED": "Declined",
}
"""What the words of the old list mean for it; IN_PROGRESS and CLOSED mean nothing to a case that shows them already."""

_texts = st.sampled_from(["", "a", "Checkout slow", "naïve\n  line", "x" * 300])
_lines = st.sampled_from(["a", "Checkout slow", "Ünï", "x" * 300])
_values = st.lists(st.sampled_from(["web", "api", "Straße"]), max_size=2, unique=True).map(tuple)
_comments = st.integers(0, 3)

STEPS = st.one_of(
    st.tuples(st.just("title"), _lines),
    st.tuples(st.just("description"), _texts),
    st.tuples(st.just("priority"), st.sampled_from(Priority)),
    st.tuples(st.just("status_name"), st.sampled_from(sorted(GROUPS))),
    st.tuples(st.just("status"), st.sampled_from([*sorted(WORDS), "IN_PROGRESS", "CLOSED"])),
    st.tuples(st.just("assign"), st.sampled_from(USERS)),
    st.tuples(st.just("unassign")),
    st.tuples(st.just("attributes"), st.dictionaries(st.sampled_from(["service", "env", "x.y"]), _values, max_size=3)),
    st.tuples(st.just("size"), st.sampled_from([None, 1.0, 2.5, -1e300])),
    st.tuples(st.just("tags"), st.sampled_from([None, ("a",), ("a", "b"), ("b", "a")])),
    st.tuples(st.just("due_date"), st.sampled_from([None, date(2026, 12, 24), date(2027, 1, 1)])),
    st.tuples(st.just("resolved_reason"), _lines.map(lambda text: text[:100])),
    st.tuples(st.just("archive")),
    st.tuples(st.just("unarchive")),
    st.tuples(st.just("move"), st.sampled_from(PROJECTS)),
    st.tuples(st.just("comment"), _lines),
    st.tuples(st.just("edit"), _comments, _lines),
    st.tuples(st.just("delete"), _comments),
)
"""One step: the name of a command and what it is given. Comments are named by their place in the order of adding."""


@dataclass
class PlainCase:
    """What a case must be after the steps told, and the cells it must have."""

    fields: dict[str, object]
    keys_given: dict[str, int] = field(default_factory=dict)
    comments: list[str | None] = field(default_factory=list)
    cells: list[CellType] = field(default_factory=lambda: [CellType.CREATED])

    def takes(self, step: tuple[object, ...]) -> bool:
        """Take a step; whether it changes anything."""
        name, *rest = step
        before = (dict(self.fields), list(self.comments))
        match name:
            case "status":
                self._to_status(_meant(str(self.fields["status_name"]), str(rest[0])))
            case "status_name":
                self._to_status(str(rest[0]))
            case "assign" | "unassign":
                self._set("assignee_id", rest[0] if rest else None, CellType.ASSIGNEE_CHANGED)
            case "attributes":
                self._attributes(rest[0])
            case "size" | "tags":
                self._set(str(name), rest[0], CellType.CUSTOM_ATTRIBUTE_CHANGED)
            case "archive" | "unarchive":
                self._set(
                    "archived", name == "archive", CellType.ARCHIVED if name == "archive" else CellType.UNARCHIVED
                )
            case "move":
                self._move(str(rest[0]))
            case "comment":
                self.comments.append(str(rest[0]))
                self.cells.append(CellType.COMMENT)
            case "edit" | "delete":
                place = int(str(rest[0]))
                if self.has_comment(place):
                    self.comments[place] = str(rest[1]) if name == "edit" else None
            case _:
                self._set(str(name), rest[0], CellType(f"{str(name).upper()}_CHANGED"))
        return before != (self.fields, self.comments)

    def has_comment(self, place: int) -> bool:
        """Whether a comment was added there and not deleted."""
        return place < len(self.comments) and self.comments[place] is not None

    def _set(self, name: str, value: object, cell: CellType) -> None:
        if self.fields[name] != value:
            self.fields[name] = value
            self.cells.append(cell)

    def _to_status(self, name: str) -> None:
        self._set("status_name", name, CellType.STATUS_CHANGED)

    def _attributes(self, given: object) -> None:
        known = dict(self.fields["attributes"])
        for key, values in given.items():
            if known.get(key, ()) != values:
                self.cells.append(CellType.ATTRIBUTES_CHANGED)
            known[key] = values
        self.fields["attributes"] = {key: values for key, values in known.items() if values}

    def _move(self, project: str) -> None:
        if self.fields["project"] != project:
            self.keys_given[project] = self.keys_given.get(project, 0) + 1
            self.fields["key"] = f"{project}-{self.keys_given[project]}"
            self._set("project", project, CellType.PROJECT_CHANGED)


def holds_together(case: Case, plain: PlainCase) -> None:
    """Assert what must be true of every case at every time (product section 4)."""
    assert case.status_group is GROUPS[case.status_name]
    assert (case.closed_at is not None) == (case.status_group is StatusGroup.CLOSED)
    assert (case.archived_at is not None) == plain.fields["archived"]
    assert (case.modified_at is None) == (case.modified_by is None) == (set(plain.cells) <= _NO_CHANGE)
    assert case.active_at >= case.created_at
    assert all(case.attributes.values())
    for name in ("title", "description", "priority", "status_name", "assignee_id", "attributes", "due_date"):
        assert getattr(case, name) == plain.fields[name], name
    assert (case.key, case.resolved_reason) == (plain.fields["key"], plain.fields["resolved_reason"])


def replayed(fields: dict[str, object], cells: Iterable[Cell | Change]) -> dict[str, object]:
    """What a case that began like this is after what its timeline tells, in plain texts."""
    now = dict(fields)
    for cell in cells:
        content = cell.content
        match cell.type:
            case CellType.ATTRIBUTES_CHANGED | CellType.CUSTOM_ATTRIBUTE_CHANGED:
                name = f"{cell.type} {content['key']}"
                assert now.get(name) == content["from"], name
                now[name] = content["to"]
            case CellType.ARCHIVED | CellType.UNARCHIVED:
                assert now["archived"] is (cell.type is CellType.UNARCHIVED)
                now["archived"] = cell.type is CellType.ARCHIVED
            case CellType.CREATED | CellType.COMMENT:
                pass
            case _:
                name = cell.type.removesuffix("_CHANGED").lower()
                assert now.get(name) == content["from"], name
                now[name] = content["to"]
    return {name: value for name, value in now.items() if value is not None}


def told(case: Case, custom: dict[str, object]) -> dict[str, object]:
    """A case in the plain texts of its timeline. `custom` is by key, as cells show values."""
    texts: dict[str, object] = {
        "title": case.title,
        "description": case.description,
        "status": case.status_name,
        "priority": case.priority.value,
        "assignee": str(case.assignee_id) if case.assignee_id else None,
        "due_date": case.due_date.isoformat() if case.due_date else None,
        "resolved_reason": case.resolved_reason,
        "project": str(case.project_id),
        "archived": case.archived_at is not None,
    }
    texts |= {f"{CellType.ATTRIBUTES_CHANGED} {key}": list(values) for key, values in case.attributes.items()}
    texts |= {f"{CellType.CUSTOM_ATTRIBUTE_CHANGED} {key}": value for key, value in custom.items()}
    return {name: value for name, value in texts.items() if value is not None}


def _meant(present: str, word: str) -> str:
    if word == "IN_PROGRESS":
        return present if GROUPS[present] is StatusGroup.IN_PROGRESS else "Pending Approval"
    if word == "CLOSED":
        return present if GROUPS[present] is StatusGroup.CLOSED else "Completed"
    return WORDS[word]


_NO_CHANGE = {CellType.CREATED, CellType.COMMENT}
