"""Which call is the place of an error, and its function's name without what differs between two runs.

Part of grouping version 1 and frozen with it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from errata.grouping.in_app import Kind, Verdict, family_of, verdict_on
from errata.grouping.names import csharp_function, plain_name
from errata.stacks.model import ExceptionBlock, Frame, Relation

_NAMELESS = frozenset(
    ("<anonymous>", "<lambda>", "<genexpr>", "<listcomp>", "<dictcomp>", "<setcomp>", "eval", "{closure}", "")
)
# CPython 3.12 runs these inside the function that holds them.
_COMPREHENSIONS = frozenset(("<listcomp>", "<dictcomp>", "<setcomp>"))
# Raised by the language on behalf of another exception, which tells more.
_WRAPPERS = frozenset((
    "ExecutionException", "CompletionException", "InvocationTargetException", "UndeclaredThrowableException",
    "ExceptionInInitializerError", "PrivilegedActionException",
    "ExceptionGroup", "BaseExceptionGroup", "AggregateError",
    "AggregateException", "TargetInvocationException", "TypeInitializationException",
))  # fmt: skip
_FUNCTION_LIMIT = 500

_ADDRESS = re.compile(r"[+@]?0x[0-9a-fA-F]+")
_GENERICS = re.compile(r"(?<=[\w\]>])(?:<[^<>]*>|\[\[?[\w., `]*\]?\])")
_COUNTERS = re.compile(
    r"(?<=\$)\d+(?=$|[$.])|(?<=lambda)[-_]?\d+|(?<=anonymous)[-_]?\d+|(?<=closure)[-_]?\d+|(?<=\.func)\d[\d.]*"
)
_GENERATED_CLASS = re.compile(r"\$\$[^.]*")
_LONG_NUMBER = re.compile(r"_?\d{4,}$|::h[0-9a-f]{16}$")
_RECEIVER = re.compile(
    r"(?:async |get |set )*(?:(?:Object|Function|Module|module|exports|global|window|Timeout|Immediate)\.)+"
)
_ENGINE_TYPES = frozenset(("TypeError", "AttributeError", "NameError", "ReferenceError", "UnboundLocalError"))
_CODE_IN_MESSAGE = re.compile(
    r"(?:reading|setting|property|attribute|name|variable|access|argument:?) ['\"]([A-Za-z_$]{1,64})['\"]"
)


class Place(NamedTuple):
    """The call that stands for the error: `frames[at]`, crash side first, and whose code it is."""

    frames: tuple[Frame, ...]
    at: int
    family: str
    is_in_app: bool

    @property
    def frame(self) -> Frame:
        """The call itself."""
        return self.frames[self.at]


class Skipped(NamedTuple):
    """A call that was looked at before the place and passed over."""

    frame: Frame
    number: int
    verdict: Verdict


def place_of(blocks: tuple[ExceptionBlock, ...], language: str) -> Place | None:
    """The place of an error: its crash-side call in the program's own code.

    That of the primary exception where the program itself raised it (calls of the language's own library between do
    not matter). Where a library raised it because of another exception (`Caused by`, `raise ... from`), that of the
    nearest cause that the program raised, else of the deepest that has a call of its own. Without any own call the
    first call of the primary that names both function and file; None when there is none.
    """
    chain = _chain(blocks)
    last: Place | None = None
    for block in chain:
        place, raised_by_program = _own(block.frames, language)
        if place is not None:
            if raised_by_program and (block is chain[-1] or block.type.rpartition(".")[2] not in _WRAPPERS):
                return place
            last = place
    if last is not None:
        return last
    for block in blocks:
        if block.relation is Relation.MEMBER and (place := _own(block.frames, language)[0]):
            return place
    return next((place for block in chain if (place := _any(block.frames, language))), None)


def skipped_before(place: Place, language: str) -> tuple[Skipped, ...]:
    """The calls of the place's exception that were passed over, each with whose code it is."""
    return tuple(
        Skipped(frame, number, verdict_on(frame, family_of(language, frame)))
        for number, frame in enumerate(place.frames[: place.at])
    )


def normalized_function(name: str, family: str) -> str:
    """The function's name without addresses, generics, counters of lambdas, receivers that V8 guesses, `async`."""
    return _normalized(name[:_FUNCTION_LIMIT], family)


def function_in_class(frame: Frame, family: str) -> str:
    """The function as it is named inside its file: on the JVM with its inner classes, in .NET as it was written."""
    if family == "csharp":
        return csharp_function(frame.function, frame.module)
    if family != "java":
        return frame.function
    owner = frame.module.rpartition(".")[2]
    return f"{owner}.{frame.function}" if owner else frame.function


def holder_of(place: Place) -> str:
    """The function around a nameless one, where the stack tells: the next named call in the same file.

    Calls of the language itself between (`Array.map`) are passed over. Empty when another file comes first.
    """
    file = place.frame.file
    for frame in place.frames[place.at + 1 :]:
        if frame.file == file:
            name = _normalized(frame.function[:_FUNCTION_LIMIT], place.family)
            if not is_nameless(name):
                return name
        elif verdict_on(frame, place.family).kind is not Kind.RUNTIME:
            break
    return ""


def is_nameless(function: str) -> bool:
    """Whether a normalized name says nothing: lambdas, anonymous functions, generator expressions."""
    return function in _NAMELESS


def is_comprehension(function: str) -> bool:
    """Whether it is a call only in CPython up to 3.11."""
    return function in _COMPREHENSIONS


def code_in_message(error_type: str, message: str) -> str:
    """The name that an engine's own message quotes from the code (`(reading 'cents')`), or nothing.

    Quoted text is data and left out; in the messages that an interpreter writes about code it is code.
    """
    if error_type not in _ENGINE_TYPES:
        return ""
    match = _CODE_IN_MESSAGE.search(message[:1000])
    return match[1] if match else ""


def _chain(blocks: tuple[ExceptionBlock, ...]) -> list[ExceptionBlock]:
    """The primary exception and its causes, nearest first. A group of one leads on to its only member."""
    if len(blocks) == 1:
        return [blocks[0]]
    at = next((i for i, block in enumerate(blocks) if block.relation is Relation.PRIMARY), 0)
    chain = [blocks[at]]
    for block in reversed(blocks[:at]):
        if block.relation is Relation.CONTEXT:
            break
        if block.relation is Relation.CAUSE:
            chain.append(block)
    after = blocks[at + 1 :]
    chain += [block for block in after if block.relation is Relation.CAUSE]
    members = [block for block in after if block.relation is Relation.MEMBER]
    return [*chain, members[0]] if len(members) == 1 else chain


def _own(frames: tuple[Frame, ...], language: str) -> tuple[Place | None, bool]:
    """The first call of the program's own, and whether only the language's own library stands before it."""
    raised_by_program = True
    for index, frame in enumerate(frames):
        family = family_of(language, frame)
        kind = verdict_on(frame, family).kind
        if kind is Kind.OWN:
            return Place(frames, index, family, is_in_app=True), raised_by_program
        if kind is not Kind.RUNTIME and kind is not Kind.GENERATED:
            raised_by_program = False
    return None, False


def _any(frames: tuple[Frame, ...], language: str) -> Place | None:
    for index, frame in enumerate(frames):
        if frame.function and (frame.file or frame.module):
            return Place(frames, index, family_of(language, frame), is_in_app=False)
    return None


@lru_cache(maxsize=8192)
def _normalized(name: str, family: str) -> str:
    name = name.strip().removeprefix("async ")
    if family == "javascript":
        name = _RECEIVER.sub("", name) or name
        name = name.partition(" [as ")[0]
        if name.endswith("<anonymous>"):
            return "<anonymous>"
        if "/<" in name:  # Firefox: `total/<` is a function without a name in `total`
            name = name.rpartition("/")[2].replace("<", "") or "<anonymous>"
    else:
        name = plain_name(name, family)
    if "0x" in name:
        name = _ADDRESS.sub("", name)
    while "<" in name or "[" in name:
        shorter = _GENERICS.sub("", name)
        if shorter == name:
            break
        name = shorter
    if family != "python":  # which numbers nothing: `parse_lambda2` is another function than `parse_lambda`
        name = _COUNTERS.sub("", name)
    if "$" in name:
        name = _GENERATED_CLASS.sub("", name).rstrip("$")
    return _LONG_NUMBER.sub("", name) or name
