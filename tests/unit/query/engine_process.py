"""The embedded engine on its own: a process can open one database folder only, and other tests open theirs.

engine_process.py FOLDER: reads one JSON list `[sql, parameters]` a line, answers each with one JSON text a line.
"""

from __future__ import annotations

import json
import sys

from chdb import session


def main() -> None:
    engine = session.Session(sys.argv[1])
    for line in sys.stdin:
        sql, parameters = json.loads(line)
        try:
            result = (
                engine.query(sql, "TabSeparated", params=parameters)
                if parameters
                else engine.query(sql, "TabSeparated")
            )
            answer = {"rows": str(result)}
        except RuntimeError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)
    engine.close()


main()
