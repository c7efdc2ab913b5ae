"""The group that a Sentry client names for an event, as one text. Pure.

A list of one text is that text, so that it names the same group as a `error.fingerprint` of another protocol. Any
other list is written as JSON, which no two lists share. `{{ default }}` in it stands for what Errata itself would have
grouped by (`grouping/custom.py`).
"""

from __future__ import annotations

import hashlib

import msgspec

from errata.ingest.wire.sentry_values import text

DEFAULT = "{{ default }}"
_DEFAULT_SPELLINGS = frozenset({"{{default}}", "{{ default }}", "{{ default}}", "{{default }}"})


def fingerprint_of(value: object) -> str:
    """The text of a `fingerprint`; empty where it says nothing but the default."""
    given = value if isinstance(value, list) else [value]
    parts = [part for part in map(_part, given) if part]
    if not parts or all(part == DEFAULT for part in parts):
        return ""
    if len(parts) > _MOST:
        parts = [*parts[: _MOST - 1], _short("\0".join(parts[_MOST - 1 :]))]
    if len(parts) == 1 and not parts[0].startswith("["):
        return parts[0]
    return msgspec.json.encode(parts).decode()


def _part(value: object) -> str:
    part = value if isinstance(value, str) else text(value)
    if part.strip() in _DEFAULT_SPELLINGS:
        return DEFAULT
    return part if len(part) <= _LONGEST else _short(part)


def _short(part: str) -> str:
    """A long text as its beginning and a hash, so that no bound behind this one can cut two into the same."""
    digest = hashlib.blake2b(part.encode("utf-8", "replace"), digest_size=16).hexdigest()
    return f"{part[:_KEPT]}#{digest}"


_MOST, _LONGEST, _KEPT = 16, 150, 60
