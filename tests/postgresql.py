"""A private PostgreSQL server for tests: the distribution's programs in a folder of their own, gone when the tests end."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

PASSWORD = "kept by the tests"
SESSION = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "32MB"}
"""Settings of a server whose data need not outlive it."""
_PR_SET_PDEATHSIG = 1
_HOSTILE_LOCALE = "tr-TR"
"""The locale of every database made here: it orders words unlike bytes, and its small I is no i.

What Errata answers must not depend on how an operator's server was set up, and in `C` nobody would see that it does.
"""


def program(name: str) -> str | None:
    """The path of a program of PostgreSQL's server, of the newest one where several are installed.

    Debian keeps them out of PATH, a folder a version.
    """
    installed = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = max(installed, key=lambda path: float(re.sub(r"[^\d.]", "", path.parts[-3]) or 0), default=None)
    return str(newest) if newest else shutil.which(name)


class PostgreSQL:
    """A running server with the owner `errata`, who may make databases and is no superuser.

    It listens on a socket in its folder, and on a loopback port where one is given. Keyword arguments are settings of
    the server.
    """

    def __init__(self, port: int = 0, **settings: str) -> None:
        self._port = port
        self._settings = settings
        self._numbers = itertools.count(1)
        self._account = _account()
        # Short, for a socket's address, and where the account may go: pytest's own folders are the caller's only.
        self.folder = Path(tempfile.mkdtemp(prefix="errata-pg-"))
        try:
            if self._account:
                os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)
            self._make()
            self.start()
            with self.administrator() as connection:
                owner = sql.SQL("CREATE ROLE errata LOGIN CREATEDB PASSWORD {}").format(PASSWORD)
                connection.execute(owner)
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Start it, also after `stop` or `kill`."""
        listens = {"listen_addresses": "127.0.0.1" if self._port else "", "port": str(self._port or 5432)}
        chosen = listens | {"unix_socket_directories": str(self.folder), "max_connections": "200"} | self._settings
        settings = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(program("postgres")), "-D", str(self._data), *settings],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                start_new_session=True,  # Ctrl-C is for the tests, which still have to clear up
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one call of the kernel, safe beside threads
                **self._as_account(),
            )  # fmt: skip
        self._wait()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT throws everybody out first, SIGQUIT is a crash that leaves nothing of it in the kernel."""
        if self._process.poll() is None:
            self._process.send_signal(how)
        self._process.wait(30)

    def close(self) -> None:
        """Stop it for good and remove its folder."""
        if hasattr(self, "_process"):
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """The address of a database in the form that Errata takes, for its owner."""
        if self._port:
            password = PASSWORD.replace(" ", "%20")
            return f"postgresql://errata:{password}@127.0.0.1:{self._port}/{database}"
        return f"postgresql://errata@/{database}?host={self.folder}"

    def new_database(
        self, template: str = "template0", *, locale: str = _HOSTILE_LOCALE, encoding: str = "UTF8"
    ) -> str:
        """Make a database and return its name: an empty one, or a copy of another that nobody is connected to."""
        name = f"errata{next(self._numbers)}"
        statement = "CREATE DATABASE {} OWNER errata TEMPLATE {}"
        if template == "template0":
            statement += " ENCODING {} LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE {}"
        names = (sql.Identifier(name), sql.Identifier(template), sql.Literal(encoding), sql.Literal(locale))
        with self.administrator() as connection:
            connection.execute(sql.SQL(statement).format(*names))
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, and throw out whoever uses it."""
        with self.administrator() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextlib.contextmanager
    def administrator(self) -> Iterator[psycopg.Connection]:
        """A superuser's connection in which each statement is a transaction of its own."""
        where = f"host={self.folder} port={self._port or 5432} user=postgres dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            yield connection

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _make(self) -> None:
        subprocess.run(
            [
                str(program("initdb")), "--pgdata", str(self._data), "--username", "postgres", "--no-sync",
                "--encoding", "UTF8", "--locale", "C", "--auth-local", "trust", "--auth-host", "scram-sha-256",
            ],
            check=True, capture_output=True, cwd="/", **self._as_account(),
        )  # fmt: skip

    def _as_account(self) -> dict[str, object]:
        if self._account is None:
            return {}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                with self.administrator():
                    return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"PostgreSQL did not start:\n{self._log.read_text()[-4000:]}") from None
                time.sleep(0.02)


def _account() -> pwd.struct_passwd | None:
    """Whom to run it as: PostgreSQL refuses root. None: as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody.")


def _die_with_parent() -> None:
    """Ask the kernel for SIGQUIT when the tests end in whatever way: PostgreSQL then takes its processes along."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT, 0, 0, 0)
