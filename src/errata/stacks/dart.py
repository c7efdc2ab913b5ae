"""Stack traces of Dart and Flutter: of the VM, as package:stack_trace prints them, and of obfuscated programs.

The crash side is printed first; the error's own line stands above or in a field of its own. Calls of an obfuscated
program are addresses, which differ with each build: they are kept, but name no place.
"""

from __future__ import annotations

import re

from errata.stacks.draft import MESSAGE_LINES, Draft, number_of, trace_of
from errata.stacks.model import Frame, StackTrace

_CALL = re.compile(r"[ \t]*+#\d{1,5}+ {1,12}+(\S[^\n]{0,1000})\(([^()\n]{1,1000})\)$")
_PLACE = re.compile(
    r"((?:package:|dart:|file://|org-dartlang-|http)[^\n]*?|[^\s:]+\.dart)(?::(\d{1,9}))?(?::(\d{1,9}))?$"
)
# package:stack_trace: `package:shop/cart.dart 12:5  Cart.total`
_TERSE = re.compile(r"((?:package:|dart:|file://)?[^\s:]{1,500}) (\d{1,9})(?::(\d{1,9}))? {1,60}([^\s][^\n]*)$")
_ADDRESS = re.compile(r"[ \t]*+#\d{1,5}+ abs [0-9a-f]+(?: virt [0-9a-f]+)? (_kDart\w+(?:\+0x[0-9a-f]+)?|<[^>]*>)")
_TYPED = re.compile(
    r"(?:\[[A-Z_]+:[^\]\n]{0,200}\] )?(?:Unhandled [Ee]xception: ?)?"
    r"(_?[A-Z][\w$]*(?:<[\w, ?]{1,100}>)?)(?: \([\w ]{1,60}\))?: (.*)$"
)
_UNHANDLED = re.compile(r"(?:.{0,200} )?Unhandled [Ee]xception:")
_FLUTTER = re.compile(r"The following ([\w$<>]+)(?: object)? was thrown[^\n]*:$")


def is_likely(text: str) -> bool:
    """Whether a call of Dart may stand there; cheap."""
    return ".dart" in text or "(dart:" in text or "_kDart" in text


def parse(text: str) -> StackTrace | None:
    """The stack trace in `text`, or None where there is no call. Bounded by the caller."""
    lines = text.split("\n")
    first = next((index for index, line in enumerate(lines) if _call(line)), None)
    if first is None:
        return None
    draft = _header(lines, first)
    for index in range(first, len(lines)):
        frame = _call(lines[index])
        if frame is not None:
            draft.add(frame)
        elif lines[index].strip() and not _continues(lines[index]):
            break
    return trace_of("dart", [draft])


def _continues(line: str) -> bool:
    """Whether more calls may follow: behind a gap of asynchronous code, or a summary of left out ones."""
    bare = line.strip()
    return bare == "<asynchronous suspension>" or bare.startswith(("===== asynchronous gap", "(elided ", "..."))


def _call(line: str) -> Frame | None:
    if "#" in line and (match := _CALL.match(line)):
        place = _PLACE.match(match[2].strip())
        if place is not None:
            name = match[1].strip()
            return Frame(
                "" if name == "<anonymous closure>" else name, place[1], "", number_of(place[2]), number_of(place[3])
            )
    if "_kDart" in line and (match := _ADDRESS.match(line)):
        return Frame(match[1])
    if ".dart " in line or line.startswith("dart:"):
        match = _TERSE.match(line)
        if match and (match[1].endswith(".dart") or match[1].startswith("dart:")):
            return Frame(match[4].strip(), match[1], "", number_of(match[2]), number_of(match[3]))
    return None


def _header(lines: list[str], first: int) -> Draft:
    """The exception above the first call, in Flutter's report or below `Unhandled exception:`."""
    above = lines[max(0, first - MESSAGE_LINES) : first]
    for index, line in enumerate(above):
        if match := _FLUTTER.match(line.strip()):
            message = []
            for following in above[index + 1 :]:
                if not following.strip():
                    break
                message.append(following.strip())
            return Draft(match[1], "\n".join(message))
    start = next((i for i in range(len(above) - 1, -1, -1) if _UNHANDLED.match(above[i])), 0)
    body = [
        line
        for line in above[start:]
        if not line.startswith(("***", "pid:", "os:", "build_id:", "isolate_", "Warning: This VM"))
    ]
    if body and _UNHANDLED.match(body[0]):
        body[0] = body[0].partition("xception:")[2].strip()
        body = body if body[0] else body[1:]
    match = _TYPED.match(body[0].strip()) if body else None
    if match is None:
        return Draft("", "\n".join(body))
    return Draft(match[1], "\n".join([match[2], *body[1:]]))
