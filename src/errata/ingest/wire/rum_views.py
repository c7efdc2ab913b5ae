"""What a RUM request says of its views: who was looking, and the parts of an address. Pure."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from errata.events.model import Json
from errata.ingest.wire.reserved import Fields


class Viewers:
    """The users that a request's views name, for errors that name none.

    An error belongs to its view's user. Where its view is not in the request, it belongs to the one user whom all
    views of its session name; a session in which two people signed in has none.
    """

    __slots__ = ("_by_session", "_by_view")

    def __init__(self) -> None:
        self._by_view: dict[str, Fields] = {}
        self._by_session: dict[str, Fields | None] = {}

    def note(self, view_id: Any, session_id: Any, usr: Any) -> None:
        """Remember whom a view names; anything but texts and an object is passed over."""
        if type(usr) is not dict or not names_somebody(usr):
            return
        if type(view_id) is str:
            self._by_view[view_id] = usr
        if type(session_id) is str:
            before = self._by_session.setdefault(session_id, usr)
            if before is not None and _person(before) != _person(usr):
                self._by_session[session_id] = None

    def of(self, view_id: Any, session_id: Any) -> Fields:
        """The user of an error's view or session; empty when nobody is known."""
        found = self._by_view.get(view_id) if type(view_id) is str else None
        if found is None and type(session_id) is str:
            found = self._by_session.get(session_id)
        return found or {}


def names_somebody(usr: Fields) -> bool:
    """Whether a `usr` object says more than the identifier that each browser gets."""
    return any(_person(usr))


def _person(usr: Fields) -> tuple[str, ...]:
    return tuple(value if type(value := usr.get(name)) is str else "" for name in ("id", "email", "name"))


def address_parts(url: str) -> dict[str, Json]:
    """The attributes that are derived from a view's address: `url_host`, `url_path`, `url_query` (an object).

    Only of addresses with a scheme: mobile SDKs name screens (`com.example/MainActivity`) in the same field.
    """
    if "://" not in url[:_MAX_SCHEME] or len(url) > _MAX_URL:
        return {}
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
        host = parts.hostname
    except ValueError:
        return {}
    derived: dict[str, Json] = {}
    if host:
        derived["url_host"] = host
    derived["url_path"] = parts.path or "/"
    if pairs:
        derived["url_query"] = {_clean(name): _clean(value) for name, value in pairs}
    return derived


def _clean(text: str) -> str:
    """A decoded parameter may hold what no text may."""
    return text.replace("\0", "\ufffd")


_MAX_SCHEME, _MAX_URL, _MAX_PARAMETERS = 40, 8192, 50
