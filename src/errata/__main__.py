"""`python -m errata` is the same as `errata`."""

from __future__ import annotations

from errata.cli.main import main

if __name__ == "__main__":
    main()
