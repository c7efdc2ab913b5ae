"""Sends made-up requests to a running server and holds that none is answered with a 5xx.

A plain script, run by `make fuzz`; it starts a server of its own in a temporary folder unless told of one. Every
request is made from the seed and its number alone, so that `--only NUMBER` sends it again. Beside the noise go good
errors in the same bodies as damaged entries, and good ones in every SDK's protocol; at the end the search must find
every one of them once.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import gzip
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlsplit

import zstandard
from sdk_requests import SdkRequests

API_KEY = "f" * 32
APP_KEY = "e" * 40
ISSUES = "/api/v2/error-tracking/issues"
LOGS = ("/api/v2/logs", "/v1/input", f"/v1/input/{API_KEY}")
SENTRY = re.compile(rb"[A-Z]+ /api/\d+/(envelope|store)/?[? ]")
MARK_EVERY = 50
"""Every so many requests one carries good errors between damaged entries."""

ATOMS = (
    None, True, False, 0, 1, -1, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63), 10**25, 0.5, -0.0, 1e308, float("nan"),
    float("inf"), "", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "\ufffd", "\u202e", "\U0001f600", "é", "e\u0301",
    "'", '"', "\\", "%s", "{a:String}", "../../etc/passwd", "1970-01-01T00:00:00Z", "2200-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999999-23:59", "error", "critical", "env:prod,version:1.2",
    "KeyError: 'x'", "Traceback (most recent call last):\n  File \"/a.py\", line 1, in f\nKeyError: 'x'",
    "Error: x\n    at f (/srv/a.js:1:2)", "java.lang.Error: x\n\tat a.B.c(D.java:1)\n\t... 9 more", '{"message":"in"}',
    "[" * 200, "{" * 200, "x" * 5000, "67d80aa3-36ff-44b9-a694-c501a7591737", [], {}, [[]], [{}], [None] * 50,
)  # fmt: skip
NAMES = (
    "message", "msg", "log", "status", "level", "severity", "service", "host", "hostname", "ddsource", "ddtags",
    "timestamp", "date", "@timestamp", "error", "error.stack", "error.kind", "error.message", "kind", "type", "stack",
    "causes", "fingerprint", "handling", "is_crash", "usr", "id", "email", "dd", "trace_id", "span_id", "env",
    "version", "exc_info", "err", "name", "stack_trace", "syslog", "view", "session_id", "network", "contextMap.dd",
    "_dd", "", "\0", "\ud800", "a.b.c", "key",
)  # fmt: skip
QUERY_WORDS = (
    "*", "?", "AND", "OR", "NOT", "-", "(", ")", '"', "service:", "env:", "status:error", "@error.kind:", "@a.b:", ":",
    ">", "<=", "[1 TO 5]", "[", "{", "}", "TO", "shop", "Key*", "*r?", "\\", "\\:", "é", "\U0001f600", "\0", "1e999",
    "0x10", "2020-01-01", "@usr.id:", "tags:", "/re/", "'", "%", "`", "--", " ", "\u3000", "x" * 300,
)  # fmt: skip
MEDIA = (
    *("application/json",) * 12, "application/json; charset=utf-8", "text/plain", "text/plain;charset=UTF-8", "", "x",
    "application/logplex-1", "application/x-www-form-urlencoded", "image/png", "application/vnd.api+json", "\xff\xfe;=",
)  # fmt: skip
TOKENS = (b"[", b"]", b"{", b"}", b'"', b"\\", b",", b":", b"\0", b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\\u0000",
          b"\n", b"\r\n", b"null", b"1e999", b"NaN", b"-", b"9" * 400, b"[" * 3000, b'{"a":' * 2000, b"\xef\xbb\xbf")  # fmt: skip


class Maker:
    """Makes request number `number`: a pure function of the seed."""

    def __init__(self, seed: int, number: int, surface: Surface) -> None:
        self.dice = random.Random(f"{seed}:{number}")  # noqa: S311 - to be repeated, not to be secret
        self.surface = surface

    def request(self) -> tuple[bytes, bool]:
        """The request's bytes, and whether its framing is sound."""
        kinds = (self.logs, self.sdk, self.search, self.call, self.anywhere)
        kind = self.dice.choices(kinds, (20, 35, 15, 25, 5))[0]
        method, target, headers, body = kind()
        whole = written(method, target, headers, body)
        if self.dice.random() < 0.02:
            return self.damaged(whole), False
        return whole, True

    def logs(self):
        dice = self.dice
        entries = [self.entry() for _ in range(dice.choice((1, 1, 1, 2, 5, 30)))]
        shape = dice.random()
        if shape < 0.6:
            body = self.text(entries)
        elif shape < 0.8:
            body = b"\n".join(self.text(entry) for entry in entries)
        else:
            body = dice.choice((self.text(entries[0]), dice.randbytes(dice.randrange(60)), b"a line\nanother", b""))
        body = self.perhaps_damaged(body, 0.3)
        encoding = dice.choice(("", "", "", "identity", "gzip", "deflate", "zstd", "raw", "br", "gzip, gzip"))
        body = self.perhaps_damaged(encoded(body, encoding), 0.1 if encoding else 0)
        said = {"raw": "deflate"}.get(encoding, encoding)
        if dice.random() < 0.05:
            said = dice.choice(("gzip", "zstd", "deflate", "x", "GZIP", " gzip ,identity"))
        headers = [*self.keys(intake=True), ("Content-Type", dice.choice(MEDIA))]
        headers += [("Content-Encoding", said)] if said else []
        headers += self.extra_headers()
        query = self.query(("ddsource", "ddtags", "service", "hostname", "dd-api-key", "dd-evp-encoding", "ddforward",
                            "dd-request-id", "_dd.retry_count", "batch_time"))  # fmt: skip
        return dice.choice(("POST",) * 30 + ("GET", "PUT", "OPTIONS", "HEAD")), dice.choice(LOGS) + query, headers, body

    def sdk(self):
        method, target, headers, body = self.surface.sdks.one(self.dice, self.tried, self.damaged)
        return method, target, [*headers, *self.extra_headers()], body

    def search(self):
        attributes = {"query": self.search_text(), "from": 0, "to": 2_000_000_000_000, "persona": "ALL"}
        optional = {
            "track": self.dice.choice(("logs", "trace", "rum", "x")),
            "order_by": self.dice.choice(("TOTAL_COUNT", "FIRST_SEEN", "IMPACTED_SESSIONS", "PRIORITY", "x")),
            "states": self.dice.choices(("OPEN", "RESOLVED", "IGNORED", "x"), (9, 9, 9, 1), k=self.dice.randrange(4)),
            "assignee_ids": [self.dice.choice(self.surface.ids)],
            "team_ids": [self.dice.choice(self.surface.ids)],
        }
        attributes |= {name: value for name, value in optional.items() if self.dice.random() < 0.2}
        body = {"data": {"type": "search_request", "attributes": attributes}}
        if self.dice.random() < 0.3:
            body = self.changed(body)
        query = self.query(("include",))
        return "POST", f"{ISSUES}/search{query}", self.api_headers(), self.perhaps_damaged(self.text(body), 0.1)

    def call(self):
        method, path, parameters, example = self.dice.choice(self.surface.operations)
        parts = [self.path_part() if part.startswith("{") else part for part in path.split("/")]
        body = b"" if example is None else self.text(self.changed(example))
        if self.dice.random() < 0.05:
            method = self.dice.choice(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))
            body = b"{}"
        target = "/".join(parts) + self.query(parameters)
        return method, target, self.api_headers(), self.perhaps_damaged(body, 0.1)

    def anywhere(self):
        dice = self.dice
        pieces = ("api", "v2", "v1", "logs", "input", "error-tracking", "issues", "..", "%2e%2e", "%00", "%ff", "static",
                  "health", "metrics", "docs", "openapi.json", "", "%2f", "a" * 300, "%", "%zz", "users", "team")  # fmt: skip
        path = "/" + "/".join(dice.choice(pieces) for _ in range(dice.randrange(6)))
        return dice.choice(("GET", "POST", "HEAD", "OPTIONS", "DELETE")), path + self.query(("a",)), self.keys(), b""

    # --- parts ---

    def value(self, depth: int = 0):
        dice = self.dice
        if depth > 4 or dice.random() < 0.6:
            return copy.deepcopy(dice.choice(ATOMS))
        if dice.random() < 0.3:
            return [self.value(depth + 1) for _ in range(dice.randrange(5))]
        return {dice.choice(NAMES): self.value(depth + 1) for _ in range(dice.randrange(6))}

    def entry(self):
        if self.dice.random() < 0.15:
            return self.value()
        entry = {"message": "made up", "status": "error", "service": f"noise-{self.dice.randrange(20)}"}
        entry |= {self.dice.choice(NAMES): self.value() for _ in range(self.dice.randrange(6))}
        return entry

    def changed(self, body):
        """A copy of the body with a few places replaced, dropped or added."""
        return self.tried(json.loads(json.dumps(body)))

    def tried(self, body):
        """The same, in place."""
        for _ in range(self.dice.randrange(4)):
            body = self._changed(body)
        return body

    def _changed(self, value):
        dice = self.dice
        if isinstance(value, dict) and value and dice.random() < 0.8:
            name = dice.choice(list(value))
            what = dice.random()
            if what < 0.15:
                value.pop(name)
            elif what < 0.25:
                value[dice.choice(NAMES)] = self.value()
            else:
                value[name] = self._changed(value[name])
            return value
        if isinstance(value, list) and value and dice.random() < 0.5:
            at = dice.randrange(len(value))
            value[at] = self._changed(value[at])
            return value
        return self.value(3) if dice.random() < 0.8 else dice.choice(self.surface.ids)

    def text(self, value) -> bytes:
        text = json.dumps(value, ensure_ascii=self.dice.random() < 0.7)
        return text.encode("utf-8", "surrogatepass")

    def search_text(self) -> str:
        if self.dice.random() < 0.3:
            return "service:noise-1 AND status:error"
        return self.dice.choice(("", " ")).join(self.dice.choice(QUERY_WORDS) for _ in range(self.dice.randrange(12)))

    def path_part(self) -> str:
        odd = ("", "x", "%00", "%ff", "..", "%2e", "a" * 200, "\xff", "0" * 32, "TeamMembership-1")
        return self.dice.choice(odd) if self.dice.random() < 0.3 else self.dice.choice(self.surface.ids)

    def query(self, names) -> str:
        if not names or self.dice.random() < 0.5:
            return ""
        odd = ("", "1", "-1", "0", "9" * 30, "a,b,,", "true", "issue,issue.assignee", "assignee", "name", "-name", "\0",
               "env:a,b:c", "\ud800", "%", "é" * 50, "/api/v2/logs?ddsource=a&ddforward=b", "gzip", "deflate")  # fmt: skip
        pairs = []
        for _ in range(self.dice.randrange(1, 4)):
            value = self.dice.choice((*odd, self.search_text()))
            quoted = quote(value.encode("utf-8", "surrogatepass")) if self.dice.random() < 0.9 else "%ff%zz%"
            pairs.append(f"{quote(self.dice.choice(names))}={quoted}")
        return "?" + "&".join(pairs)

    def keys(self, *, intake: bool = False):
        odd = self.dice.random()
        if odd < 0.03:
            return []
        if odd < 0.06:
            return [("DD-API-KEY", self.dice.choice(("", "x", "\xff" * 32, "y" * 3000))), ("DD-APPLICATION-KEY", "z")]
        if odd < 0.08:
            return [("Authorization", self.dice.choice(("Bearer", "Bearer x", "Basic eDp5", "Bearer " + "t" * 44)))]
        return [("DD-API-KEY", API_KEY)] + ([] if intake else [("DD-APPLICATION-KEY", APP_KEY)])

    def api_headers(self):
        return [*self.keys(), ("Content-Type", self.dice.choice(MEDIA)), *self.extra_headers()]

    def extra_headers(self):
        odd = (("Content-Type", "text/plain"), ("DD-API-KEY", API_KEY), ("DD-API-KEY", "other"), ("dd-protocol", "otlp"),
               ("dd-evp-x", "\xff"), ("ddtags", "a:b,\xe9"), ("service", "s" * 500), ("X-Forwarded-For", "::1,,"),
               ("Accept", "x/y"), ("Origin", "null"), ("dd-idempotency-key", "k"), ("Content-Encoding", "identity"),
               ("Range", "bytes=0-"), ("Upgrade", "h2c"), ("If-None-Match", "*"))  # fmt: skip
        return [self.dice.choice(odd)] if self.dice.random() < 0.15 else []

    def perhaps_damaged(self, data: bytes, share: float) -> bytes:
        return self.damaged(data) if self.dice.random() < share else data

    def damaged(self, data: bytes) -> bytes:
        dice, held = self.dice, bytearray(data)
        for _ in range(dice.randrange(1, 4)):
            at = dice.randrange(len(held) + 1)
            to = min(len(held), at + dice.randrange(1, 20))
            what = dice.randrange(5)
            if what == 0 and at < len(held):
                held[at] ^= 1 << dice.randrange(8)
            elif what == 1:
                del held[at:to]
            elif what == 2:
                held[at:at] = held[at:to]
            elif what == 3:
                held[at:at] = dice.choice(TOKENS)
            else:
                del held[at:]
        return bytes(held)


class Surface:
    """What there is to call: the operations of the published document, and ids that exist or look like it."""

    def __init__(self, document: dict, ids: list[str]) -> None:
        self.sdks = SdkRequests(API_KEY)
        self.ids = [*ids, "67d80aa3-36ff-44b9-a694-c501a7591737", "00000000-0000-0000-0000-000000000000"]
        self.operations = []
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                names = tuple(p["name"] for p in operation.get("parameters", ()) if p.get("in") == "query")
                self.operations.append((method.upper(), path, names, _example(operation)))


def _example(operation: dict):
    content = operation.get("requestBody", {}).get("content", {})
    media = next(iter(content.values()), None)
    if media is None:
        return None
    examples = [media.get("example"), *(one.get("value") for one in media.get("examples", {}).values())]
    return next((one for one in examples if one is not None), {"data": {"type": "x", "attributes": {}}})


def written(method: str, target: str, headers, body: bytes) -> bytes:
    lines = [f"{method} {target.encode('utf-8', 'surrogatepass').decode('latin-1')} HTTP/1.1", "Host: fuzz"]
    lines += [f"{name}: {value}" for name, value in (*headers, ("Content-Length", len(body)))]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def encoded(body: bytes, encoding: str) -> bytes:
    if encoding == "gzip":
        return gzip.compress(body, 1)
    if encoding == "deflate":
        return zlib.compress(body, 1)
    if encoding == "raw":
        return zlib.compress(body, 1)[2:-4]
    return zstandard.compress(body) if encoding == "zstd" else body


class Broken(Exception):
    """The server's answer is none."""


class Connection:
    """Sends bytes as they are and reads the answer; opens itself anew where the server closed."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None
        self._held = b""

    def exchange(self, request: bytes, *, sound: bool) -> tuple[int, bytes] | None:
        """Status and body; None where a damaged request got no answer before a short time was over."""
        for fresh in (False, True):
            if self._socket is None or not sound:
                self.close()
                self._socket = socket.create_connection(self._address, timeout=30)
            self._socket.settimeout(30 if sound else 0.3)
            try:
                self._send(request)
                answer = self._answer(request[:5] == b"HEAD ")
            except (Broken, OSError) as error:
                self.close()
                if not sound:
                    return None
                if fresh:
                    raise Broken(f"no answer: {error!r}") from None
            else:
                if not sound:
                    self.close()  # the server may wait for more of it
                return answer
        return None

    def _send(self, request: bytes) -> None:
        # Refused before all of it was read: the answer may stand in the buffer.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(request)

    def _answer(self, is_head: bool) -> tuple[int, bytes]:
        while b"\r\n\r\n" not in self._held:
            self._more()
        head, _, self._held = self._held.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 "):
            raise Broken(f"not HTTP: {head[:80]!r}")
        status, lowered = int(head[9:12]), head.lower()
        if status == 100:
            return self._answer(is_head)
        length = 0
        for line in lowered.split(b"\r\n"):
            if line.startswith(b"content-length:") and not is_head:
                length = int(line[15:])
        while len(self._held) < length:
            self._more()
        body, self._held = self._held[:length], self._held[length:]
        if b"connection: close" in lowered or self._held:
            self.close()
        return status, body

    def _more(self) -> None:
        more = self._socket.recv(1 << 16)
        if not more:
            raise Broken("closed")
        self._held += more

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._held = None, b""


class Fuzz:
    """One run. Threads draw numbers until there are none or the time is up."""

    def __init__(self, host: str, port: int, seed: int, surface: Surface) -> None:
        self.address, self.seed, self.surface = (host, port), seed, surface
        self.run = f"mark-{os.getpid()}-{int(time.time())}"
        self.statuses: Counter[int | str] = Counter()
        self.faults: list[str] = []
        self.marks: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._next = 0

    def work(self, requests: int, deadline: float) -> None:
        connection = Connection(*self.address)
        while time.monotonic() < deadline and len(self.faults) < 20:
            with self._lock:
                number, self._next = self._next, self._next + 1
            if number >= requests:
                break
            self.one(connection, number)
            if number % MARK_EVERY == 0:
                self.mark(connection, number)
            if number % MARK_EVERY == MARK_EVERY // 2:
                self.mark_by_protocol(connection, number)
        connection.close()

    def one(self, connection: Connection, number: int, *, show: bool = False) -> None:
        request, sound = Maker(self.seed, number, self.surface).request()
        try:
            answer = connection.exchange(request, sound=sound)
        except Broken as error:
            self._note(number, request, str(error))
            return
        if show:
            print(request, answer, sep="\n")
        with self._lock:
            self.statuses[answer[0] if answer else "none"] += 1
        if answer:
            fault = fault_of(request, *answer, sound=sound)
            if fault:
                self._note(number, request, fault)

    def mark(self, connection: Connection, number: int) -> None:
        """Two good errors with damaged entries between them; a body whose frame is lost may be refused as a whole."""
        maker = Maker(self.seed + 1, number, self.surface)
        service = f"{self.run}-{number}"
        good = json.dumps({"service": service, "status": "error", "message": "m", "error": {"kind": "Mark"}}).encode()
        middle = [maker.perhaps_damaged(maker.text(maker.entry()), 0.5) for _ in range(3)]
        body = b"[" + b",".join([good, *middle, good]) + b"]"
        headers = [("DD-API-KEY", API_KEY), ("Content-Type", "application/json")]
        answer = connection.exchange(written("POST", "/api/v2/logs", headers, body), sound=True)
        with self._lock:
            if answer and answer[0] == 202:
                self.marks[service] = 2
            elif answer is None or answer[0] not in (400, 413):
                self.faults.append(f"mark {number}: answered {answer} for {body[:2000]!r}")

    def mark_by_protocol(self, connection: Connection, number: int) -> None:
        """A good error in the protocol of some SDK."""
        service = f"m{int(time.time()) % 10**8:08d}{number:07d}"
        dice = random.Random(f"{self.seed}:{number}:mark")  # noqa: S311 - to be repeated, not to be secret
        request, accepted = self.surface.sdks.good(dice, number, service, int(time.time() * 1000))
        answer = connection.exchange(written(*request), sound=True)
        with self._lock:
            if answer and answer[0] == accepted:
                self.marks[service] = 1
            else:
                self.faults.append(f"mark {number}: {request[1]} answered {answer} for a good error")

    def _note(self, number: int, request: bytes, fault: str) -> None:
        with self._lock:
            self.faults.append(
                f"request {number} (--seed {self.seed} --only {number}): {fault}\n    {request[:1500]!r}"
            )

    def unfound(self, ask, patience_s: float = 30) -> list[str]:
        """Good errors that were acknowledged and are not found, or found more often than sent."""
        missing = dict(self.marks)
        until = time.monotonic() + patience_s
        while missing and time.monotonic() < until:
            for service in list(missing):
                found = ask("POST", f"{ISSUES}/search", search_for(f"service:{service}"))
                if sum(hit["attributes"]["total_count"] for hit in found["data"]) == missing[service]:
                    del missing[service]
            time.sleep(0.2 if missing else 0)
        return [f"{service}: not found {count} times" for service, count in missing.items()]


def fault_of(request: bytes, status: int, body: bytes, *, sound: bool) -> str:
    if status >= 500:
        return f"answered {status} {body[:300]!r}"
    if status >= 400 and b" /api/" in request[:16] and not request.startswith(b"HEAD"):
        head = request.partition(b"\r\n\r\n")[0].lower()
        if b" /api/v0.2/" in head or b"\r\ndd-protocol: otlp" in head:
            return ""  # told in the encoding of the request, which may be Protobuf
        name = "detail" if sound and SENTRY.match(request) else "errors"
        if not sound and SENTRY.match(request) and b'"detail"' in body:
            return ""
        try:
            said = json.loads(body)[name]
        except (ValueError, KeyError, TypeError):
            return f"{status} without `{name}`: {body[:300]!r}"
        if not said or not isinstance(said, str if name == "detail" else list):
            return f"{status} that says nothing: {body[:300]!r}"
    return ""


def search_for(query: str) -> dict:
    now = int(time.time() * 1000)
    window = {"query": query, "from": now - 86_400_000, "to": now + 86_400_000, "persona": "ALL"}
    return {"data": {"type": "search_request", "attributes": window}}


def asker(host: str, port: int):
    def ask(method: str, path: str, body: object = None):
        headers = [("DD-API-KEY", API_KEY), ("DD-APPLICATION-KEY", APP_KEY), ("Content-Type", "application/json")]
        data = b"" if body is None else json.dumps(body).encode()
        connection = Connection(host, port)
        answer = connection.exchange(written(method, path, headers, data), sound=True)
        connection.close()
        if answer is None or answer[0] >= 300:
            raise Broken(f"{method} {path} answered {answer}")
        return json.loads(answer[1]) if answer[1][:1] in (b"{", b"[") else answer[1].decode()

    return ask


@contextlib.contextmanager
def a_server():
    """A server in a folder of its own, gone afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="errata-fuzz-") as folder:
        environment = os.environ | {"ERRATA_API_KEY": API_KEY, "ERRATA_APP_KEY": APP_KEY}
        command = [str(Path(sys.executable).with_name("errata")), "serve", "--data", folder, "--port", str(port)]
        with (Path(folder) / "serve.log").open("wb") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait_until_ready(port, process, Path(log.name))
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _wait_until_ready(port: int, process: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            asker("127.0.0.1", port)("GET", "/health/ready")
        except (OSError, Broken):
            time.sleep(0.2)
        else:
            return
    raise SystemExit("the server did not start:\n" + log.read_text(errors="replace"))


def known_ids(ask) -> list[str]:
    """An issue, a team, users, a project, cases and a comment to be called by name."""
    entry = {"service": "noise-1", "status": "error", "message": "m", "error": {"kind": "Noise", "stack": "x"}}
    ask("POST", "/api/v2/logs", [entry])
    team = ask("POST", "/api/v2/team", {"data": {"type": "team", "attributes": {"name": "Fuzz", "handle": "fuzz"}}})
    users = ask("GET", "/api/v2/users")
    issues: list[dict] = []
    until = time.monotonic() + 20
    while not issues and time.monotonic() < until:
        issues = ask("POST", f"{ISSUES}/search", search_for("service:noise-1"))["data"]
    project = ask("GET", "/api/v2/cases/projects")["data"][0]
    relationships = {"project": {"data": {"id": project["id"], "type": "project"}}}
    attributes = {"title": "Fuzz", "type_id": "00000000-0000-0000-0000-000000000001"}
    new = {"data": {"type": "case", "attributes": attributes, "relationships": relationships}}
    case = ask("POST", "/api/v2/cases", new)["data"]
    said = {"data": {"type": "case", "attributes": {"comment": "Fuzz"}}}
    cell = ask("POST", f"/api/v2/cases/{case['id']}/comment", said)["data"][0]
    known = (team["data"], *users["data"], *issues, project, case, cell)
    return [*(one["id"] for one in known), case["attributes"]["key"]]


def check(port: int, host: str, arguments: argparse.Namespace) -> list[str]:
    ask = asker(host, port)
    fuzz = Fuzz(host, port, arguments.seed, Surface(ask("GET", "/api/openapi.json"), known_ids(ask)))
    if arguments.only is not None:
        fuzz.one(Connection(host, port), arguments.only, show=True)
        return fuzz.faults
    started = time.monotonic()
    deadline = started + arguments.seconds
    with ThreadPoolExecutor(arguments.connections) as threads:
        works = [threads.submit(fuzz.work, arguments.requests, deadline) for _ in range(arguments.connections)]
    for work in works:
        work.result()
    took = time.monotonic() - started
    faults = fuzz.faults + fuzz.unfound(ask)
    health = ask("GET", "/health")
    worker = health["parts"]["worker"]["detail"]
    if health["status"] != "ready" or worker["failed_in_a_row"]:
        faults.append(f"health afterwards: {health}")
    faults += [
        line
        for line in ask("GET", "/metrics").splitlines()
        if line.startswith("errata_digest_failures_total") and not line.endswith(" 0.0")
    ]
    print(f"{sum(fuzz.statuses.values())} requests in {took:.0f} s, seed {arguments.seed}: ", end="")
    print(", ".join(f"{status}: {count}" for status, count in sorted(fuzz.statuses.items(), key=str)))
    print(f"{len(fuzz.marks)} bodies with good errors beside damaged entries were accepted")
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="a running server whose keys are those of this script; default: one of our own")
    parser.add_argument("--requests", type=int, default=60_000)
    parser.add_argument("--seconds", type=float, default=120, help="stop then, however few were sent")
    parser.add_argument("--connections", type=int, default=6)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", type=int, metavar="NUMBER", help="send this one request and show the answer")
    arguments = parser.parse_args()
    if arguments.url:
        address = urlsplit(arguments.url)
        faults = check(address.port or 80, address.hostname or "", arguments)
    else:
        with a_server() as port:
            faults = check(port, "127.0.0.1", arguments)
    for fault in faults:
        print(f"FAULT {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
