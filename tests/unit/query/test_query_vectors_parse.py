from __future__ import annotations

import pytest

from errata.base.errors import Invalid
from errata.query.parse import parse
from errata.query.render import render
from errata.query.sexpr import sexpr
from vectors.search_vectors import VECTORS

VALID = [pytest.param(v["query"], v["ast"], id=v["id"]) for v in VECTORS["vectors"] if v["valid"]]
INVALID = [pytest.param(v["query"], id=v["id"]) for v in VECTORS["vectors"] if not v["valid"]]


@pytest.mark.parametrize(("query", "ast"), VALID)
def test_query_of_a_vector_gives_the_vectors_tree(query, ast):
    assert sexpr(parse(query)) == ast


@pytest.mark.parametrize(("query", "ast"), VALID)
def test_rendered_vector_parses_to_the_same_tree(query, ast):
    assert sexpr(parse(render(parse(query)))) == ast


@pytest.mark.parametrize("query", INVALID)
def test_invalid_vector_is_refused_with_an_offset(query):
    with pytest.raises(Invalid, match=r"^query: at offset \d+: found .*, expected .*") as refused:
        parse(query)

    assert refused.value.where == "query"
    assert 0 <= refused.value.offset <= len(query)
