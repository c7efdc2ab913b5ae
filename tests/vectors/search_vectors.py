"""The search syntax's vectors with their sample documents, for every test that runs them.

`search-vectors.json` is the specification's own file, the others were written from its text. The variable
`ERRATA_SEARCH_VECTORS` names another file of the same format, which is then run alone.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

SPECIFIED = Path(__file__).parent / "search-vectors.json"
FIELDS = ("service", "env", "version", "host", "source", "status", "trace_id", "message")
"""What a document says at its top, and an event in a column of that name."""
OWN_COLUMNS = {
    "error.type": "error_type", "error.message": "error_message", "error.stack": "error_stack",
    "error.fingerprint": "error_fingerprint", "error.handling": "error_handling", "error.source": "error_source",
    "error.category": "error_category", "usr.id": "usr_id", "usr.email": "usr_email", "usr.name": "usr_name",
    "usr.anonymous_id": "usr_anonymous_id", "session.id": "session_id", "span_id": "span_id", "language": "language",
}  # fmt: skip
"""Attributes of a document that decoders take out, with the column where an event has them."""
_NAMED = os.environ.get("ERRATA_SEARCH_VECTORS")
_FILES = [Path(_NAMED)] if _NAMED else sorted(SPECIFIED.parent.glob("*.json"))


def _together(files: list[Path]) -> dict[str, Any]:
    """The files as one. Each vector says in `among` which documents it is about: those of its own file."""
    found = [json.loads(file.read_text()) for file in files]
    assert len({each["now_ms"] for each in found}) == 1
    documents = [document for each in found for document in each["documents"]]
    cases = [case for each in found for case in each.get("cases", ())]
    assert len({document["_id"] for document in (*documents, *cases)}) == len(documents) + len(cases)
    among = [frozenset(document["_id"] for document in (*each["documents"], *each.get("cases", ()))) for each in found]
    vectors = [vector | {"among": own} for own, each in zip(among, found, strict=True) for vector in each["vectors"]]
    return {"now_ms": found[0]["now_ms"], "documents": documents, "cases": cases, "vectors": vectors}


VECTORS = _together(_FILES)
EVENT_VECTORS = [each for each in VECTORS["vectors"] if each["target"] == "event"]
CASE_VECTORS = [each for each in VECTORS["vectors"] if each["target"] == "case"]
