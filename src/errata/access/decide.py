"""What is allowed and what is well formed. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from errata.access.model import Caller, Scope
from errata.base.errors import Forbidden, Invalid

MIN_SECRET_CHARS = 16
MAX_SECRET_CHARS = 128


def effective_scopes(by_roles: Iterable[frozenset[Scope]], by_key: frozenset[Scope] | None) -> frozenset[Scope]:
    """What a user may with a key: all that any of the roles allows, cut to the key's scopes (None: not cut)."""
    held = frozenset[Scope]().union(*by_roles)
    return held if by_key is None else held & by_key


def require(caller: Caller, *needed: Scope) -> None:
    """Raise Forbidden unless the caller has every scope; the message names those that are missing."""
    missing = [scope.value for scope in needed if scope not in caller.scopes]
    if missing:
        plural = "s" if len(missing) > 1 else ""
        raise Forbidden(f"This needs the scope{plural} {', '.join(missing)}, which the key or its owner lacks.")


def email_of(text: str, *, where: str = "email") -> str:
    """The address in lower case. Raises Invalid for what cannot be one.

    Addresses of local systems (`admin@localhost`) pass; whether mail arrives is not known here.
    """
    email = text.strip().lower()
    local, at, domain = email.rpartition("@")
    labels = domain.split(".")
    if (
        not at
        or not 1 <= len(local) <= 64
        or len(email) > 254
        or _UNFIT_FOR_EMAIL.search(email)
        or not all(_LABEL.fullmatch(label) for label in labels)
    ):
        raise Invalid("This is not an email address.", where=where)
    return email


def team_handle_of(text: str, *, where: str = "handle") -> str:
    """The handle in lower case: 1 to 195 letters, digits and `_ - . / :`, as a `team` attribute can carry it.

    Raises Invalid otherwise.
    """
    handle = text.strip().lower()
    if not 1 <= len(handle) <= 195 or not _HANDLE.fullmatch(handle):
        raise Invalid(
            "A handle has 1 to 195 characters: letters, digits, underscore, dash, point, slash, colon.", where=where
        )
    return handle


def name_of(text: str, *, where: str = "name", max_chars: int = 200) -> str:
    """A name of one line without blanks around it. Raises Invalid when it is empty, too long, or not plain text."""
    name = _plain(text, where=where)
    if not 1 <= len(name) <= max_chars:
        raise Invalid(f"This has 1 to {max_chars} characters.", where=where)
    return name


def text_of(text: str | None, *, where: str, max_chars: int = 200, lines: bool = False) -> str | None:
    """A text that may be missing; an empty one is None. `lines` allows line breaks. Raises Invalid as `name_of`."""
    found = _plain(text, where=where, lines=lines) if text is not None else ""
    if len(found) > max_chars:
        raise Invalid(f"This has at most {max_chars} characters.", where=where)
    return found or None


def secret_of(text: str, *, where: str = "key") -> str:
    """A key that somebody chose: 16 to 128 visible ASCII characters. Raises Invalid without repeating it."""
    if not MIN_SECRET_CHARS <= len(text) <= MAX_SECRET_CHARS or not _VISIBLE_ASCII.fullmatch(text):
        raise Invalid(
            f"A key has {MIN_SECRET_CHARS} to {MAX_SECRET_CHARS} visible ASCII characters and no blank.", where=where
        )
    return text


def password_of(text: str, *, where: str = "password") -> str:
    """A password of 8 to 1024 characters. Raises Invalid without repeating it."""
    if not 8 <= len(text) <= 1024 or not text.isprintable():
        raise Invalid("A password has 8 to 1024 characters, all of them printable.", where=where)
    return text


def scopes_of(names: Iterable[str], *, where: str = "scopes") -> frozenset[Scope]:
    """The scopes of these names. Raises Invalid naming the first that is unknown."""
    found = set()
    for name in names:
        try:
            found.add(Scope(name))
        except ValueError as error:
            raise Invalid(f"There is no scope {name[:100]!r}.", where=where) from error
    return frozenset(found)


def search_text_of(*texts: str | None) -> str:
    """What a filter is looked for in: the texts, folded so that upper and lower case of any language agree."""
    return "\n".join(folded(text) for text in texts if text)


def folded(text: str) -> str:
    """One spelling for all that differ in case or in how accents are encoded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _plain(text: str, *, where: str, lines: bool = False) -> str:
    found = unicodedata.normalize("NFC", text.strip())
    if any(unicodedata.category(char) in _UNFIT and not (lines and char in "\n\r\t") for char in found):
        raise Invalid("This holds control characters.", where=where)
    return found


_UNFIT = frozenset({"Cc", "Cs"})  # control characters and lone surrogates: PostgreSQL stores neither NUL nor those
_UNFIT_FOR_EMAIL = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff\"(),:;<>\[\\\]]|\.\.|^\.|\.@|@.*@")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
_HANDLE = re.compile(r"[\w\-./:]+")
_VISIBLE_ASCII = re.compile(r"[!-~]+")
