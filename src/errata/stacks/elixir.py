"""Stack traces of Elixir (`Exception.format`) and Erlang (lists of calls as `~p` prints them). Crash side first."""

from __future__ import annotations

import re

from errata.stacks.draft import Draft, number_of, offsets, trace_of
from errata.stacks.model import Frame, StackTrace

_HEADER = re.compile(r"[^\n]{0,300}?\*\* \(((?:[A-Z]\w*\.)*[A-Z]\w*|exit|throw|stop|EXIT from [^)\n]{1,60})\) ?(.*)$")
# `    (app 1.2.3) lib/shop/cart.ex:12: Shop.Cart.total/1`; of compiled-in functions only what was called.
_CALL = re.compile(
    r"[ \t]{2,20}+(?:\([\w@-]+(?: [^)\n]{1,60})?\) )?+(?:([^\s:()]{1,500}\.[a-z]{2,5}):(\d{1,9}): )?+([^\n]*)$"
)
_FUNCTION = re.compile(r'(?:anonymous fn/\d+ in )?(:?[\w."@-]+?)\.("[^"\n]*"|[^\s."/(]+)(?:/(\d{1,3})|\((.*)\))$')
_ERLANG = re.compile(
    r"\{'?([\w.@]+)'?,\s*+'?([^',\s]{1,200}+)'?,\s*+(\d{1,3}+|\[[^\[\]\n]{0,500}\]),\s*+\[(?:\{file,\"([^\"]{1,500}+)\"\},\s*+\{line,(\d{1,9}+)\})?"
)
_ERLANG_CLASS = re.compile(r"(?:Error in process|exception|\*\* (?:exception )?)\s?(error|exit|throw)?:? ?")


def is_likely(text: str) -> bool:
    """Whether an exception of Elixir or a call of either language may stand there; cheap."""
    return "** (" in text or (".ex" in text and "/" in text and "    " in text) or '{file,"' in text


def parse(text: str) -> StackTrace | None:
    """The stack trace in `text`, or None where there is no call with a place. Bounded by the caller."""
    if '{file,"' in text:
        return _erlang(text)
    lines = text.split("\n")
    start = next((index for index, line in enumerate(lines) if "** (" in line and _HEADER.match(line)), None)
    header = _HEADER.match(lines[start]) if start is not None else None
    draft = Draft(header[1], header[2]) if header else Draft()
    for index in range(0 if start is None else start + 1, len(lines)):
        line = lines[index]
        inner = _HEADER.match(line) if "** (" in line else None
        if (
            inner and not draft.frames
        ):  # `** (EXIT from #PID<0.96.0>) an exception was raised:` tells who died, not of what
            draft = Draft(inner[1], inner[2])
        elif frame := _call(line):
            draft.add(frame)
        elif draft.frames and line.strip():
            break
        elif not draft.frames:
            draft.message.append(line.rstrip())
    return trace_of("elixir", [draft]) if any(frame.file for frame in draft.frames) else None


def span(text: str) -> tuple[int, int] | None:
    """Where the first exception with calls stands in `text`."""
    lines = text.split("\n")
    start = next((index for index, line in enumerate(lines) if "** (" in line and _HEADER.match(line)), None)
    if start is None:
        return None
    calls = [index for index in range(start + 1, len(lines)) if _call(lines[index])]
    return offsets(lines, start, calls[-1] + 1, lines[start].find("** (")) if calls else None


def _call(line: str) -> Frame | None:
    if line[:2] not in ("  ", "\t"):
        return None
    match = _CALL.match(line)
    if match is None or not match[3]:
        return None
    if match[3] == "(file)" or match[3].startswith("(module) "):
        return Frame(match[3].partition(" ")[0], match[1] or "", "", number_of(match[2])) if match[1] else None
    function = _FUNCTION.match(match[3]) if len(match[3]) < 2000 else None
    if function is None or not (match[1] or function[1].startswith(":") or function[1][0].isupper()):
        return None
    arity = function[3] or str(_arity(function[4]))
    name = f"{function[2]}/{arity}"
    if match[3].startswith("anonymous fn/"):
        name = f"{match[3].partition(' in ')[0]} in {name}"
    return Frame(name, match[1] or "", function[1], number_of(match[2]))


def _arity(arguments: str) -> int:
    """How many arguments are printed: `price(%{}, [1, 2])` has two. Brackets in strings may mislead it."""
    depth = commas = 0
    for letter in arguments[:2000]:
        depth += (letter in "([{<") - (letter in ")]}>")
        commas += letter == "," and not depth
    return commas + 1 if arguments.strip() else 0


def _erlang(text: str) -> StackTrace | None:
    """Calls as tuples, wherever they stand; what is printed before them is the message."""
    calls = list(_ERLANG.finditer(text))
    if not any(call[4] for call in calls):
        return None
    draft = Draft("", text[: calls[0].start()].strip().rstrip("[").rstrip())
    for call in calls:
        module = call[1].removeprefix("Elixir.")
        arity = call[3] if call[3].isdecimal() else str(_arity(call[3][1:-1]))
        draft.add(Frame(f"{call[2]}/{arity}", call[4] or "", module, number_of(call[5])))
    first = _ERLANG_CLASS.search(draft.message[0])
    draft.type = (first[1] or "error") if first else "error"
    return trace_of("erlang", [draft])
