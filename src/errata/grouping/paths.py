"""File names without what differs between two deploys of the same program.

Part of grouping version 1 and frozen with it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from errata.grouping.model import Dropped
from errata.grouping.names import csharp_type
from errata.stacks.model import Frame

KEPT_PARTS = 4
_LIMIT = 1000  # characters; of a longer path the end counts

_SCHEME = re.compile(r"(?:file|app|ng|capacitor|ionic|http-file):/*(?:localhost)?(?=/)", re.IGNORECASE)
_WEBPACK = re.compile(
    r"(?:webpack|webpack-internal|turbopack|rollup|vite):/+(?:[\w@.~-]*/)??(?=\.{1,2}/|src/|\()|webpack:/+"
)
_HOST = re.compile(r"[a-z][a-z0-9+.-]*://[^/]*", re.IGNORECASE)
_WEBPACK_LAYER = re.compile(r"^\([\w-]+\)/")

# A release, not an interface: `1.4`, `v2.0.1-rc1`, `2026-11-20`, `20261120`; `api/v2` is code and stays.
_VERSION = re.compile(r"(?i:v?\d+(?:[._-]\d+)+(?:[-+._]?[a-z][\w.+-]*)?|v?\d{4,}[\w.+-]*)$")
_HEX_ID = re.compile(r"(?i:(?=.*\d)[0-9a-f]{7,64}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$")
_RANDOM_ID = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[\w-]{16,64}$")
_PASSING = re.compile(r"\d+$|tmp\w{3,}$|_mei\d+$|[a-z]*\d{5,}\w*$")
_TEMPORARY = re.compile(r"tmp\w{3,}$|_MEI\d+$|pip-[\w-]+$|\.?T$|[A-Za-z]*\d{5,}\w*$")
_NAME_AND_VERSION = re.compile(
    r"([A-Za-z][\w.+]*?(?:-[A-Za-z][\w.+]*?)*)[-_@]v?(?:\d+(?:\.\d+)+[\w.+-]*|\d{6,}[\w.+-]*|(?=[a-f]*\d)[0-9a-f]{7,40})$"
)
_NAME_WITH_VERSION = re.compile(r"([A-Za-z]+)\d+\.\d+$")

_ROOTS = frozenset((
    "srv", "opt", "usr", "local", "var", "www", "html", "htdocs", "public_html", "wwwroot", "webapps", "app",
    "apps", "application", "code", "source", "src", "current", "releases", "release", "deploy", "deploys",
    "deployments", "deployment", "build", "builds", "workspace", "workspaces", "work", "repo", "repos", "project",
    "projects", "site", "sites", "task", "function", "functions", "lambda", "runner", "private", "folders", "mnt",
    "data", "root", "shared", ".", "..", "~",
))  # fmt: skip
_WITH_USER = frozenset(("home", "users", "documents and settings"))
_TEMPORARY_ROOTS = frozenset(("tmp", "temp"))
_BUNDLE = frozenset(("js", "mjs", "cjs", "css"))
_CAMEL_WORDS = re.compile(r"[A-Z]?[a-z]{2,}(?:[A-Z][a-z]{2,})*$|[A-Z]+$")
_NO_FILES = frozenset(("", "SourceFile", "Unknown Source", "Native Method", "<generated>"))


def shown_file(frame: Frame, family: str) -> str:
    """The file for a person: as deployed, without query, fragment and loader scheme; a JVM class as its source path."""
    if family == "java":
        return _java_file(frame)
    file = frame.file
    if ":" in file or "?" in file:
        file = _without_loader(file)
    return file or _module_path(frame, family)


def normalized_file(frame: Frame, family: str, service: str) -> str:
    """The file for the fingerprint: the same for every deploy, version, host and user that the program runs as."""
    if family == "java":
        return "/".join(_java_file(frame).split("/")[-KEPT_PARTS:])
    return _normalized((frame.file or _module_path(frame, family))[-_LIMIT:], service)[0]


def explained_file(frame: Frame, family: str, service: str) -> tuple[str, tuple[Dropped, ...]]:
    """As `normalized_file`, with what was left out and why."""
    if family == "java":
        parts = _java_file(frame).split("/")
        cut = "/".join(parts[:-KEPT_PARTS])
        return "/".join(parts[-KEPT_PARTS:]), (_only_the_end(cut),) if cut else ()
    return _normalized((frame.file or _module_path(frame, family))[-_LIMIT:], service)


def _module_path(frame: Frame, family: str) -> str:
    """The module as if it were a path, for calls that tell no file."""
    if family in ("go", "native", "swift"):  # an import path, or the name of a loaded file
        return frame.module
    if family == "csharp":
        return csharp_type(frame.module).replace(".", "/")
    return frame.module.replace("\\", "/").replace("::", "/").replace(".", "/")


def _java_file(frame: Frame) -> str:
    """`com/example/Billing.java` from the class and the file name; the class where the file is not told."""
    package, _, owner = frame.module.rpartition(".")
    name = frame.file
    if name in _NO_FILES:
        name = owner.partition("$")[0] or owner
    return f"{package.replace('.', '/')}/{name}" if package and "/" not in name else name


def _without_loader(file: str) -> str:
    """The path without `file://`, `webpack:///./`, query and fragment. A host stays: it tells where it ran."""
    file = file.partition("?")[0].partition("#")[0]
    file = _SCHEME.sub("", file, count=1)
    if file.startswith(("webpack", "turbopack", "rollup", "vite")):
        file = _WEBPACK_LAYER.sub("", _WEBPACK.sub("", file, count=1))
        file = file.removeprefix("./")
    return file


@lru_cache(maxsize=8192)
def _normalized(file: str, service: str) -> tuple[str, tuple[Dropped, ...]]:
    dropped: list[Dropped] = []
    path = _without_loader(file.replace("\\", "/"))
    if len(path) < len(file):
        dropped.append(Dropped(file, "scheme, query or fragment"))
    if match := _HOST.match(path):
        dropped.append(Dropped(match[0], "host"))
        path = path[match.end() :]
    *folders, name = path.split("/")
    folders = _without_roots(folders, dropped)
    folders = [kept for folder in _without_release(folders, dropped) if (kept := _folder(folder, dropped))]
    while folders and _plain(folders[0]) == _plain(service):
        dropped.append(Dropped(folders.pop(0), "the service's own name"))
    name = _file_name(name, dropped)
    cut = folders[: -KEPT_PARTS + 1]
    if cut:
        dropped.append(_only_the_end("/".join(cut)))
    return "/".join([*folders[-KEPT_PARTS + 1 :], name]), tuple(dropped)


def _only_the_end(cut: str) -> Dropped:
    return Dropped(cut, f"only the last {KEPT_PARTS} parts count")


def _without_roots(folders: list[str], dropped: list[Dropped]) -> list[str]:
    """The folders below where programs are installed, however deep that is."""
    index = 0
    while index < len(folders):
        part = folders[index].lower()
        if part in _WITH_USER:
            index += 2
        elif part in _TEMPORARY_ROOTS:
            index += 2 if index + 1 < len(folders) and _TEMPORARY.match(folders[index + 1]) else 1
        elif part == "folders" and index and folders[index - 1] == "var":  # macOS: /var/folders/ab/cdef/T
            index += 4
        elif not part or part in _ROOTS or part.endswith(":") or _is_id(part) or (index and _PASSING.match(part)):
            index += 1
        else:
            break
    cut = "/".join(folders[:index])
    if cut.strip("/"):
        dropped.append(Dropped(cut, "where it is installed"))
    return folders[index:]


def _without_release(folders: list[str], dropped: list[Dropped]) -> list[str]:
    """The folders without `releases/77` and `current`, between which a program deployed by Capistrano moves."""
    kept = []
    for index, folder in enumerate(folders):
        before = folders[index - 1] if index else ""
        following = folders[index + 1] if index + 1 < len(folders) else ""
        is_number = before == "releases" and folder.isdecimal()
        if is_number or folder == "current" or (folder == "releases" and (following.isdecimal() or _is_id(following))):
            dropped.append(Dropped(folder, "where it is installed"))
        else:
            kept.append(folder)
    return kept


def _is_id(part: str) -> bool:
    return bool(_VERSION.match(part) or _HEX_ID.match(part) or _RANDOM_ID.match(part))


def _folder(folder: str, dropped: list[Dropped]) -> str:
    """The folder's name without its version; empty where it is nothing but a version, date or id."""
    if not folder or folder in (".", ".."):
        return ""
    if _is_id(folder):
        dropped.append(Dropped(folder, "version, date or build"))
        return ""
    if match := _NAME_AND_VERSION.match(folder) or _NAME_WITH_VERSION.match(folder):
        dropped.append(Dropped(folder[match.end(1) :], "version, date or build"))
        return match[1]
    return folder


def _file_name(name: str, dropped: list[Dropped]) -> str:
    """The file's name without the hash of its content and without a version."""
    stem, dot, extension = name.rpartition(".")
    if not dot:
        return "" if _is_id(name) or name.isdecimal() else name
    kept = _bundle_stem(stem) if extension.lower() in _BUNDLE else stem
    if match := _NAME_AND_VERSION.match(kept):
        kept = match[1]
    if kept != stem:
        dropped.append(Dropped(stem, "hash or version in the file's name"))
    return f"{kept}.{extension}"


def _bundle_stem(stem: str) -> str:
    """`main.3f9ab2c1` and `main-BX3k9f_a` without what the bundler made of the content."""
    if len(stem) > 9 and stem[-9] in "-." and _is_content_hash(stem[-8:]):
        stem = stem[:-9]
    pieces = re.split(r"([.~-])", stem)
    kept = [pieces[0]]
    for mark, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        if not (
            _HEX_ID.match(piece) or (len(piece) == 6 and _is_short_hash(piece)) or (mark == "." and piece.isdigit())
        ):
            kept += (mark, piece)
    return "".join(kept)


def _is_short_hash(piece: str) -> bool:
    return bool(re.match(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{6}$", piece))


def _is_content_hash(piece: str) -> bool:
    """Eight characters that are no words: with a digit among letters, or mixed in a way that no name is."""
    if not re.match(r"[\w-]{8}$", piece):
        return False
    has_digit = any(c.isdigit() for c in piece)
    if has_digit:
        return any(c.isalpha() for c in piece)
    return piece != piece.lower() and "-" not in piece and _CAMEL_WORDS.match(piece) is None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
