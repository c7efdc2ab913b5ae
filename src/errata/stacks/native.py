"""Stacks of compiled programs: of Swift's runtime, Apple's crash reports, Android, gdb, sanitizers and glibc.

The crash side is printed first. Only the thread that crashed is read. A call without a symbol names its image, which
is no place.
"""

from __future__ import annotations

import re

from errata.stacks.draft import MESSAGE_LINES, Draft, number_of, trace_of
from errata.stacks.model import Frame, StackTrace

# `0   Shop   0x0000000104234567 Shop.Cart.total() + 100 (Cart.swift:20)`
_APPLE = re.compile(r"[ \t(]{0,8}+\d{1,4}+\s++(\S(?:[^\t\n]{0,80}?\S)?)\s++0x[0-9a-fA-F]{6,16}+ ([^\n]++)$")
# `0 reallyCrashMe() + 404 in crash at /src/crash.swift:4:15`, with an address and marks in brackets or without
_SWIFT = re.compile(
    r"\d{1,4}+ {1,20}+(?:\[\w[\w ]{0,20}\] )*+(?:0x[0-9a-f]{6,16}+ )?+([^\n]+?) in (\S+)(?: at ([^\n]+))?$"
)
_GDB = re.compile(r"[ \t]{0,8}+#\d{1,4}+ {1,4}+(?:0x[0-9a-f]+ in )?+([^\n]+)$")
_SANITIZER = re.compile(r"[ \t]{1,8}+#\d{1,4}+ 0x[0-9a-f]+ in ([^\n]+)$")
_ANDROID = re.compile(
    r"[ \t]{0,8}+#\d{2,4}+ pc [0-9a-f]{8,16}+  (\S+)(?: \(offset 0x[0-9a-f]+\))?"
    r"(?: \(([^\n]+?)(?:\+\d+)?\))?(?: \(BuildId: \w+\))?$"
)
_GLIBC = re.compile(r"(\S[^\n(]{0,500})\(([^()\n]{0,500}(?:\([^()\n]{0,200}\)[^()\n]{0,200})?)\) ?\[0x[0-9a-f]+\]$")
_PLACE = re.compile(r"((?:[A-Za-z]:)?[^:\n]+?):(\d{1,9})(?::(\d{1,9}))?$")
_SUFFIX = re.compile(r" \+ \d+(?: \(([^()\n]+):(\d{1,9})\)| \([^()\n]*\))?$")
_OFFSET = re.compile(r"[+-]0x[0-9a-f]+$")
_CRASHED = re.compile(
    r"Thread \d+(?: name:[^\n]*)? [Cc]rashed[^\n]*:|Thread \d+ \(crashed\)"
    r"|Last Exception Backtrace:|\*\*\* First throw call stack:"
)
_THREAD = re.compile(r"(?:Thread \d+|Binary Images|Thread \d+ crashed with|Registers:|Images)[ :(]")
_ERRORS = (
    re.compile(r"uncaught exception '([\w.]+)', reason: '(.*?)'?$"),
    re.compile(r"ERROR: (\w+Sanitizer: [\w-]+)(?: (.*))?$"),
    re.compile(r"Program (?:received|terminated with) signal (SIG\w+), (.*?)\.?$"),
    re.compile(r"Fatal signal \d+ \((SIG\w+)\), (.*)$"),
    re.compile(r"signal \d+ \((SIG\w+)\), (.*)$"),
    re.compile(r"terminate called after throwing an instance of '([^']+)'()$"),
    re.compile(r"Program crashed: ([\w ]+?)( at 0x[0-9a-f]+| in [^\n]*)?(?: \*\*\*)?$"),
    re.compile(r"Exception Type: +([\w ()]+)()$"),
)
_FATAL = re.compile(
    r"(?:([^\s:]+\.swift):(\d{1,9}): )?(Fatal error|Precondition failed|Assertion failed)"
    r"(?:: (.*?))?(?:: file ([^\n]+?), line (\d{1,9}))?$"
)
_SHORT_LINE = 4000
_LANGUAGES = {
    "swift": "swift", "m": "objective-c", "mm": "objective-c", "c": "c", "h": "c", "S": "c", "cc": "c++", "cpp": "c++",
    "cxx": "c++", "hpp": "c++", "hh": "c++", "inl": "c++",
}  # fmt: skip


def is_likely(text: str) -> bool:
    """Whether an address or an error of Swift's runtime stands there; cheap, and wrong now and then."""
    if "0x" in text and "\n" in text and ("#0" in text or "0 " in text or "[0x" in text):
        return True
    return "Fatal error" in text or "#00 pc " in text or "rashed:" in text or ("#0  " in text and " at " in text)


def parse(text: str) -> StackTrace | None:
    """The stack of the thread that crashed, or None where there is neither a call nor a place. Bounded."""
    lines = [line[:_SHORT_LINE] for line in text.split("\n")]
    marker = next((index for index, line in enumerate(lines) if _CRASHED.search(line[:200])), -1)
    first = next((index for index in range(marker + 1, len(lines)) if _call(lines, index)), None)
    draft = _error(lines[: len(lines) if first is None else first])
    for index in range(len(lines) if first is None else first, len(lines)):
        frame = _call(lines, index)
        if frame is not None:
            draft.add(frame)
        elif _THREAD.match(lines[index].lstrip()) if marker >= 0 else not lines[index].strip():
            break
    if first is None:
        return _fatal_alone(lines)
    return trace_of(_language(draft), [draft])


def _call(lines: list[str], index: int) -> Frame | None:
    line = lines[index]
    bare = line.lstrip(" \t(")
    if not bare:
        return None
    if bare[0] == "#":
        return _hashed(lines, index)
    if bare[0].isdigit():
        if (" 0x" in line or "\t0x" in line) and " [" not in bare[:8] and (match := _APPLE.match(line)):
            return _apple(match[1], match[2])
        if " in " in line and (match := _SWIFT.match(bare)) and (" + " in match[1] or _PLACE.match(match[3] or "")):
            return _swift(match)
    elif line.endswith("]") and (match := _GLIBC.match(line)):
        function = _OFFSET.sub("", match[2])
        return Frame(function, "", match[1].rstrip())
    return None


def _apple(image: str, symbol: str) -> Frame | None:
    file, line = "", None
    if match := _SUFFIX.search(symbol):
        file, line = match[1] or "", number_of(match[2])
        symbol = symbol[: match.start()]
    if symbol.startswith("0x") or symbol == image:
        symbol = ""
    return Frame(symbol, file, image, line)


def _swift(match: re.Match[str]) -> Frame:
    function = _SUFFIX.sub("", match[1])
    place = _PLACE.match(match[3]) if match[3] else None
    if place is None:
        return Frame(function, "", match[2])
    return Frame(function, place[1], match[2], number_of(place[2]), number_of(place[3]))


def _hashed(lines: list[str], index: int) -> Frame | None:
    """A call after a number sign: of Android, of a sanitizer, of gdb (whose place may stand on the next line)."""
    line = lines[index]
    if " pc " in line:
        match = _ANDROID.match(line)
        return Frame(match[2] or "", "", match[1]) if match else None
    sanitized = _SANITIZER.match(line)
    if found := _sanitized(sanitized[1]) if sanitized else None:
        return found
    match = _GDB.match(line)
    return _of_gdb(lines, index, match[1]) if match else None


def _of_gdb(lines: list[str], index: int, rest: str) -> Frame | None:
    """`shop::total (c=...) at cart.cpp:6` or `abort () from /lib/libc.so.6`."""
    if (
        " at " not in rest
        and " from " not in rest
        and index + 1 < len(lines)
        and lines[index + 1].startswith("    at ")
    ):
        rest = f"{rest} {lines[index + 1].strip()}"
    call, mark, place = rest.rpartition(" at ")
    name = call if mark else rest
    arguments = name.find(" (")
    if arguments < 0:
        return None
    if found := _PLACE.match(place) if mark else None:
        return Frame(name[:arguments], found[1], "", number_of(found[2]))
    _, has_image, image = rest.rpartition(" from ")
    return Frame(name[:arguments], "", image if has_image else "") if has_image or "0x" in lines[index] else None


def _sanitized(rest: str) -> Frame | None:
    """`shop::total(int) /src/cart.cpp:5:3` or `_start (/srv/cart+0x1140)`."""
    function, _, place = rest.rpartition(" ")
    if place.startswith("(") or place.endswith(")"):
        function, _, place = rest.rpartition(" (")
        return Frame(function, "", place.partition("+0x")[0]) if function and "+0x" in place else None
    match = _PLACE.match(place)
    return Frame(function, match[1], "", number_of(match[2]), number_of(match[3])) if match and function else None


def _error(lines: list[str]) -> Draft:
    """What ended the program: the nearest line above the calls that tells it."""
    draft = Draft()
    for line in reversed(lines[-MESSAGE_LINES:]):
        if "Fatal error" in line or "failed" in line:
            at = line.find("Fatal error")
            match = _FATAL.search(line, max(0, line.rfind(" ", 0, max(at - 1, 0)) + 1 if at > 0 else 0))
            if match:
                return Draft(match[3], match[4] or "")
        what = line.strip()
        if what.startswith("what():"):
            draft.message = [what[7:].strip()]
        for pattern in _ERRORS:
            if match := pattern.search(line):
                message = draft.message[0] or (match[2] or "").strip()
                return Draft(match[1], message)
    return draft


def _fatal_alone(lines: list[str]) -> StackTrace | None:
    """An error of Swift's runtime, which tells its place: `main/cart.swift:3: Fatal error: ...`."""
    for line in lines[:MESSAGE_LINES]:
        match = _FATAL.match(line.strip()) if "rror" in line or "failed" in line else None
        file = (match[1] or match[5]) if match else None
        if match and file and file.endswith(".swift"):
            draft = Draft(match[3], match[4] or "")
            draft.add(Frame("", file, "", number_of(match[2] or match[6])))
            return trace_of("swift", [draft])
    return None


def _language(draft: Draft) -> str:
    for frame in draft.frames:
        if known := _LANGUAGES.get(frame.file.rpartition(".")[2]):
            return known
    if any(frame.function.startswith(("-[", "+[")) for frame in draft.frames):
        return "objective-c"
    return "swift" if any("libswiftCore" in frame.module for frame in draft.frames) else "c++"
