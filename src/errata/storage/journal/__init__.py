"""The journal: what intake acknowledged, on disk before the answer, until the worker has digested it.

`format.py` says how bytes lie on disk, `writer.py` puts them there, `reader.py` reads them back. The format is frozen:
`docs/reference/journal-format.md` describes it.
"""

from errata.storage.journal.format import Meta
from errata.storage.journal.reader import Damaged, JournalReader, Record, Sizes
from errata.storage.journal.writer import JournalBounds, JournalWriter

__all__ = ["Damaged", "JournalBounds", "JournalReader", "JournalWriter", "Meta", "Record", "Sizes"]
