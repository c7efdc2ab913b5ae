"""Pages of lists: parameters, and what answers say about them. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from errata.api.operation import Call, Parameter
from errata.api.parameters import whole

PAGE_SIZE = whole("page[size]", default=10, least=1, most=100, summary="Items on a page")
PAGE_NUMBER = whole("page[number]", default=0, least=0, most=1_000_000, summary="Number of the page, the first is 0")
PAGING: tuple[Parameter[int], ...] = (PAGE_SIZE, PAGE_NUMBER)


class Counts(msgspec.Struct, frozen=True):
    """How many there are, and how many the filter lets through."""

    total_count: int
    total_filtered_count: int


class PageMeta(msgspec.Struct, frozen=True):
    """`meta` of a list of users."""

    page: Counts


class Pagination(msgspec.Struct, frozen=True):
    """Where a page of teams stands. Numbers count from 0; `prev_number` is 0 on the first page."""

    number: int
    first_number: int
    prev_number: int
    next_number: int
    last_number: int
    size: int
    type: str
    total: int


class PaginationMeta(msgspec.Struct, frozen=True):
    """`meta` of a list of teams or members."""

    pagination: Pagination


class PageLinks(msgspec.Struct, frozen=True):
    """Addresses of pages, without the host. `next` is given on the last page too, `prev` is null on the first."""

    self: str
    last: str
    next: str
    prev: str | None
    first: str


def slice_of(call: Call[Any]) -> tuple[int, int]:
    """Offset and length of the page that a call asks for."""
    size = PAGE_SIZE.of(call)
    return PAGE_NUMBER.of(call) * size, size


def pagination(number: int, size: int, total: int) -> PaginationMeta:
    """What is told about page `number` (from 0) of `total` items; recorded in behaviour 8."""
    last = _last(size, total)
    return PaginationMeta(Pagination(number, 0, max(0, number - 1), number + 1, last, size, "number_size", total))


def links(path: str, number: int, size: int, total: int) -> PageLinks:
    """The addresses around page `number` of a list at `path`."""

    def at(page: int) -> str:
        return f"{path}?page[number]={page}&page[size]={size}"

    return PageLinks(
        self=f"{path}?page[size]={size}&page[number]={number}",
        last=at(_last(size, total)),
        next=at(number + 1),
        prev=at(number - 1) if number else None,
        first=at(0),
    )


def _last(size: int, total: int) -> int:
    return max(0, (total - 1) // size)
