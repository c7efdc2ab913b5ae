"""What a statement may do. chDB's own parser says what it is; grants (`config.py`) hold most of the rest.

Two things escape the grants of an embedded engine: the scalar function `file`, which reads any file, and the table
function `Python`, which reads the process's variables. Statements that name them are refused by their text, and so
are calls of the table functions that the grants refuse too.
"""

from __future__ import annotations

import re
from enum import Enum

from errata.storage.engine.fault import ACCESS_DENIED, SYNTAX_ERROR, Fault


class Kind(Enum):
    """What a statement does to what outlives it."""

    READS = "reads"
    WRITES = "writes"


_SPACE = r"[\s\u180e\u200b-\u200d\u2060\ufeff]*"
_CALL = rf"[`\"]?{_SPACE}(?:\(|/\*|--|//|#)"
"""What makes a name a call: a parenthesis, or a comment behind which one may hide."""
_OUTSIDE = re.compile(
    r"(?<!\w)(file|python|url|s3|gcs|oss|cosn|hdfs|remote|remotesecure|cluster|clusterallreplicas|executable|eval|"
    r"mysql|postgresql|sqlite|mongodb|redis|odbc|jdbc|bigquery|ytsaurus|arrowflight|filesystem|dictionary|"
    rf"azureblobstorage\w*|deltalake\w*|hudi\w*|iceberg\w*|paimon\w*|\w+cluster){_CALL}",
    re.IGNORECASE,
)
_FILES = re.compile(r"(?<!\w)(infile|outfile)(?!\w)", re.IGNORECASE)
_ESCAPED_IDENTIFIER = re.compile(r"[`\"][^`\"]*\\")


def kind_of(text: str, query_class: str, statements: int, *, may_write: bool) -> Kind:
    """What the statement is, once it is known to be allowed.

    `query_class` and `statements` are chDB's classification of the text. Raises Fault: more than one statement, a
    write by the reader, anything that is neither reading nor writing tables (SET, SYSTEM, KILL, INTO OUTFILE), or
    words that reach outside. They are looked for in the whole text, literals included: values belong into parameters.
    """
    if statements == 0:
        raise Fault(SYNTAX_ERROR, "Syntax error: the text is not a statement")
    if statements > 1:
        raise Fault(SYNTAX_ERROR, f"the door takes one statement a request, this has {statements}")
    _refuse(_OUTSIDE.search(text))
    _refuse(_FILES.search(text))
    if _ESCAPED_IDENTIFIER.search(text):
        raise Fault(ACCESS_DENIED, "escape sequences in quoted identifiers are not taken")
    if query_class == "READ_ONLY":
        return Kind.READS
    if query_class != "MUTATING":
        raise Fault(ACCESS_DENIED, "the door takes statements that read or write tables, nothing else")
    if not may_write:
        raise Fault(ACCESS_DENIED, "this user may only read")
    return Kind.WRITES


def _refuse(found: re.Match[str] | None) -> None:
    if found is not None:
        raise Fault(ACCESS_DENIED, f"`{found.group(1)}` reaches outside the event store and is switched off")
