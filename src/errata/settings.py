"""What an operator may choose, as one frozen value: defaults, then a file, then the environment, then arguments.

Every setting has a unit, a default and one sentence; `docs/reference/settings.md` is printed from them. Only `app`
and `cli` import this module: everybody else is handed plain values.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from errata.base.errors import Fault, Invalid

PREFIX = "ERRATA_"
FILE = "errata.toml"
_DATA = Path("errata-data")
NO_FILE = "none"
"""`config` set to this reads no file: the supervisor has read it already and hands the result to its children."""

Reader = Callable[[object], object]


def _setting(default: object, reader: Reader, unit: str, says: str, *, secret: bool = False) -> Any:
    metadata = {"reader": reader, "unit": unit, "says": says, "secret": secret}
    return field(default=default, repr=not secret, metadata=metadata)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is expected")
    if "\0" in value or "\n" in value:
        raise ValueError("a line of text is expected")
    return value


def _folder(value: object) -> Path:
    path = value if isinstance(value, Path) else Path(_text(value))
    if not str(path).strip():
        raise ValueError("the name of a folder is expected")
    return path.expanduser().absolute()


def _whole(least: int, most: int) -> Reader:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise TypeError("a whole number is expected")
        number = int(value)  # its ValueError is worded anew by the caller
        if not least <= number <= most:
            raise ValueError(f"a whole number from {least} to {most} is expected")
        return number

    return read


_SIZES = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


def _size(least: int, most: int = 1 << 50) -> Reader:
    whole = _whole(least, most)

    def read(value: object) -> object:
        if isinstance(value, str):
            for suffix, factor in _SIZES.items():
                if value.endswith(suffix):
                    return whole(int(value.removesuffix(suffix)) * factor)
        return whole(value)

    return read


def _one_of(*names: str) -> Reader:
    def read(value: object) -> str:
        text = _text(value).lower()
        if text not in names:
            raise ValueError(f"one of {', '.join(names)} is expected")
        return text

    return read


def _url(*schemes: str) -> Reader:
    def read(value: object) -> str:
        text = _text(value)
        scheme = urlsplit(text).scheme
        if text and scheme not in schemes:
            raise ValueError(f"an address that begins with {' or '.join(name + '://' for name in schemes)} is expected")
        return text

    return read


def _origins(value: object) -> str:
    """A list of origins in one spelling: as browsers write them, with commas between them and nothing else."""
    listed = value if isinstance(value, list) else _text(value).split(",")
    found = dict.fromkeys(_origin(_text(one)) for one in listed)
    return "*" if "*" in found else ",".join(found)


def _origin(text: str) -> str:
    origin = text.strip().lower().removesuffix("/")
    if origin in ("*", "null"):
        return origin
    parts = urlsplit(origin)
    try:
        is_default = parts.port == {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        is_default, parts = False, urlsplit("")
    if not parts.scheme or not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}" or "@" in origin:
        raise ValueError("`*`, or origins like https://shop.example with commas between them, are expected")
    return origin.rpartition(":")[0] if is_default else origin


def _email(value: object) -> str:
    text = _text(value)
    name, _, host = text.partition("@")
    if text and (not name or not host or " " in text):
        raise ValueError("an e-mail address is expected")
    return text


def _chosen_secret(least: int) -> Reader:
    def read(value: object) -> str:
        text = _text(value)
        if text and (len(text) < least or not text.isascii() or not text.isprintable() or " " in text):
            raise ValueError(f"at least {least} printable ASCII characters without spaces are expected")
        return text

    return read


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one process. Secrets never show in `repr`; an empty text means "not set"."""

    data: Path = _setting(  # noqa: RUF009 - it returns a field
        _DATA, _folder, "folder", "Where everything that Errata keeps lies; made when absent."
    )
    config: str = _setting(
        "",
        _text,
        "file",
        "The settings file to read instead of `errata.toml` in the data folder; `none` reads no file.",
    )
    host: str = _setting("127.0.0.1", _text, "address", "The address to listen on; `0.0.0.0` for every interface.")
    port: int = _setting(8200, _whole(0, 65535), "port", "The port of intake, API and pages; 0 takes any free one.")
    agent_intake: str = _setting(
        "loopback",
        _one_of("loopback", "open", "key"),
        "who",
        "Who may use a Datadog agent's addresses (tracers) without a key: `loopback`, programs of this machine; `open`,"
        " everybody who reaches the port; `key`, nobody.",
    )
    agent_port: int = _setting(
        0,
        _whole(0, 65535),
        "port",
        "A second port that answers a Datadog agent's addresses and nothing else: 8126 is where tracers look; 0: none.",
    )
    log_level: str = _setting(
        "info", _one_of("debug", "info", "warning", "error"), "level", "The least severe log lines to write."
    )
    log_format: str = _setting(
        "lines", _one_of("lines", "json"), "format", "`lines` for people, `json` (one object a line) for collectors."
    )

    api_key: str = _setting(
        "",
        _chosen_secret(16),
        "key",
        "An API key to add when it is not known yet; empty: the first start makes a random one.",
        secret=True,
    )
    app_key: str = _setting(
        "",
        _chosen_secret(16),
        "key",
        "An application key of the administrator to add when it is not known yet; empty: as above.",
        secret=True,
    )
    admin_email: str = _setting(
        "",
        _email,
        "e-mail",
        "An administrator to add when nobody has this address; empty: the first start makes `admin@localhost`.",
    )
    admin_password: str = _setting(
        "",
        _chosen_secret(8),
        "password",
        "The administrator's password, set when it differs from the one given before; empty: a random one.",
        secret=True,
    )

    database_url: str = _setting(
        "",
        _url("sqlite", "postgresql", "postgresql+psycopg"),
        "address",
        "The state database; empty: SQLite in the data folder.",
        secret=True,
    )
    events_url: str = _setting(
        "",
        _url("http", "https"),
        "address",
        "The event store, with user, password and database; empty: `serve` starts the embedded engine.",
        secret=True,
    )
    engine_port: int = _setting(
        8201, _whole(0, 65535), "port", "The loopback port of `errata engine`; under `serve` any free one is taken."
    )
    engine_read_secret: str = _setting(
        "",
        _chosen_secret(16),
        "password",
        "The engine's password for the user `reader`; `serve` makes one at each start.",
        secret=True,
    )
    engine_write_secret: str = _setting(
        "",
        _chosen_secret(16),
        "password",
        "The engine's password for the user `writer`; `serve` makes one at each start.",
        secret=True,
    )
    engine_memory_mb: int = _setting(
        1024, _whole(256, 1 << 20), "MiB", "Memory that all queries of the embedded engine may use together."
    )

    journal_max_bytes: int = _setting(
        16 << 30,
        _size(128 << 20),
        "bytes",
        "Size of the journal at which intake answers 503 until the worker has caught up.",
    )
    intake_max_body_bytes: int = _setting(
        5 << 20, _size(1 << 10, 1 << 30), "bytes", "Largest body of an intake request after inflating; above it 413."
    )
    sentry_max_body_bytes: int = _setting(
        20 << 20,
        _size(1 << 10, 1 << 30),
        "bytes",
        "Largest body of a Sentry request after inflating (screen recordings are large); above it 413.",
    )
    otlp_max_body_bytes: int = _setting(
        16 << 20, _size(1 << 10, 1 << 30), "bytes", "Largest body of an OTLP request after inflating; above it 413."
    )
    agent_max_body_bytes: int = _setting(
        25 << 20,
        _size(1 << 10, 1 << 30),
        "bytes",
        "Largest body of a request of traces; tracers send up to 20 MiB at once; above it 413.",
    )
    intake_max_entries: int = _setting(
        1000, _whole(1, 1_000_000), "entries", "Most entries in one intake request; above it 413."
    )
    browser_origins: str = _setting(
        "*",
        _origins,
        "origins",
        "Origins whose pages may send errors (`https://shop.example`), with commas between them; `*` for all.",
    )
    source_map_max_bytes: int = _setting(
        100 << 20,
        _size(1 << 10, 1 << 30),
        "bytes",
        "Largest upload of a source map with its minified file, after inflating; above it 413.",
    )
    source_maps_max_bytes: int = _setting(
        10 << 30,
        _size(1 << 20),
        "bytes",
        "Size of all uploaded source maps together; above it the longest unused are removed.",
    )
    event_past_days: int = _setting(
        30, _whole(1, 3650), "days", "How old an event may say it is; older ones are counted at their arrival."
    )
    event_future_hours: int = _setting(
        2, _whole(0, 48), "hours", "How far in the future an event may say it is; later ones count at their arrival."
    )

    max_connections: int = _setting(
        2000, _whole(10, 100_000), "connections", "Most connections open at once; further ones are answered 503."
    )
    max_header_bytes: int = _setting(
        32 << 10, _size(4 << 10, 1 << 20), "bytes", "Most bytes of request line and headers; above it 431."
    )
    header_timeout_s: int = _setting(
        10, _whole(1, 600), "seconds", "Time in which the headers of a request must arrive; after it 408."
    )
    body_timeout_s: int = _setting(
        30, _whole(1, 3600), "seconds", "Time in which the body of a request must arrive; after it 408."
    )
    idle_timeout_s: int = _setting(
        60, _whole(1, 3600), "seconds", "Time after which a connection without a request is closed."
    )

    digest_batch_events: int = _setting(
        20_000, _whole(100, 1_000_000), "events", "Most events that the worker stores in one batch."
    )
    digest_batch_bytes: int = _setting(
        64 << 20,
        _size(1 << 20, 1 << 30),
        "bytes",
        "Most bytes of requests, inflated, that the worker takes into one batch.",
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting as the reference shows it. `default` is text; `secret` ones may not be given as an argument."""

    name: str
    environment: str
    unit: str
    default: str
    says: str
    secret: bool


def entries() -> list[Entry]:
    """Every setting in the order of the class."""
    return [_entry(one) for one in fields(Settings)]


def load(arguments: Mapping[str, object], environment: Mapping[str, str]) -> Settings:
    """The settings in force: an argument beats `ERRATA_NAME` in the environment, which beats the file.

    `arguments` hold only what was given (None counts as not given). Raises Invalid with a fault for every unknown name
    and every bad value, each naming its source; values of secrets are never repeated in a message.
    """
    faults: list[Fault] = []
    chosen = _from_environment(environment, faults)
    chosen |= {name: (value, _option(name)) for name, value in arguments.items() if value is not None}
    chosen = _from_file(chosen, faults) | chosen
    values = _read_all(chosen, faults)
    if faults:
        raise Invalid("; ".join(fault.message for fault in faults), faults=tuple(faults))
    return Settings(**values)


def as_environment(settings: Settings) -> dict[str, str]:
    """The same settings for a child process, which then reads no file."""
    named = {PREFIX + one.name.upper(): str(getattr(settings, one.name)) for one in fields(Settings)}
    return named | {PREFIX + "CONFIG": NO_FILE}


_Chosen = dict[str, tuple[object, str]]
"""Name of a setting -> its raw value and where that was found."""


def _from_environment(environment: Mapping[str, str], faults: list[Fault]) -> _Chosen:
    known = {PREFIX + one.name.upper(): one.name for one in fields(Settings)}
    found: _Chosen = {}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX):
            continue
        if variable in known:
            found[known[variable]] = (value, variable)
        else:
            faults.append(Fault(variable, f"{variable}: no setting has this name{_nearest(variable, known)}"))
    return found


def _from_file(chosen: _Chosen, faults: list[Fault]) -> _Chosen:
    """What the file says. A file that was named must exist; the one in the data folder need not."""
    named = str(chosen["config"][0]) if "config" in chosen else ""
    if named == NO_FILE:
        return {}
    path = Path(named).expanduser() if named else Path(str(chosen.get("data", (_DATA, ""))[0])) / FILE
    if not named and not path.is_file():
        return {}
    found: _Chosen = {}
    names = {one.name: one.name for one in fields(Settings) if one.name != "config"}
    for name, value in _parsed(path, faults).items():
        where = f"{name} in {path}"
        if name == "data" and not named:
            faults.append(Fault(where, f"{where}: the file in the data folder cannot say where that folder is"))
        elif name in names:
            found[name] = (value, where)
        else:
            faults.append(Fault(where, f"{where}: no setting has this name{_nearest(name, names)}"))
    return found


def _parsed(path: Path, faults: list[Fault]) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        faults.append(Fault(str(path), f"settings file {path} cannot be read: {error.strerror}"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(Fault(str(path), f"settings file {path} is not TOML: {error}"))
    return {}


def _read_all(chosen: _Chosen, faults: list[Fault]) -> dict[str, Any]:
    values: dict[str, Any] = {"data": _DATA.absolute()}
    for one in fields(Settings):
        if one.name not in chosen:
            continue
        raw, where = chosen[one.name]
        try:
            values[one.name] = one.metadata["reader"](raw)
        except (ValueError, TypeError) as error:
            faults.append(Fault(where, f"{where}: {_complaint(error)}{_shown(one, raw)}"))
    return values


def _complaint(error: Exception) -> str:
    text = str(error)
    return "a whole number is expected" if text.startswith("invalid literal") else text


def _shown(one: Field[Any], raw: object) -> str:
    return "" if one.metadata["secret"] else f", not {str(raw)[:80]!r}"


def _nearest(name: str, known: Mapping[str, str]) -> str:
    close = get_close_matches(name.removeprefix(PREFIX).lower(), list(known.values()), n=1, cutoff=0.5)
    spelled = {own: variable for variable, own in known.items()}
    return f"; did you mean {spelled[close[0]]}?" if close else ""


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _entry(one: Field[Any]) -> Entry:
    default = "./errata-data" if one.name == "data" else str(one.default)
    if one.name.endswith("_bytes"):
        default = _as_size(one.default)
    return Entry(
        name=one.name,
        environment=PREFIX + one.name.upper(),
        unit=one.metadata["unit"],
        default=default,
        says=one.metadata["says"],
        secret=one.metadata["secret"],
    )


def _as_size(count: Any) -> str:
    for suffix, factor in reversed(_SIZES.items()):
        if count >= factor and count % factor == 0:
            return f"{count // factor}{suffix}"
    return str(count)
