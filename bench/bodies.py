"""Log errors as real programs send them: Python tracebacks of about 2 kB over a few hundred distinct bugs."""

from __future__ import annotations

import json
import random
import uuid

_WORDS = [
    "account",
    "basket",
    "batch",
    "billing",
    "branch",
    "bucket",
    "carrier",
    "catalog",
    "charge",
    "column",
    "courier",
    "customer",
    "delivery",
    "discount",
    "export",
    "gateway",
    "invoice",
    "ledger",
    "locale",
    "notice",
    "offer",
    "order",
    "parcel",
    "partner",
    "payment",
    "policy",
    "price",
    "product",
    "promo",
    "queue",
    "quota",
    "quote",
    "receipt",
    "refund",
    "region",
    "report",
    "retry",
    "route",
    "schema",
    "shard",
    "shipment",
    "signal",
    "stock",
    "tenant",
    "token",
    "voucher",
    "wallet",
    "webhook",
]
_TYPES = ("KeyError", "ValueError", "TimeoutError", "LookupError", "PaymentDeclined", "StockError", "AttributeError")


def entry(bug: int, rng: random.Random, at_ms: int | None = None) -> dict[str, object]:
    """One log entry; the code belongs to the bug, ids and people to the occurrence."""
    code = random.Random(bug)
    kind = code.choice(_TYPES)
    lines = ["Traceback (most recent call last):"]
    for depth in range(18):
        module, name = code.choice(_WORDS), code.choice(_WORDS)
        where = "/usr/lib/python3.11/site-packages/flask" if depth % 3 == 0 else f"/srv/shop/{code.choice(_WORDS)}"
        lines += [f'  File "{where}/{module}.py", line {code.randrange(9, 900)}, in {name}_{code.choice(_WORDS)}']
        lines += [f"    return {name}({code.choice(_WORDS)}, {code.choice(_WORDS)}={depth})"]
    message = f"{code.choice(_WORDS)} {rng.randrange(10**6)} has no {code.choice(_WORDS)}"
    lines.append(f"{kind}: {message}")
    made: dict[str, object] = {
        "ddsource": "python",
        "ddtags": "env:prod,version:4.3.0,team:pay",
        "hostname": f"web-{rng.randrange(8)}",
        "service": f"shop-{bug % 30}",
        "status": "error",
        "message": message,
        "error": {"kind": kind, "message": message, "stack": "\n".join(lines)},
        "usr": {"id": f"u{rng.randrange(100_000)}"},
        "http": {"method": "POST", "status_code": 500, "url": f"/api/{code.choice(_WORDS)}/{rng.randrange(9999)}"},
        "request_id": str(uuid.UUID(int=rng.getrandbits(128))),
        "feature": code.choice(_WORDS),
        "duration": rng.randrange(10**6, 5 * 10**9),
    }
    if at_ms is not None:
        made["timestamp"] = at_ms
    return made


def single(rng: random.Random, bugs: int = 300) -> bytes:
    """The body of a request with one entry."""
    return json.dumps([entry(bug_of(rng, bugs), rng)]).encode()


def batch(rng: random.Random, size: int, bugs: int = 300, at_ms: int | None = None) -> bytes:
    """The body of a request with many entries."""
    return json.dumps([entry(bug_of(rng, bugs), rng, at_ms) for _ in range(size)]).encode()


def bug_of(rng: random.Random, bugs: int) -> int:
    """Which bug struck: a few of them make most of the errors."""
    return min(int(rng.paretovariate(0.7)), bugs) - 1
