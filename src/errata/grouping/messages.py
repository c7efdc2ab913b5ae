"""The words of a message that stay the same when the same thing fails again.

Part of grouping version 1 and frozen with it: what these functions answer may never change, a later version gets
its own module. Linear in the message, of which the first `LIMIT` characters of the first line are read.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from errata.grouping.model import Dropped

LIMIT = 2000
WORDS = 32
_CACHED = 500  # characters of a message up to which its words are remembered

# ruff: noqa: RUF001  the quotation marks of other languages are meant
_PAIRS = {
    "(": ")", "[": "]", "{": "}",
    "'": "'", '"': '"', "`": "`",
    "“": "”“", "„": "“”", "‘": "’‘", "‚": "‘’", "«": "»", "»": "«", "‹": "›", "「": "」", "『": "』",
}  # fmt: skip
_BRACKETS = "([{"
_STRAIGHT = "'\"`"
_ENCLOSING = re.compile(r"[(\[{'\"`“„‘‚«»‹「『)\]}<]")
_TAG = re.compile(r"<[A-Za-z/!][^<>]{0,200}>")
_PREFIXED_LITERAL = re.compile(r"(?:^|\W)[bBuUrRfF]$")

_ADDRESS = re.compile(r"(?=.{0,4}:)[0-9a-f:.%]+$", re.IGNORECASE)  # where two colons stand
_HOST_PORT = re.compile(r"[\w.-]+:\d{1,5}$")
_HOST = re.compile(r"(?:[\w-]+\.)+(?:com|net|org|gov|edu|dev|cloud|local|localdomain|internal|lan|corp|svc)$")
# Scripts that put no blanks between words: there a number does not make its neighbours an identifier.
_UNSPACED = re.compile("[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff]")
_NUMBERED = re.compile(r"[0-9A-Za-z_-]*\d[0-9A-Za-z_-]*")
_ASSIGNED = re.compile(r"(?<=[\w\])\"'])=+[^\s,;&=]+")
_CHUNK = re.compile(r"[^\W_](?:[\w-]|['’](?=\w))*|_[\w-]*")
_REST_OF_NAME = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{0,64}@\w")
"""How an e-mail address goes on whose name holds quotes or braces (`"ann lee"@`, `{id}+x@`): no blank stands there."""
_DIGIT = re.compile(r"\d")
_HEX_RUN = re.compile(r"[a-f]{6,}$", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d]{2,}")
_UNITS = frozenset((
    "ns", "us", "µs", "ms", "s", "sec", "secs", "second", "seconds", "m", "min", "mins", "minute", "minutes", "h",
    "hr", "hrs", "hour", "hours", "d", "day", "days", "week", "weeks", "b", "byte", "bytes", "kb", "mb", "gb",
    "tb", "kib", "mib", "gib", "tib", "am", "pm", "utc", "gmt", "x",
))  # fmt: skip
_DATE_WORDS = frozenset((
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "january",
    "february", "march", "april", "june", "july", "august", "september", "october", "november", "december", "mon",
    "tue", "wed", "thu", "fri", "sat", "sun",
))  # fmt: skip


def words_of(message: str) -> str:
    """The words of a message's first line that take part in grouping, lower case, with one blank between them.

    Quoted text, text in brackets, URLs, paths, addresses, hosts, dates, numbers and everything that contains a digit
    are left out: they differ between two occurrences of one bug. Empty when nothing remains.
    """
    return _cached(message) if len(message) <= _CACHED else " ".join(_words(message, None))


@lru_cache(maxsize=4096)
def _cached(message: str) -> str:
    return " ".join(_words(message, None))


def explained(message: str) -> tuple[str, tuple[Dropped, ...]]:
    """As `words_of`, with what was left out and why, in reading order by kind."""
    dropped: list[Dropped] = []
    line = _first_line(message)
    words = " ".join(_words(message, dropped))
    if len(message.strip()) > len(line):
        dropped.append(Dropped(message.strip()[len(line) :].strip()[:200], "only the first line counts"))
    return words, tuple(dropped)


def _words(message: str, dropped: list[Dropped] | None) -> list[str]:
    line = _first_line(message)
    if not line.isascii():
        line = unicodedata.normalize("NFC", line)
    if _ENCLOSING.search(line):
        line = _without_enclosed(line, dropped)
    words: list[str] = []
    after_number = False
    tokens = line.split()
    for index, token in enumerate(tokens):
        if len(words) >= WORDS:
            if dropped is not None:
                dropped.append(Dropped(" ".join(tokens[index:]), f"only the first {WORDS} words count"))
            break
        if token.isalpha() and not after_number and _is_plain(lower := token.lower()):
            if len(lower) > 1:
                words.append(lower)
            continue
        if dropped is None and token.isalnum() and token.isascii() and token.lower() not in _DATE_WORDS:
            if word := _bare_word(token, after_number=after_number):
                words.append(word)
            after_number = not token.isalpha()
            continue
        found, reason = _token(token, tokens[index + 1] if index + 1 < len(tokens) else "", after_number=after_number)
        after_number = not found and _DIGIT.search(token) is not None
        words.extend(found)
        if reason and dropped is not None:
            dropped.append(Dropped(token, reason))
    return words[:WORDS]


def _is_plain(word: str) -> bool:
    return word not in _DATE_WORDS and (len(word) < 6 or _HEX_RUN.match(word) is None)


def _bare_word(token: str, *, after_number: bool) -> str:
    """What `_token` finds in English letters and digits that are no date, told without its patterns."""
    word = token.lower()
    if not token.isalpha() or len(word) < 2 or (after_number and word in _UNITS) or _HEX_RUN.match(word):
        return ""
    return word


def _first_line(message: str) -> str:
    """The first line that is not blank, within the limit."""
    return message[: LIMIT * 2].strip().partition("\n")[0][:LIMIT].rstrip()


def _token(token: str, following: str, *, after_number: bool) -> tuple[list[str], str]:
    """The words in a token without blanks, and why the rest or all of it is left out (empty: nothing is)."""
    bare = token.strip(".,;:!?")
    lower = bare.lower()
    if after_number and lower in _UNITS:
        return [], "unit of a number"
    if lower in _DATE_WORDS and (after_number or _DIGIT.search(following) or following.lower() in _DATE_WORDS):
        return [], "date"
    if "://" in bare:
        return [], "URL"
    if "@" in token and "@" in token.lstrip(".,;:").rstrip(".,;:!?")[1:-1]:
        return [], "e-mail address"
    if _is_path(bare):
        return [], "path"
    if bare.count(":") >= 2 and _ADDRESS.match(bare):
        return [], "address or time"
    if _HOST_PORT.match(bare) or _HOST.match(bare):
        return [], "host"
    return _chunks(bare)


def _is_path(token: str) -> bool:
    if token.startswith("/"):
        return token.count("/") > 1
    return token.startswith(("./", "../", "~/", "\\\\")) or (token[1:3] in (":\\", ":/") and token[0].isalpha())


def _chunks(token: str) -> tuple[list[str], str]:
    reason = ""
    if "=" in token:
        token, count = _ASSIGNED.subn(" ", token)
        reason = "value of a name" if count else ""
    words: list[str] = []
    for chunk in _CHUNK.findall(token):
        if _DIGIT.search(chunk):
            reason = "number or identifier"
            if _UNSPACED.search(chunk):
                words += _WORD.findall(_NUMBERED.sub(" ", chunk).lower())
        elif _HEX_RUN.match(chunk):
            reason = "hexadecimal number"
        else:
            words += [word for word in _WORD.findall(_joined(chunk).lower()) if word.strip("_")]
    return words, reason


def _joined(chunk: str) -> str:
    """`can't` is one word, not `can`: an apostrophe inside a word is dropped."""
    return chunk.replace("'", "").replace("’", "")


def _without_enclosed(line: str, dropped: list[Dropped] | None) -> str:
    """The line with quoted text, text in brackets and `<tags>` replaced by blanks."""
    spans: list[tuple[int, int, str]] = []
    opened: dict[str, list[int]] = {")": [], "]": [], "}": []}
    hopeless: set[str] = set()  # closing marks that do not come any more: keeps the scan linear
    position = 0
    while match := _ENCLOSING.search(line, position):
        at, mark = match.start(), match[0]
        position = at + 1
        if mark in opened:
            if opened[mark]:
                spans.append((opened[mark].pop(), position, "in brackets"))
        elif mark in _BRACKETS:
            opened[_PAIRS[mark]].append(at)
        elif mark == "<":
            if tag := _TAG.match(line, at):
                spans.append((at, tag.end(), "in brackets"))
                position = tag.end()
        elif mark not in hopeless and _opens(line, at, mark):
            end = _closing(line, at, _PAIRS[mark], is_straight=mark in _STRAIGHT)
            if end:
                spans.append((at, end, "quoted"))
                position = end
            else:
                hopeless.add(mark)
    return _blanked(line, spans, dropped)


def _opens(line: str, at: int, mark: str) -> bool:
    """Whether a quotation mark opens: an apostrophe after a letter (`can't`, `users'`) does not, `b'...'` does."""
    if at == 0 or not (mark in _STRAIGHT or mark == "‘"):
        return True
    before = line[at - 1]
    if not (before.isalnum() or before == "_"):
        return True
    return _PREFIXED_LITERAL.search(line, max(0, at - 2), at) is not None


def _closing(line: str, at: int, marks: str, *, is_straight: bool) -> int:
    """Where the quotation that opens at `at` ends, behind its mark; 0 when it does not.

    A straight mark inside the text (`"x"y"`, `'it's'`) is followed by a letter and does not close.
    """
    position = at + 1
    while True:
        found = [index for index in (line.find(mark, position) for mark in marks) if index >= 0]
        if not found:
            return 0
        end = min(found) + 1
        if not is_straight or end >= len(line) or not (line[end].isalnum() or line[end] == "_"):
            return end
        position = end


def _blanked(line: str, spans: list[tuple[int, int, str]], dropped: list[Dropped] | None) -> str:
    """The line with the outermost spans replaced by blanks."""
    spans.sort(key=lambda span: (span[0], -span[1]))
    kept: list[str] = []
    position = 0
    for start, end, reason in spans:
        if start < position:
            continue
        kept += (line[position:start], '"' if _REST_OF_NAME.match(line, end) else " ")
        if dropped is not None:
            dropped.append(Dropped(line[start:end], reason))
        position = end
    return "".join([*kept, line[position:]])
