"""Cases for tests of the search, with all that they refer to, written to a state database as the product writes them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

from errata.access.tables import users
from errata.base.ids import CaseId, CaseTypeId, CustomAttributeId, ProjectId, UserId
from errata.cases import store, type_store
from errata.cases.facets import Surroundings, row_of
from errata.cases.model import (
    AttributeType,
    Case,
    CaseQuery,
    CaseType,
    CustomAttribute,
    CustomValue,
    Priority,
    StatusGroup,
)
from errata.cases.plan import planned
from errata.cases.search import CaseSearch
from errata.cases.tables import case_projects
from errata.cases.types import BUILTIN_TYPES, STANDARD
from errata.query.match import matches
from errata.storage.sql import Database

NAMES = UUID("52f8f1de-4d5b-5d0e-9c0e-1b7a8f2f6d11")
LONG_AGO = datetime(2023, 1, 1, tzinfo=UTC)


def user_id(email: str) -> UserId:
    return UserId(uuid5(NAMES, email))


def project_id(key: str) -> ProjectId:
    return ProjectId(uuid5(NAMES, f"project {key}"))


def definition_id(type_id: CaseTypeId, key: str) -> CustomAttributeId:
    return CustomAttributeId(uuid5(NAMES, f"{type_id} {key}"))


def text(*values: str) -> CustomValue:
    return CustomValue(AttributeType.TEXT, is_multi=True, value=values)


def number(*values: float) -> CustomValue:
    return CustomValue(AttributeType.NUMBER, is_multi=True, value=values)


@dataclass
class CaseSite:
    """Cases by a name that tests use, custom attributes of each case by key."""

    people: dict[str, str] = field(default_factory=dict)
    """Handles by e-mail."""
    types: list[CaseType] = field(default_factory=list)
    cases: dict[str, Case] = field(default_factory=dict)
    definitions: dict[CustomAttributeId, CustomAttribute] = field(default_factory=dict)
    projects: dict[ProjectId, str] = field(default_factory=dict)

    def add(
        self, name: str, key: str, *, custom: dict[str, CustomValue] | None = None, type_id: CaseTypeId = STANDARD.id,
        **fields: Any,
    ) -> None:  # fmt: skip
        project, _, number_ = key.partition("-")
        self.projects[project_id(project)] = project
        for attribute, value in (custom or {}).items():
            self._define(type_id, attribute, value)
        known: dict[str, Any] = {
            "title": "a title",
            "status_name": "Open",
            "status_group": StatusGroup.OPEN,
            "created_at": LONG_AGO,
            "active_at": LONG_AGO,
            "custom_attributes": {definition_id(type_id, each): value for each, value in (custom or {}).items()},
        }
        self.cases[name] = Case(
            id=CaseId(uuid5(NAMES, f"case {name}")), public_id=len(self.cases) + 1, project_id=project_id(project),
            key=key, key_number=int(number_), type_id=type_id, **(known | fields),
        )  # fmt: skip

    def hide(self, key: str) -> None:
        """Delete the definitions of a custom attribute."""
        for id_, one in self.definitions.items():
            if one.key == key:
                self.definitions[id_] = replace(one, deleted_at=LONG_AGO)

    @property
    def around(self) -> Surroundings:
        return Surroundings(
            types=BUILTIN_TYPES | {one.id: one for one in self.types},
            projects=self.projects,
            people={user_id(email): (handle, email) for email, handle in self.people.items()},
            definitions=self.living,
        )

    @property
    def living(self) -> dict[CustomAttributeId, CustomAttribute]:
        return {id_: one for id_, one in self.definitions.items() if one.deleted_at is None}

    def write(self, database: Database) -> None:
        at = LONG_AGO
        with database.write() as tx:
            for email, handle in self.people.items():
                tx.execute(
                    users.insert().values(
                        id=user_id(email), email=email, handle=handle, verified=True, service_account=False,
                        disabled=False, search_text="", created_at=at, modified_at=at,
                    )
                )  # fmt: skip
            for id_, key in self.projects.items():
                row = {"id": id_, "key": key, "name": key, "restricted": False, "settings": {}}
                tx.execute(case_projects.insert().values(**row, created_at=at, modified_at=at))
            for one in self.types:
                type_store.add_type(tx, one)
            for definition in self.definitions.values():
                type_store.add_attribute(tx, definition)
            for case in self.cases.values():
                store.add(tx, case)

    def reference(self, query: str) -> list[str]:
        """What a query finds by the evaluator in plain Python."""
        tree = planned(query)
        return [name for name, case in self.cases.items() if matches(tree, row_of(case, self.around))]

    def found(self, search: CaseSearch, query: str) -> list[str]:
        """What it finds in a database that the site was written to."""
        names = {case.id: name for name, case in self.cases.items()}
        page = search.search(CaseQuery(query, page_size=len(names) + 1))
        assert page.total == len(page.cases)
        found = {names[case.id] for case in page.cases}
        return [name for name in self.cases if name in found]

    def _define(self, type_id: CaseTypeId, key: str, value: CustomValue) -> None:
        id_ = definition_id(type_id, key)
        self.definitions[id_] = CustomAttribute(
            id=id_, case_type_id=type_id, key=key, display_name=key, type=value.type, is_multi=value.is_multi,
            created_at=LONG_AGO, modified_at=LONG_AGO,
        )  # fmt: skip


def documented(documents: list[dict[str, Any]]) -> CaseSite:
    """The sample cases of the vectors."""
    site = CaseSite()
    types = {one.legacy: one.id for one in BUILTIN_TYPES.values()}
    types |= {one.name.upper().replace(" ", "_"): one.id for one in BUILTIN_TYPES.values()}
    for each in documents:
        people = {name: each[name] for name in ("assignee", "created_by") if name in each}
        site.people |= {email: each.get("handles", {}).get(email, email) for email in people.values()}
        if each["type"] not in types:
            site.types.append(_own_type(each["type"]))
            types[each["type"]] = site.types[-1].id
        times = [name for name in ("created_at", "modified_at", "closed_at", "archived_at") if name in each]
        site.add(
            each["_id"], each["key"], custom={key: _custom(value) for key, value in each["custom_attributes"].items()},
            type_id=types[each["type"]], title=each["title"], description=each["description"],
            status_name=each["status_name"], status_group=StatusGroup(each["status_group"]),
            priority=Priority(each["priority"]), creation_source=each["creation_source"],
            assignee_id=user_id(people["assignee"]) if "assignee" in people else None,
            created_by=user_id(people["created_by"]) if "created_by" in people else None,
            attributes={key: tuple(values) for key, values in each["attributes"].items()},
            due_date=date.fromisoformat(each["due_date"]) if "due_date" in each else None,
            **{name: datetime.fromisoformat(each[name]) for name in times},
        )  # fmt: skip
    return site


def _own_type(name: str) -> CaseType:
    """A type as somebody may have made it, who left the statuses as they are at first."""
    id_ = CaseTypeId(uuid5(NAMES, f"type {name}"))
    return CaseType(id_, name, STANDARD.statuses, created_at=LONG_AGO, modified_at=LONG_AGO)


def _custom(value: Any) -> CustomValue:
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, str) for item in items):
        kept: Any = tuple(map(str, items))
        kind = AttributeType.TEXT
    else:
        kept, kind = tuple(map(float, items)), AttributeType.NUMBER
    return CustomValue(kind, isinstance(value, list), kept if isinstance(value, list) else kept[0])
