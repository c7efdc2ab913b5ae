"""Why the engine's door says no, in ClickHouse's own codes."""

from __future__ import annotations

import re

SYNTAX_ERROR = 62
UNKNOWN_SETTING = 115
NOT_IMPLEMENTED = 48
TOO_LARGE_SIZE = 131
INCORRECT_DATA = 117
UNKNOWN_COMPRESSION = 89
TOO_MANY_QUERIES = 202
SHUTTING_DOWN = 236
TOO_MANY_BYTES = 396
ACCESS_DENIED = 497
AUTHENTICATION_FAILED = 516
UNKNOWN_EXCEPTION = 1002

_NAMES = {
    SYNTAX_ERROR: "SYNTAX_ERROR",
    UNKNOWN_SETTING: "UNKNOWN_SETTING",
    NOT_IMPLEMENTED: "NOT_IMPLEMENTED",
    TOO_LARGE_SIZE: "TOO_LARGE_SIZE_COMPRESSED",
    INCORRECT_DATA: "INCORRECT_DATA",
    UNKNOWN_COMPRESSION: "UNKNOWN_COMPRESSION_METHOD",
    TOO_MANY_QUERIES: "TOO_MANY_SIMULTANEOUS_QUERIES",
    SHUTTING_DOWN: "ABORTED",
    TOO_MANY_BYTES: "TOO_MANY_ROWS_OR_BYTES",
    ACCESS_DENIED: "ACCESS_DENIED",
    AUTHENTICATION_FAILED: "AUTHENTICATION_FAILED",
}
_STATUSES = {
    **dict.fromkeys((SYNTAX_ERROR, UNKNOWN_SETTING, INCORRECT_DATA, UNKNOWN_COMPRESSION, 26, 27, 33, 36, 53, 72), 400),
    **dict.fromkeys((43, 44, 70, 386, 395, 452, 456, 457, 469, 706), 400),
    **dict.fromkeys((ACCESS_DENIED, AUTHENTICATION_FAILED, 164), 403),
    **dict.fromkeys((16, 46, 47, 60, 81), 404),
    159: 408,
    **dict.fromkeys((TOO_LARGE_SIZE, TOO_MANY_BYTES), 413),
    NOT_IMPLEMENTED: 501,
    **dict.fromkeys((TOO_MANY_QUERIES, SHUTTING_DOWN, 252), 503),
}
_CODE = re.compile(r"Code: (\d+)\. ")


class Fault(Exception):
    """A request that ends in an error: `code` is ClickHouse's number, the text one sentence."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status that ClickHouse answers with for this code."""
        return _STATUSES.get(self.code, 500)

    @property
    def body(self) -> str:
        """The text that clients know how to read."""
        if self.message.startswith("Code: "):
            return self.message
        return f"Code: {self.code}. DB::Exception: {self.message} ({_NAMES.get(self.code, 'UNKNOWN_EXCEPTION')})"


def fault_of(error: RuntimeError) -> Fault:
    """What chDB raised, with the code that its text begins with."""
    text = str(error)
    found = _CODE.search(text)
    if found is None:
        return Fault(UNKNOWN_EXCEPTION, text)
    return Fault(int(found.group(1)), text[found.start() :].strip())
