"""Questions about many cases: search, count, aggregate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from errata.api import case_examples
from errata.api.case_json import (
    CasesMeta,
    CasesPage,
    CasesResponse,
    found_resource,
    user_resources,
    users_of,
)
from errata.api.cases import ERRORS, READ, TAG
from errata.api.operation import Call, Operation, Style
from errata.api.paging import PAGE_SIZE
from errata.api.parameters import choice, flag, text, whole
from errata.api.rooms import Rooms
from errata.base.errors import Invalid
from errata.cases.model import CaseQuery, SortField
from errata.query.faults import QUERY

MAX_GROUPS = 10
"""Fields that one count may name."""
MAX_COMBINED = 4
"""Fields that one aggregation may name: the combinations of values of one case multiply."""
MAX_VALUES = 1000

# The official client begins with 1, older documents name 0 as the default (behaviour 3.5).
NUMBER = whole(
    "page[number]", default=1, least=0, most=1_000_000, summary="Number of the page; 1 is the first, and so is 0"
)
FILTER = text("filter", "Search query over cases, for example `status:closed`; absent for all that are not archived")
SORT = choice("sort[field]", tuple(field.value for field in SortField), default=SortField.CREATED_AT.value)
ASCENDING = flag("sort[asc]", default=False, summary="Oldest, most pressing or open first")
QUERY_FILTER = text("query_filter", "Search query over cases; absent for all that are not archived")
GROUP_BYS = text("group_bys", "Fields to count values of, comma separated, for example `status,priority`")
LIMIT = whole("limit", default=10, least=1, most=MAX_VALUES, summary="Most values answered for each field")


class CaseCountGroupValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value of the field and how many cases have it."""

    value: str
    count: int


class CaseCountGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A field with its values, the most frequent first."""

    group: str
    group_values: list[CaseCountGroupValue]


class CaseCountResponseAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """The fields in the order asked for. `total` is the number of cases found, which real answers do not tell."""

    groups: list[CaseCountGroup]
    total: int


class CaseCountResponseData(msgspec.Struct, frozen=True, kw_only=True):
    """Counts."""

    id: str
    type: Literal["count"]
    attributes: CaseCountResponseAttributes


class CaseCountResponse(msgspec.Struct, frozen=True):
    """How many cases there are of which kind."""

    data: CaseCountResponseData


class CaseAggregateGroupBy(msgspec.Struct, frozen=True, kw_only=True):
    """Which fields are put together, and how many combinations are wanted at most."""

    groups: Annotated[tuple[str, ...], Meta(max_length=MAX_COMBINED)]
    limit: Annotated[int, Meta(ge=1, le=MAX_VALUES)]


class CaseAggregateRequestAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """The cases, and what they are grouped by."""

    group_by: CaseAggregateGroupBy
    query_filter: str


class CaseAggregateRequestData(msgspec.Struct, frozen=True, kw_only=True):
    """An aggregation."""

    type: Literal["aggregate"]
    attributes: CaseAggregateRequestAttributes


class CaseAggregateRequest(msgspec.Struct, frozen=True):
    """An aggregation of cases."""

    data: CaseAggregateRequestData


class CaseAggregateGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A combination of values, joined by a comma and a blank, and how many cases have it."""

    group: str
    value: list[float]


class CaseAggregateResponseAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """Combinations, the most frequent first, and the number of cases found."""

    groups: list[CaseAggregateGroup]
    total: float


class CaseAggregateResponseData(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of combinations."""

    id: str
    type: Literal["aggregate"]
    attributes: CaseAggregateResponseAttributes


class CaseAggregateResponse(msgspec.Struct, frozen=True):
    """How many cases have which values together."""

    data: CaseAggregateResponseData


def search_cases(rooms: Rooms, call: Call[None]) -> CasesResponse:
    """A page of the cases that the filter finds, and the users whom they name."""
    number, size = max(NUMBER.of(call), 1), PAGE_SIZE.of(call)
    query = CaseQuery(
        query=FILTER.of(call),
        sort=SortField(SORT.of(call)),
        ascending=ASCENDING.of(call),
        page=number - 1,
        page_size=size,
    )
    with _told_at(FILTER.name):
        page = rooms.case_search.search(query)
    types = {case.type_id for case in page.cases if case.custom_attributes}
    definitions = rooms.cases.definitions_of(types) if types else {}
    users = users_of(page.cases, modifier=False)
    known = rooms.access.users_by_id(users) if users else {}
    return CasesResponse(
        [found_resource(case, definitions, known) for case in page.cases],
        CasesMeta(
            total_cases=page.total,
            page=CasesPage(current=number, size=len(page.cases), total=-(-page.total // size)),
        ),
        user_resources(users, known),
    )


def count_cases(rooms: Rooms, call: Call[None]) -> CaseCountResponse:
    """How many of the cases found have which value, for each of the fields on its own."""
    fields = tuple(dict.fromkeys(name for part in GROUP_BYS.of(call).split(",") if (name := part.strip())))
    if len(fields) > MAX_GROUPS:
        raise Invalid(f"at most {MAX_GROUPS} fields, got {len(fields)}", where=GROUP_BYS.name)
    with _told_at(QUERY_FILTER.name, GROUP_BYS.name):
        counts, total = rooms.case_search.count(QUERY_FILTER.of(call), fields, LIMIT.of(call))
    groups = [
        CaseCountGroup(
            group=field,
            group_values=[
                CaseCountGroupValue(value=", ".join(each.values), count=each.count) for each in counts[field]
            ],
        )
        for field in fields
    ]
    attributes = CaseCountResponseAttributes(groups=groups, total=total)
    return CaseCountResponse(CaseCountResponseData(id="count", type="count", attributes=attributes))


def aggregate_cases(rooms: Rooms, call: Call[CaseAggregateRequest]) -> CaseAggregateResponse:
    """How many of the cases found have which values of the fields together."""
    asked = call.body.data.attributes
    fields = tuple(dict.fromkeys(asked.group_by.groups))
    with _told_at("data.attributes.query_filter", "data.attributes.group_by.groups"):
        counted, total = rooms.case_search.aggregate(asked.query_filter, fields, asked.group_by.limit)
    groups = [CaseAggregateGroup(group=", ".join(each.values), value=[float(each.count)]) for each in counted]
    attributes = CaseAggregateResponseAttributes(groups=groups if fields else [], total=float(total))
    return CaseAggregateResponse(CaseAggregateResponseData(id="aggregate", type="aggregate", attributes=attributes))


@contextmanager
def _told_at(query: str, fields: str = "") -> Iterator[None]:
    """Say where in this request the query stands that cannot be read, or a field that cases cannot be counted by."""
    try:
        yield
    except Invalid as error:
        place = query if error.where == QUERY else error.where or fields
        raise Invalid(error.message.removeprefix(f"{QUERY}: "), where=place) from None


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path="/api/v2/cases",
        name="SearchCases",
        summary="Search cases",
        description="Newest first. Archived cases are found only by a filter that asks about `archived`.",
        tag=TAG,
        handler=search_cases,
        style=Style.CASES,
        scopes=READ,
        answer=CasesResponse,
        errors=ERRORS,
        parameters=(PAGE_SIZE, NUMBER, SORT, FILTER, ASCENDING),
        answer_example=case_examples.CASES_ANSWER,
    ),
    Operation(
        method="GET",
        path="/api/v2/cases/count",
        name="CountCases",
        summary="Count cases by the values of fields",
        tag=TAG,
        handler=count_cases,
        style=Style.CASES,
        scopes=READ,
        answer=CaseCountResponse,
        errors=ERRORS,
        parameters=(QUERY_FILTER, GROUP_BYS, LIMIT),
        answer_example=case_examples.COUNT_ANSWER,
    ),
    Operation(
        method="POST",
        path="/api/v2/cases/aggregate",
        name="AggregateCases",
        summary="Count cases by combinations of values",
        tag=TAG,
        handler=aggregate_cases,
        style=Style.CASES,
        scopes=READ,
        body=CaseAggregateRequest,
        answer=CaseAggregateResponse,
        errors=ERRORS,
        request_example=case_examples.AGGREGATE,
        answer_example=case_examples.AGGREGATE_ANSWER,
    ),
)
