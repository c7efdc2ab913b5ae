"""What docs/use/case-projects.md shows works as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/use/case-projects.md"


def test_the_sample_of_the_guide_runs(fresh_server):
    server = fresh_server()
    [sample] = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    keys = {"ERRATA_URL": server.url, "DD_API_KEY": server.api_key, "DD_APP_KEY": server.app_key}

    done = subprocess.run(
        [sys.executable, "-c", sample], env=os.environ | keys, check=True, capture_output=True, text=True
    )

    assert done.stdout == "SHOP-1 1200.0\n"
