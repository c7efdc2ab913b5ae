"""How long to wait before trying again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double from `first_s` up to `most_s`."""

    first_s: float
    most_s: float

    def wait_s(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row; 0 after none."""
        if failures <= 0:
            return 0.0
        doublings = min(failures - 1, 60)  # beyond it floats would overflow, and `most_s` rules anyway
        return min(self.most_s, self.first_s * 2.0**doublings)
