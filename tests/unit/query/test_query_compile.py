from __future__ import annotations

import pytest

from errata.base.errors import Invalid
from errata.events.facets import EVENTS
from errata.query import to_clickhouse
from errata.query.bind import bind
from errata.query.match import matches
from errata.query.parse import parse


def _compiled(query, **options):
    return to_clickhouse.compile(bind(parse(query), EVENTS), **options)


def test_user_text_never_becomes_sql():
    condition = _compiled(
        r"""zz1 "zz2 zz3" zz4* zz5:zz6 @zz7:zz8* @zz9:>zz10 @z\'z11:[zz12 TO 5] *:zz13 -zz14:* tags:zz15"""
    )

    assert "zz" not in condition.sql
    assert "z'z" not in condition.sql


def test_each_value_is_one_parameter_however_often_it_is_used():
    condition = _compiled("service:web OR env:web OR @x:w* OR host:w*", prefix="q")

    assert condition.sql == (
        "(service = {q0:String} OR env = {q0:String} OR arrayExists(x -> x LIKE {q2:String}, attributes[{q1:String}])"
        " OR (host != '' AND host LIKE {q2:String}))"
    )
    assert condition.parameters == {"q0": "web", "q1": "x", "q2": "w%"}


@pytest.mark.parametrize(
    ("query", "sql"),
    [
        ("", "1"),
        ("-*", "(NOT 1)"),
        ("status:ERROR", "status = {p0:String}"),
        ("-version:1.0", "(NOT version = {p0:String})"),
        ("@error.type:*Error", "(error_type != '' AND error_type LIKE {p0:String})"),
        ("team:payments", "has(tags, {p0:String})"),
        (r"a\:b:c", "0"),
        ('service:""', "0"),
    ],
)
def test_condition_is_as_plain_as_the_field_allows(query, sql):
    assert _compiled(query).sql == sql


@pytest.mark.parametrize("name", ["issue.state", "@issue.age", "issue.anything"])
def test_issue_field_is_refused_where_there_are_events_only(name):
    for query in (f"{name}:x", f"-{name}:*", f"env:prod OR {name}:>5"):
        with pytest.raises(Invalid, match=f"query: {name.removeprefix('@')} belongs to issues"):
            _compiled(query)


def test_time_that_is_none_is_refused():
    with pytest.raises(Invalid, match='found "yesterday", expected epoch milliseconds or a time'):
        _compiled("timestamp:>yesterday")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("timestamp:1700000000000", True),
        ('timestamp:"2023-11-14T22:13:20Z"', True),
        ("timestamp:>=2023-11-14", True),
        ("timestamp:[2023-11 TO 2023-12}", True),
        ("timestamp:>=2023-12", False),
        ('timestamp:{"2023-11-14T22:13:20Z" TO *]', False),
        ("@timestamp:soon", True),
        ("@service:inner", True),
        ("@service:outer", False),
        ("service:outer", True),
        ("@env:prod", True),
        ("@http:*", True),
        ("@http:x", False),
        ("@error:*", True),
        ("@usr:*", False),
        ("error.type:tagged", True),
        ("error.type:KeyError", False),
        ("@error.type:KeyError", True),
        ("@error.kind:KeyError", True),
        ("error.message:boom", True),
        ("@error.is_crash:true", True),
        ("@error.is_crash:false", False),
        ("@platform:*", False),
        ("platform:IOS", True),
        ("tags:bare", True),
        ("bare:*", False),
        (r"KeyError\:\ boom", True),
        ('"KeyError: boom"', True),
        ("@list:(a b)", True),
        ("@list:c", False),
        ("@none:*", True),
        ('@none:""', False),
    ],
)
def test_fields_are_resolved_in_order(query, expected, engine):
    row = {
        "timestamp": 1700000000000,
        "service": "outer",
        "env": "prod",
        "error_type": "KeyError",
        "error_message": "boom",
        "is_crash": True,
        "platform": "UNKNOWN",
        "tags": ["error.type:tagged", "platform:ios", "bare", "a:b:c"],
        "attributes": {"service": ["inner"], "timestamp": ["soon"], "http.code": ["5"], "list": ["a", "b"], "none": []},
    }
    engine.store("one", [row])
    bound = bind(parse(query), EVENTS)

    assert matches(bound, row) is expected
    assert engine.select("one", to_clickhouse.compile(bound)) == ([0] if expected else [])


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("?" * 4090, id="wildcards"),
        pytest.param("é" * 2000, id="long-word"),
        pytest.param('"' + "a " * 2000 + '"', id="long-phrase"),
        pytest.param(" ".join(f"*:k{n}*" for n in range(256)), id="full-text"),
        pytest.param("(qq OR zz " * 32 + ")" * 32, id="deep"),
        pytest.param("@a:" + "9" * 4000, id="long-number"),
        pytest.param("@a:>" + "9" * 4000, id="huge-bound"),
        pytest.param("@a:(" + " OR ".join(f"{n}*" for n in range(256)) + ")", id="many-clauses"),
    ],
)
def test_largest_queries_are_within_the_engines_bounds(query, engine, documents):
    assert engine.select("documents", _compiled(query)) == []


def test_condition_longer_than_a_statement_is_refused():
    with pytest.raises(Invalid, match="too many clauses of full text"):
        _compiled(" ".join(f"*:{n}\0a?b" for n in range(256)))
