"""Requests of every SDK's protocol, from good to damaged, for the fuzzer that speaks to a server.

Begins with the recorded requests of tests/payloads and the requests of tests/golden, adds the addresses that are only
answered and uploads of source maps, and changes them: values inside JSON and MessagePack, bytes, compression, keys, and
the way they come (forwarded by a page's proxy, without a key).
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable
from urllib.parse import quote

import msgspec
from fuzz_decoders import recorded_requests

from errata.cli.test_errors import PROTOCOLS, SERVICE, TestError

ANSWERED = (
    "/info", "/v0.6/stats", "/v0.1/pipeline_stats", "/v0.7/config", "/tracer_flare/v1", "/profiling/v1/input",
    "/dogstatsd/v2/proxy", "/debugger/v1/input", "/symdb/v1/input", "/v0.3/services", "/api/v2/replay", "/v1/metrics",
    "/evp_proxy/v2/api/v2/citestcycle", "/telemetry/proxy/api/v2/apmtelemetry", "/api/v2/apmtelemetry",
)  # fmt: skip
SECRETS = ("dd-api-key", "sentry_key")
KEPT = ("content-type", "user-agent", "dd-evp-encoding", "dd-evp-origin", "x-datadog-trace-count", "ddtags")
BOUNDARY = "made-up-boundary"
MAP = b'{"version":3,"sources":["a.ts"],"names":["f"],"mappings":"AAAA,SAASA","sourcesContent":["function f(){}"]}'

Change = Callable[[object], object]
"""Makes another value of one that was read."""
Damage = Callable[[bytes], bytes]
Request = tuple[str, str, list[tuple[str, str]], bytes]


class SdkRequests:
    """All protocols. `key` is the API key that is sent."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._seeds = [*_recorded(), *_answered(), *(_upload(dice) for dice in map(random.Random, range(4)))]

    def one(self, dice: random.Random, change: Change, damage: Damage) -> Request:
        """A request made from a recorded one; `change` and `damage` throw the same dice."""
        path, query, headers, body = dice.choice(self._seeds)
        body = _changed(body, headers.get("content-type", ""), change) if dice.random() < 0.5 else body
        body = damage(body) if dice.random() < 0.4 else body
        headers = dict(headers)
        encoding = dice.choice(("", "", "", "gzip", "deflate", "zstd", "br"))
        if encoding in ("gzip", "deflate"):
            body = zlib.compress(body, 1, 31 if encoding == "gzip" else 15)
        if encoding:  # zstd and br are lies
            headers["content-encoding"] = encoding
            body = damage(body) if dice.random() < 0.1 else body
        headers |= self._keyed(dice, path)
        target = path + (f"?{query}" if query else "")
        if dice.random() < 0.1:
            target = "/proxy?ddforward=" + quote(target, safe="")
        return dice.choice(("POST",) * 20 + ("PUT", "GET", "HEAD", "OPTIONS")), target, list(headers.items()), body

    def good(self, dice: random.Random, number: int, service: str, at_ms: int) -> tuple[Request, int]:
        """An undamaged error of a service, whose name has the test errors' length, and the status of its success."""
        assert len(service) == len(SERVICE), "a length inside the body would be wrong"
        protocol = PROTOCOLS[dice.choice(list(PROTOCOLS))]
        said = protocol.sending(TestError(f"{service}-{number}", at_ms), self._key)
        body = said.body.replace(SERVICE.encode(), service.encode())
        return (said.method, said.path, list(said.headers.items()), body), protocol.accepted

    def _keyed(self, dice: random.Random, path: str) -> dict[str, str]:
        odd = dice.random()
        if odd < 0.03:
            return {}
        key = dice.choice(("x", "\xff" * 32, "0" * 32)) if odd < 0.06 else self._key
        if path.endswith(("/envelope/", "/store/")) and odd < 0.5:
            return {"x-sentry-auth": f"Sentry sentry_key={key}, sentry_version=7"}
        return {"authorization": f"Bearer {key}"} if path.startswith("/v1/") and odd < 0.3 else {"dd-api-key": key}


def _recorded():
    for path, query, headers, body in recorded_requests():
        said = {name.lower(): value for name, value in headers.items()}
        kept = {name: said[name] for name in said if name in KEPT or name.startswith("datadog-")}
        pairs = [pair for pair in query.split("&") if pair and pair.partition("=")[0].lower() not in SECRETS]
        yield path, "&".join(pairs), kept, _plain(body, said.get("content-encoding", ""))


def _plain(body: bytes, encoding: str) -> bytes:
    from errata.ingest.inflate import inflate

    return inflate(body, encoding, 32 << 20)


def _answered():
    for path in ANSWERED:
        yield path, "", {"content-type": "application/json"}, b'{"api_version":"v2","payload":{"logs":[]}}'


def _upload(dice: random.Random):
    said = {"type": "js_sourcemap", "service": "noise-1", "version": "1", "minified_url": "https://x.test/a.js"}
    parts = [(b"event", json.dumps(said).encode()), (b"source_map", MAP), (b"minified_file", b"function f(){}")]
    dice.shuffle(parts)
    lines = b"".join(
        b'--%s\r\nContent-Disposition: form-data; name="%s"; filename="f"\r\n\r\n%s\r\n' % (BOUNDARY.encode(), *part)
        for part in parts[dice.randrange(2) :]
    )
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return "/api/v2/srcmap", "", headers, lines + b"--%s--\r\n" % BOUNDARY.encode()


def _changed(body: bytes, content_type: str, change: Change) -> bytes:
    """The body with other values inside, where it can be read; several documents by lines each for themselves."""
    if "msgpack" in content_type:
        try:
            return msgspec.msgpack.encode(change(msgspec.msgpack.decode(body, strict=False)))
        except (ValueError, TypeError, OverflowError, msgspec.MsgspecError, RecursionError):
            return body
    return b"\n".join([_changed_line(line, change) for line in body.split(b"\n")])


def _changed_line(line: bytes, change: Change) -> bytes:
    if line[:1] not in (b"{", b"["):
        return line
    try:
        return json.dumps(change(json.loads(line))).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        return line
