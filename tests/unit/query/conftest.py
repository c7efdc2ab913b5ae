from __future__ import annotations

import pytest
from query_rows import Engine, Rows, row_of

from vectors.search_vectors import VECTORS


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    engine = Engine(tmp_path_factory.mktemp("search"))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def documents(engine) -> Rows:
    rows = Rows(row_of(document) for document in VECTORS["documents"])
    engine.store("documents", rows)
    return rows
