"""What a supervised process does first: tie its life to its parent's."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1
_ORPHANED = 70
"""Exit status of a process whose parent went away where the kernel does not see to it."""


def die_with_parent(lifeline: int) -> None:
    """End this process at once when the parent ends, even by `kill -9`.

    `lifeline` is the reading end of a pipe whose only writing end the parent holds. On Linux the kernel also kills this
    process by itself, which works while Python is stuck in a library. Abrupt on purpose: a new server may be waiting
    for port and folder, and everything here is safe to kill.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    threading.Thread(target=_watch, args=(lifeline,), name="lifeline", daemon=True).start()


def _watch(lifeline: int) -> None:
    while os.read(lifeline, 1):  # nothing is ever written; the end of the stream is the parent's end
        pass
    os._exit(_ORPHANED)
