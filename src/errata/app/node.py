"""The name of this data folder's journal, for ever: positions in it are told apart from those of other nodes by it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

from errata.base.errors import Unavailable
from errata.base.ids import NodeId
from errata.storage.journal.folder import sync_folder

NODE_FILE = "node"


def node_of(journal: Path) -> NodeId:
    """The node id kept in the journal's folder, made and synced at the first asking. Raises Unavailable.

    Web and worker may ask at once: the one that links its file first names the node for both.
    """
    path = journal / NODE_FILE
    try:
        if not path.exists():
            _make(journal, path)
        return NodeId(UUID(path.read_text(encoding="ascii").strip()))
    except (OSError, ValueError) as error:
        raise Unavailable(f"the journal's name cannot be read from {path}: {error}") from error


def _make(journal: Path, path: Path) -> None:
    journal.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = uuid4()
    draft = journal / f"{NODE_FILE}.{name}.new"
    with draft.open("x", encoding="ascii") as file:
        file.write(f"{name}\n")
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    sync_folder(journal)
