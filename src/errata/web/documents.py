"""The project's documentation: which documents there are, in which sections, and where their links lead.

They lie in the folder `documentation` beside this module as they lie in the repository, whose files it links to; an
installed package has copies. What is listed when the server starts is all that can ever be read.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

FOLDER = Path(__file__).parent / "documentation"
INDEX = "/docs/"

_SECTIONS = ("use", "operate", "reference", "architecture", "decisions", "project")
"""The order of the index. `architecture` holds what lies in no folder of `docs`, `project` what lies beside it."""
_TITLE = re.compile(r"^# +(.+?)[ #]*$", re.MULTILINE)
_MARKUP = re.compile(r"[`*]|\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Document:
    """One document. `source` is its path in the repository, `address` what follows `/docs/`, without `.md`."""

    source: str
    address: str
    section: str
    title: str
    file: Path

    @property
    def path(self) -> str:
        """Its path on this server."""
        return INDEX + self.address


@dataclass(frozen=True, slots=True)
class Section:
    """Documents that belong together, by file name, deeper folders last. `name` is also the anchor in the index."""

    name: str
    title: str
    documents: tuple[Document, ...]


class Library:
    """The documents below one folder, as they were when this was made. Their texts are read anew each time."""

    def __init__(self, folder: Path = FOLDER) -> None:
        found: dict[str, Document] = {}
        for document in _documents(folder):
            found.setdefault(document.address, document)
        self._by_address = found
        self._by_source = {document.source: document for document in found.values()}
        self.sections = tuple(_sections(found.values()))

    def find(self, address: str) -> Document | None:
        """The document of this address, exactly as listed."""
        return self._by_address.get(address)

    def link(self, document: Document, target: str) -> str | None:
        """Where a relative link of `document` leads on this server; None when that is not in the library."""
        path, mark, fragment = unquote(target).partition("#")
        source = posixpath.normpath(posixpath.join(posixpath.dirname(document.source), path))
        if other := self._by_source.get(source):
            return other.path + mark + fragment
        folder = source.removeprefix("docs").strip("/")
        if source.split("/")[0] == "docs" and folder in {"", *(section.name for section in self.sections)}:
            return f"{INDEX}#{folder}" if folder else INDEX
        return None


def title_of(text: str, otherwise: str) -> str:
    """The plain words of the first heading."""
    found = _TITLE.search(text)
    return _MARKUP.sub(r"\1", found[1]) if found else otherwise


def _documents(folder: Path) -> Iterator[Document]:
    # Path.rglob does not follow links, and in a clone `docs` is one.
    for place, folders, names in os.walk(folder, followlinks=True):
        folders.sort()
        for name in sorted(names):
            file = Path(place, name)
            if file.suffix == ".md":
                yield _document(file.relative_to(folder).as_posix(), file)


def _document(source: str, file: Path) -> Document:
    inside = source.startswith("docs/")
    address = source.removeprefix("docs/").removesuffix(".md")
    if not inside:
        address = address.lower()
    folder = address.partition("/")[0] if "/" in address else "architecture"
    title = title_of(file.read_text(encoding="utf-8"), address)
    return Document(source, address, folder if inside else "project", title, file)


def _sections(documents: Iterable[Document]) -> Iterator[Section]:
    grouped: dict[str, list[Document]] = {}
    for document in documents:
        grouped.setdefault(document.section, []).append(document)
    order = {name: place for place, name in enumerate(_SECTIONS)}
    for name in sorted(grouped, key=lambda name: (order.get(name, len(order)), name)):
        yield Section(name, name.replace("-", " ").capitalize(), tuple(grouped[name]))
