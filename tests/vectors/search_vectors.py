"""The search syntax's vectors with their sample documents, for every test that runs them.

`search-vectors.json` is the specification's own file, `more-search-vectors.json` was written from its text. The variable
`ERRATA_SEARCH_VECTORS` names another file of the same format, which is then run alone.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

SPECIFIED = Path(__file__).parent / "search-vectors.json"
_NAMED = os.environ.get("ERRATA_SEARCH_VECTORS")
_FILES = [Path(_NAMED)] if _NAMED else sorted(SPECIFIED.parent.glob("*.json"))


def _together(files: list[Path]) -> dict[str, Any]:
    """The files as one. Each vector says in `among` which documents it is about: those of its own file."""
    found = [json.loads(file.read_text()) for file in files]
    assert len({each["now_ms"] for each in found}) == 1
    documents = [document for each in found for document in each["documents"]]
    assert len({document["_id"] for document in documents}) == len(documents)
    among = [frozenset(document["_id"] for document in each["documents"]) for each in found]
    vectors = [vector | {"among": own} for own, each in zip(among, found, strict=True) for vector in each["vectors"]]
    return {"now_ms": found[0]["now_ms"], "documents": documents, "vectors": vectors}


VECTORS = _together(_FILES)
EVENT_VECTORS = [each for each in VECTORS["vectors"] if each["target"] == "event"]
