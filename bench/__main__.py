"""`make bench`: everything, one after the other, alone on the machine. `python -m bench intake` runs one part, and
`python -m bench search --events 10m` one with options.
"""

from __future__ import annotations

import platform
import sys

from bench import cases, digest, intake, search, wires

PARTS = {"intake": intake.main, "wires": wires.main, "digest": digest.main, "search": search.main, "cases": cases.main}


def main() -> None:
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {platform.system()}")
    names, options = sys.argv[1:], []
    while names and names[-1] not in PARTS:
        options.insert(0, names.pop())
    for name in names or PARTS:
        PARTS[name](options) if options else PARTS[name]()


if __name__ == "__main__":
    main()
