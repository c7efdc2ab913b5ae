"""What texts of a case may be, and what a priority is called. Pure.

Long texts are kept to the character, since they are Markdown; titles and reasons lose the blanks around them.
"""

from __future__ import annotations

import re
import unicodedata

from errata.base.errors import Invalid, NotAllowed
from errata.cases.model import Priority

TITLE_CHARS = 1000
DESCRIPTION_CHARS = 100_000
COMMENT_CHARS = 100_000
REASON_CHARS = 100
UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters but tabs and line breaks, and lone surrogates: PostgreSQL stores neither NUL nor those."""
UNFIT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""These, tabs and all that ends a line."""


def title_of(text: str) -> str:
    """One line of 1 to 1000 characters. Raises Invalid."""
    return _line(text, TITLE_CHARS, "data.attributes.title")


def reason_of(text: str) -> str:
    """Why a case was resolved: one line of 1 to 100 characters. Raises Invalid."""
    return _line(text, REASON_CHARS, "data.attributes.security_resolved_reason")


def source_of(text: str) -> str:
    """What creates a case: one line of 1 to 100 characters. Raises Invalid."""
    return _line(text, 100, "data.attributes.creation_source")


def description_of(text: str) -> str:
    """At most 100 000 characters in any number of lines. Raises Invalid."""
    return _lines(text, DESCRIPTION_CHARS, "data.attributes.description")


def comment_of(text: str) -> str:
    """1 to 100 000 characters in any number of lines, not all of them blank. Raises Invalid."""
    if not text or text.isspace():
        raise Invalid("A comment needs a text.", where="data.attributes.comment")
    return _lines(text, COMMENT_CHARS, "data.attributes.comment")


def priority_of(text: str, *, where: str = "data.attributes.priority") -> Priority:
    """The priority of a name. Raises NotAllowed in the recorded words."""
    try:
        return Priority(text)
    except ValueError as error:
        names = [*(one for one in Priority if one is not Priority.NOT_DEFINED), Priority.NOT_DEFINED]
        raise NotAllowed(f"invalid priority {text[:200]}. Must be one of {', '.join(names)}", where=where) from error


def _line(text: str, max_chars: int, where: str) -> str:
    # Normalising may join two characters into one; what is far too long is not looked at.
    line = unicodedata.normalize("NFC", text.strip()) if len(text) <= 10 * max_chars else text
    if not 1 <= len(line) <= max_chars:
        raise Invalid(f"This has 1 to {max_chars} characters.", where=where)
    if UNFIT_IN_A_LINE.search(line):
        raise Invalid("This is one line without control characters.", where=where)
    return line


def _lines(text: str, max_chars: int, where: str) -> str:
    if len(text) > max_chars:
        raise Invalid(f"This has at most {max_chars} characters.", where=where)
    if UNFIT.search(text):
        raise Invalid("This holds control characters.", where=where)
    return text
