"""Secrets taken out of an event before it is stored. Pure.

Attributes and tags are judged by their names, texts by a few patterns that are tried only where a telling word
stands, so that a text without one costs a few substring searches.
"""

from __future__ import annotations

import itertools
import re
from functools import lru_cache
from typing import TypeAlias

import msgspec

from errata.events.model import Cause, Event, Json
from errata.stacks.model import Frame

REDACTED = "[redacted]"


def scrub(event: Event, *, cards: bool = False, emails: bool = False) -> Event:
    """The event without secrets; the very same object when none was found.

    Values of attributes and tags whose name says password, secret, token, authorization, cookie or API key become
    `[redacted]`, and so do such values inside texts (`password=...`, `Bearer ...`, `https://user:...@host`).
    `cards` and `emails` also take out card numbers (13 to 19 digits with a right check digit) and e-mail addresses
    from texts; the columns `usr_email` and `usr_id` are meant to name the end user and stay.
    """
    text = _Scrubber(cards=cards, emails=emails)
    changes: dict[str, object] = {}
    for field in ("message", "error_message", "error_stack"):
        old = getattr(event, field)
        if not old or ("message" not in changes and field != "message" and old in event.message):
            continue  # a stack that was found in a clean message is clean
        if (new := text.scrubbed(old)) is not old:
            changes[field] = new
    attributes = text.object(event.attributes, 0)
    if attributes is not event.attributes:
        changes["attributes"] = attributes
    if event.details:
        details = text.object(event.details, 0)
        if details is not event.details:
            changes["details"] = details
    if event.tags and _names_secrets(event.tags):
        changes["tags"] = tuple(
            f"{tag.partition(':')[0]}:{REDACTED}" if _is_secret_tag(tag) else tag for tag in event.tags
        )
    if event.causes:
        causes = tuple(map(text.cause, event.causes))
        if causes != event.causes:
            changes["causes"] = causes
    if event.frames and (frames := text.frames(event.frames)) is not event.frames:
        changes["frames"] = frames
    return msgspec.structs.replace(event, **changes) if changes else event


def is_secret_name(name: str) -> bool:
    """Whether an attribute, header or parameter of this name holds a secret.

    The name is taken apart at dots, dashes, underscores and capitals, and whole words count: `db.password`,
    `X-Api-Key`, `accessToken`, `set-cookie`; not `token_count`, `secretary` or `session.id`.
    """
    return _known_name(name) if len(name) <= _CACHED_CHARS else _is_secret(name)


class _Scrubber:
    def __init__(self, *, cards: bool, emails: bool) -> None:
        self._cards = cards
        self._emails = emails
        self._more = cards or emails

    def scrubbed(self, text: str) -> str:
        """The text, the same object when nothing in it had to go."""
        new = text if _tells_nothing(text) else _without_secrets(text)
        if self._emails and "@" in new:
            new = _EMAIL.sub(REDACTED, new)
        if self._cards:
            new = _CARD.sub(_card, new)
        return text if new == text else new

    def object(self, value: dict[str, Json], depth: int) -> dict[str, Json]:
        changed: dict[str, Json] = {}
        for key, inner in value.items():
            if is_secret_name(key) and _may_be_secret(key, inner):
                changed[key] = REDACTED
            elif type(inner) is str and not self._more and _tells_nothing(inner):
                continue
            elif (new := self._value(inner, depth)) is not inner:
                changed[key] = new
        return {**value, **changed} if changed else value

    def cause(self, cause: Cause) -> Cause:
        message, stack, frames = self.scrubbed(cause.message), self.scrubbed(cause.stack), self.frames(cause.frames)
        if message is cause.message and stack is cause.stack and frames is cause.frames:
            return cause
        return msgspec.structs.replace(cause, message=message, stack=stack, frames=frames)

    def frames(self, frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
        """The frames without secrets in their source lines; the same object when there is none."""
        changed = {
            index: msgspec.structs.replace(frame, context=new)
            for index, frame in enumerate(frames)
            if frame.context and (new := self.scrubbed(frame.context)) is not frame.context
        }
        return tuple(changed.get(index, frame) for index, frame in enumerate(frames)) if changed else frames

    def _value(self, value: Json, depth: int) -> Json:
        if isinstance(value, str):
            return self.scrubbed(value)
        if not isinstance(value, dict | list):
            return value
        if depth >= _MAX_DEPTH:
            return REDACTED  # nobody looked further down, so nothing from there is stored
        if isinstance(value, dict):
            return self.object(value, depth + 1)
        new = [self._value(inner, depth + 1) for inner in value]
        return value if all(a is b for a, b in zip(new, value, strict=True)) else new


def _names_secrets(tags: tuple[str, ...]) -> bool:
    return _known_tags(tags) if len(tags) <= _MAX_REMEMBERED_TAGS else any(map(_is_secret_tag, tags))


def _is_secret_tag(tag: str) -> bool:
    name, _, value = tag.partition(":")
    return value not in ("", REDACTED) and is_secret_name(name)


def _may_be_secret(name: str, value: Json) -> bool:
    """Flags (`has_password: true`) and counters (`tokens: 512`) are none; an empty value needs no hiding."""
    if value is None or isinstance(value, bool) or value in ("", [], {}):
        return False
    return not (isinstance(value, int | float) and "token" in name.lower())


def _is_secret(name: str) -> bool:
    words = [word.lower() for word in _NAME_PART.findall(name[:_MAX_NAME])]
    if not words:
        return False
    if words[-1] in _TOKENS or not _SECRET_WORDS.isdisjoint(words):
        return True
    return any(pair in _SECRET_PAIRS for pair in itertools.pairwise(words))


def _tells_nothing(text: str) -> bool:
    """Whether a look at its marks shows that no pattern can match: all but that of a bearer need one of two."""
    if ":" in text or "=" in text:
        return False
    return len(text) < _SHORTEST_BEARER or "bearer" not in text.lower()


def _without_secrets(text: str) -> str:
    with_at = "@" in text
    spans: list[tuple[int, int]] = []
    last, resume = -1, 0
    for word, at in _places(text, with_at=with_at):
        if word != last:
            last, resume = word, 0
        if at < resume or (word == _USER_INFO_WORD and not with_at):
            continue
        match = _PATTERNS[word].match(text, at + len(_WORDS[word]))
        if match:
            resume = match.end()
            if match["secret"] != REDACTED:
                spans.append(match.span("secret"))
    return _blotted(text, spans) if spans else text


_Places: TypeAlias = "list[tuple[int, int]]"
"""Where telling words begin: the word's index in `_TELLING` and its offset, in ascending order."""


def _places(text: str, *, with_at: bool) -> _Places:
    """The telling words of a text. What stands between the first and the last line of a long one is remembered.

    A failing place prints the same calls again and again, below or above a line with another message.
    """
    if len(text) < _LONG_TEXT:
        return _found(text, with_at=with_at)
    start, end = text.find("\n"), text.rfind("\n")
    if not _LONG_TEXT <= end - start <= _REMEMBERED_CHARS:
        return _found(text, with_at=with_at)
    places = [(word, at + start) for word, at in _known_places(text[start:end])]
    around = _found(text[:start] + text[end:], with_at=with_at)
    if around:
        places += [(word, at if at < start else at + end - start) for word, at in around]
        places.sort()
    return places


def _found(text: str, *, with_at: bool) -> _Places:
    lowered = text.lower()
    if len(lowered) != len(text):  # a letter grew when lowered: positions would not fit any more
        lowered = text.translate(_ASCII_LOWER)
    places: _Places = []
    for index, word in enumerate(_WORDS if with_at else _WORDS_WITHOUT_AT):
        at = lowered.find(word)
        while at >= 0:
            places.append((index, at))
            at = lowered.find(word, at + len(word))
    return places


def _blotted(text: str, spans: list[tuple[int, int]]) -> str:
    kept: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if start >= done:
            kept += (text[done:start], REDACTED)
        done = max(done, end)
    kept.append(text[done:])
    return "".join(kept)


def _card(match: re.Match[str]) -> str:
    digits = [int(digit) for digit in match[0] if digit.isdecimal()]
    doubled = [(2 * digit - 9 if digit > 4 else 2 * digit) for digit in digits[-2::-2]]
    return REDACTED if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 else match[0]


_CACHED_CHARS = 100
_known_name = lru_cache(maxsize=8192)(_is_secret)
_known_tags = lru_cache(maxsize=512)(lambda tags: any(map(_is_secret_tag, tags)))
_MAX_NAME = 1000
_MAX_DEPTH = 32
_SHORTEST_BEARER = len("bearer ") + 16
_LONG_TEXT = 400
_REMEMBERED_CHARS = 16_000
_MAX_REMEMBERED_TAGS = 20
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}

_NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRET_WORDS = frozenset(
    {
        "password", "passwords", "passwd", "passphrase", "pwd", "secret", "secrets", "authorization", "cookie",
        "cookies", "apikey", "appkey", "jwt", "bearer", "accesstoken", "authtoken", "credential", "credentials",
    }
)  # fmt: skip
_TOKENS = frozenset({"token", "tokens"})
_SECRET_PAIRS = frozenset(
    {("api", "key"), ("app", "key"), ("application", "key"), ("private", "key"), ("access", "key"), ("pass", "phrase")}
)

# Every pattern is matched right behind its telling word and is bounded, so that a text is read about once per word.
_ASSIGNED = r"""
    s?(?:[_-]?(?:access[_-]?)?key|[_-](?:hash|value))?      # secret_access_key
    \\?["']?
    (?: \s{0,3}(?:=>|=|:)\s{0,3}(?P<quote>\\?["'])          # "password": "...", secret => '...'
      | =                                                   # ?token=...
      | :[ ]?(?=\S{0,200}[0-9!-+/:=@^_`|~-]|\S{0,200}$)     # password: s3cret, but not: unexpected token: expected ...
    )
    (?P<secret>(?(quote)[^"'\\\n]{1,2000}|[^\s,;&"'<>(){}\[\]\\]{1,2000}))"""


def _assigned(rest_of_word: str) -> re.Pattern[str]:
    return re.compile(rest_of_word + _ASSIGNED, re.IGNORECASE | re.MULTILINE | re.VERBOSE)


_CREDENTIALS = re.compile(
    r"""\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?(?:(?:bearer|basic|digest|token|negotiate)\s{1,3})?"""
    r"""(?P<secret>[^\s"'\\,;]{1,4000})""",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\s{1,3}(?P<secret>[A-Za-z0-9._~+/=-]{16,4000})")
_COOKIE = re.compile(r"""\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?(?P<secret>[^\s=;"'\\]{1,200}=[^"'\\\r\n]{0,4000})""")
# A password; or the key of a DSN, which stands where a user would.
_USER_INFO = re.compile(
    r"""(?:[^\s/?#@:"'<>]{0,200}:)?(?P<secret>(?<=:)[^\s/?#@"'<>]{1,500}|(?:pub)?[0-9a-f]{32})(?=@)"""
)
# Sentry's SDKs put the key of their DSN into addresses and into a header of every request that they trace.
_SENTRY_KEY = re.compile(
    r"""[_-](?:public[_-])?key\\?["']?\s{0,3}[=:]\s{0,3}\\?["']?(?P<secret>[^\s,;&"'\\]{1,200})""", re.IGNORECASE
)
_TELLING = (
    ("pass", _assigned("(?:word|wd|phrase)")),
    ("pwd", _assigned("")),
    ("secret", _assigned("")),
    ("token", _assigned("")),
    ("api", _assigned("[_-]?key")),
    ("authorization", _CREDENTIALS),
    ("bearer", _BEARER),
    ("cookie", _COOKIE),
    ("sentry", _SENTRY_KEY),
    ("://", _USER_INFO),
)
"""Words in lower case and what has to stand behind one for its `secret` group to be taken out.

A pattern looks forward only, and no word holds a line's end: words are found in the pieces of a text as in the whole.
"""
_WORDS = tuple(word for word, _ in _TELLING)
_PATTERNS = tuple(pattern for _, pattern in _TELLING)
_USER_INFO_WORD = _WORDS.index("://")
_WORDS_WITHOUT_AT = _WORDS[:_USER_INFO_WORD]
_known_places = lru_cache(maxsize=1024)(lambda calls: tuple(_found(calls, with_at=True)))
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}(?![A-Za-z0-9-])"
)
_CARD = re.compile(r"(?<![0-9])(?:[0-9][ -]?){12,18}[0-9](?![0-9])")
