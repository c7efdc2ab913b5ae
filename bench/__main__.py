"""`make bench`: everything, one after the other, alone on the machine. `python -m bench intake` runs one."""

from __future__ import annotations

import platform
import sys

from bench import digest, intake, search

PARTS = {"intake": intake.main, "digest": digest.main, "search": search.main}


def main() -> None:
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {platform.system()}")
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main()
