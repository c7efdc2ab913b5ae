"""From method and path to an operation: a tree of path segments. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from errata.api.operation import Operation


@dataclass(frozen=True, slots=True)
class Found:
    """The operation that a path and method name, and the values of the path's parameters by name, decoded."""

    operation: Operation[Any]
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class WrongMethod:
    """The path exists, the method does not; `allowed` are those that do, in alphabetical order."""

    allowed: tuple[str, ...]


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    operations: dict[str, Operation[Any]] = field(default_factory=dict)


class Routes:
    """Finds operations. A segment that is written out wins over a parameter in the same place.

    `/cases/types` is found before `/cases/{case_id}`, in whatever order the two were given. A written-out segment
    that leads nowhere further gives way to the parameter. HEAD is answered as GET.
    """

    def __init__(self, operations: Iterable[Operation[Any]]) -> None:
        self._root = _Node()
        for operation in operations:
            self._add(operation)

    def find(self, method: str, raw_path: str) -> Found | WrongMethod | None:
        """What `raw_path` (still percent-encoded, without the query) names; None for a path that nobody serves.

        A `%2F` belongs to the segment that it stands in.
        """
        segments = [unquote(segment) for segment in raw_path.strip("/").split("/")] if raw_path != "/" else []
        if raw_path.endswith("/"):
            return None
        reached = _walk(self._root, segments, 0, [])
        if reached is None:
            return None
        node, values = reached
        operation = node.operations.get("GET" if method == "HEAD" else method)
        if operation is None:
            offered = set(node.operations) | ({"HEAD"} if "GET" in node.operations else set())
            return WrongMethod(tuple(sorted(offered)))
        return Found(operation, dict(zip(_parameters(operation.path), values, strict=True)))

    def _add(self, operation: Operation[Any]) -> None:
        node = self._root
        for segment in operation.path.strip("/").split("/"):
            if segment.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.children.setdefault(segment, _Node())
        if operation.method in node.operations:
            raise ValueError(f"two operations for {operation.method} {operation.path}")
        node.operations[operation.method] = operation


def _walk(node: _Node, segments: list[str], at: int, values: list[str]) -> tuple[_Node, list[str]] | None:
    if at == len(segments):
        return (node, values) if node.operations else None
    child = node.children.get(segments[at])
    if child is not None:
        reached = _walk(child, segments, at + 1, values)
        if reached is not None:
            return reached
    if node.parameter is None or not segments[at]:
        return None
    return _walk(node.parameter, segments, at + 1, [*values, segments[at]])


def _parameters(path: str) -> list[str]:
    return [segment[1:-1] for segment in path.split("/") if segment.startswith("{")]
