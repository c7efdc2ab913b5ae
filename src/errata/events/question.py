"""Which rows a search is about: the WHERE that all its statements share, with parameters and tables."""

from __future__ import annotations

from collections.abc import Sequence

from errata.events.search import EventSearch
from errata.query.facets import Column, Elements, Entry, Joined, Kind, Place, Tagged
from errata.storage.clickhouse import External

AT = "fromUnixTimestamp64Milli({%s:Int64}, 'UTC')"
"""An instant given as a parameter of epoch milliseconds."""


class Question:
    """The WHERE of a search, its parameters, and the tables that travel with it."""

    def __init__(self, search: EventSearch) -> None:
        self.parameters: dict[str, object] = {"from": search.from_ms, "to": search.to_ms}
        self.externals = tuple(External(each.name, "fingerprint UUID", each.fingerprints) for each in search.sets)
        parts = [f"timestamp >= {AT % 'from'}", f"timestamp < {AT % 'to'}"]
        if search.track is not None:
            parts.append("track = {track:String}")
            self.parameters["track"] = str(search.track)
        if search.platforms:
            parts.append("platform IN {platforms:Array(String)}")
            self.parameters["platforms"] = [str(platform) for platform in search.platforms]
        if search.pending:
            parts.append("batch NOT IN {pending:Array(UInt64)}")
            self.parameters["pending"] = list(search.pending)
        if search.condition is not None:
            parts.append(f"({search.condition.sql})")
            self.parameters |= search.condition.parameters
        self.where = " AND ".join(parts)


def values_at(places: Sequence[Place], parameters: dict[str, object]) -> str:
    """All values of a row as an array of texts: those of the first place that has any."""
    sql = "emptyArrayString()"
    for number, place in reversed(list(enumerate(places))):
        name = f"place{number}"
        match place:
            case Column(column, kind=Kind.FLAG):
                found = f"if({column}, ['true'], [])"
            case Column(column, missing=missing):
                parameters[name] = missing
                found = f"arrayFilter(v -> v != {{{name}:String}}, [toString({column})])"
            case Entry(column, key):
                parameters[name] = key
                found = f"{column}[{{{name}:String}}]"
            case Elements(column):
                found = column
            case Tagged(column, key):
                parameters[name] = f"{key}:"
                found = (
                    f"arrayMap(v -> substring(v, length({{{name}:String}}) + 1),"
                    f" arrayFilter(v -> startsWith(v, {{{name}:String}}), {column}))"
                )
            case Joined():
                continue
        sql = f"if(notEmpty({found}), {found}, {sql})"
    return sql
