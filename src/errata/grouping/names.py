"""Functions' names without what compilers and interpreters add to them, language by language.

Part of grouping version 1 and frozen with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_GO_CLOSURE = re.compile(r"(?:\d+(?:cnuf|parwog|parwrefed)?\.|\d+egnar-|mf-)+")
"""`.func1`, `.gowrap1`, `.deferwrap1`, `.1`, `-range1` and `-fm` at the end, read backwards: so each is read once."""
_RUBY_AROUND = re.compile(r"(?:(?:block|rescue|ensure)(?: \(\d+ levels\))? in )+")
_RUBY_OWNER = re.compile(r"(?:[A-Z]\w*(?:::[A-Z]\w*)*|#<[^>]{0,200}>)[#.](?=[^\s.])")
_RUBY_COMPILED = re.compile(r"_{2,4}\d+_\d+$")
_NET_LAMBDA = re.compile(r"<([^<>]*)>(?:b__|m__)[\w]*$|<[^<>]*>g__(\w+)\|[\d_]+$|<(\w+)>\$$")
_NET_GENERICS = re.compile(r"`\d+|\[[^\[\]]*\]")
_NET_EXPLICIT = re.compile(r"(?<![\w.<>,])[\w.<>,]+\.(?=\w+$)")
_NET_STATE_MACHINE = re.compile(
    r"[.+/]<([^<>]+)>(?:d(?:__\d+)?|c__Iterator\w*|c__async\w*|c__AnonStorey\w*)(?:[`\[].*)?$"
)
_NET_COMPILED = re.compile(r"[.+/]<>?.*$")
_RUST_CLOSURE = re.compile(
    r"::\{+(?:closure|vtable\.shim|impl|async_fn|async_block)[^{}]*\}+|\[[0-9a-f]{6,16}\](?=::|>| |$)"
)
_SWIFT_AROUND = re.compile(
    r"^(?:(?:implicit closure|closure|local function|autoclosure|defer) ?#?\d* (?:\([^()]*\) (?:-> [\w()]+ )?)?in "
    r"|partial apply (?:forwarder )?for |specialized |generic specialization <[^>]*> of "
    r"|(?:dispatch )?thunk (?:for|of) |reabstraction thunk helper for |protocol witness for |@objc "
    r"|@nonobjc |static |class |merged "
    r"|\(\d+\) (?:suspend|await) resume partial function for )+"
)
_DART_CLOSURE = re.compile(r"(?:\.<anonymous closure>|\.<fn>)+")
_DART_PRIVATE = re.compile(r"@\d+")
_BEAM_OWNER = re.compile(r"^(?:Elixir\.)?(?:[A-Z]\w*\.)+(?=[^.])")
_NATIVE_SUFFIX = re.compile(r"(?: \[clone [^\]]*\]|\.(?:isra|part|constprop|cold|lto_priv|llvm)(?:\.\d+)?)+$")


def _go(name: str) -> str:
    closure = _GO_CLOSURE.match(name[::-1])
    bare = name[: len(name) - closure.end()] if closure else name
    return (bare or name).rstrip(".") or name


def _ruby(name: str) -> str:
    name = _RUBY_AROUND.sub("", name, count=1)
    return _RUBY_COMPILED.sub("", _RUBY_OWNER.sub("", name, count=1))


def _php(name: str) -> str:
    if "{closure" in name:
        return "{closure}"
    for mark in ("->", "::", "\\"):
        name = name.rpartition(mark)[2] or name
    return name


def _csharp(name: str) -> str:
    name = _NET_GENERICS.sub("", name.partition("(")[0].rstrip() or name)
    if match := _NET_LAMBDA.search(name):
        name = match[1] or match[2] or match[3] or name
    return _NET_EXPLICIT.sub("", name, count=1)


def _rust(name: str) -> str:
    shorter = _RUST_CLOSURE.sub("", name)
    return shorter.replace("::<", "<") or name


def _swift(name: str) -> str:
    return _NATIVE_SUFFIX.sub("", _SWIFT_AROUND.sub("", name, count=1))


def _dart(name: str) -> str:
    return _DART_PRIVATE.sub("", _DART_CLOSURE.sub("", name)).removeprefix("new ") or name


def _beam(name: str) -> str:
    if name.startswith("anonymous fn/"):
        name = name.partition(" in ")[2]
    if name.startswith(('"-', "'-", "-")):  # a function that the compiler made: "-map/2-lists^map/1-0-"/2
        name = name.lstrip("\"'-").partition("-")[0]
    return _BEAM_OWNER.sub("", name, count=1)


def _native(name: str) -> str:
    """Without parameters: `shop::Cart::nth(int) const`, but not without `operator()` or `(anonymous namespace)`."""
    name = _NATIVE_SUFFIX.sub("", name)
    position = 0
    while (at := name.find("(", position)) >= 0:
        if name.startswith("(anonymous", at) or name.endswith("operator", 0, at):
            position = at + 2
            continue
        return name[:at].rstrip() or name
    return name


_RULES: dict[str, Callable[[str], str]] = {
    "go": _go, "ruby": _ruby, "php": _php, "csharp": _csharp, "rust": _rust, "swift": _swift, "dart": _dart,
    "beam": _beam, "native": _native,
}  # fmt: skip


def plain_name(name: str, family: str) -> str:
    """The name without closures, wrappers, parameters and the like; as it is for families without rules."""
    rule = _RULES.get(family)
    return (rule(name) or name) if rule else name


def csharp_function(function: str, module: str) -> str:
    """The method that was written: of a state machine or a lambda's class the one around it."""
    if function == "MoveNext" or function.startswith("<>"):
        match = _NET_STATE_MACHINE.search(module)
        return match[1] if match else function
    return function


def csharp_type(module: str) -> str:
    """The type that was written, without the classes that the compiler puts into it, and without generics."""
    return _NET_GENERICS.sub("", _NET_COMPILED.sub("", module))
