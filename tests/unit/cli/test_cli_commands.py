"""Commands as a person runs them: their words and their exit statuses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

API_KEY = "0123456789abcdef0123456789abcdef"


def errata(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("ERRATA_")}
    given = {f"ERRATA_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "errata", *arguments],
        env=plain | given,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def data(tmp_path: Path) -> str:
    """A folder that has had its first start."""
    done = errata("migrate", "--first-start", "--data", str(tmp_path), admin_email="ada@errata.example")
    assert done.returncode == 0, done.stderr
    return str(tmp_path)


def test_the_first_start_shows_address_administrator_and_keys_once(tmp_path):
    first = errata("migrate", "--first-start", "--data", str(tmp_path), api_key=API_KEY, port="8300")
    second = errata("migrate", "--first-start", "--data", str(tmp_path), api_key=API_KEY, port="8300")

    assert "http://127.0.0.1:8300" in first.stdout
    assert "admin@localhost" in first.stdout
    assert API_KEY in first.stdout
    assert re.search(r"application key  [0-9a-f]{40}", first.stdout)
    assert re.search(r"client token     pub[0-9a-f]{32}", first.stdout)
    assert (second.returncode, second.stdout) == (0, "")


def test_migrating_again_has_nothing_to_do(data):
    again = errata("migrate", "--data", data)

    assert again.stdout == "nothing to do: the databases have the schema of this release\n"


def test_a_wrong_setting_is_one_line_and_exit_status_1(tmp_path):
    done = errata("serve", "--data", str(tmp_path), prot="1")

    assert done.returncode == 1
    assert done.stderr == "errata: ERRATA_PROT: no setting has this name; did you mean ERRATA_PORT?\n"


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").touch()

    done = errata("serve", "--data", str(tmp_path / "file" / "data"))

    assert done.returncode == 1
    assert done.stderr == f"errata: data folder {tmp_path}/file/data cannot be made: Not a directory\n"


def test_commands_on_an_empty_folder_say_how_to_start(tmp_path):
    done = errata("key", "list", "--data", str(tmp_path))

    assert done.returncode == 1
    assert done.stderr == f"errata: data folder {tmp_path} holds no Errata yet: start it with `errata serve`\n"


def test_a_key_is_made_listed_and_revoked(data):
    made = errata("key", "create", "till", "--kind", "client", "--data", data)
    key_id, secret = re.search(r"is ([0-9a-f-]{36}); .*\n(\S+)\n", made.stdout).groups()
    listed = errata("key", "list", "--data", data).stdout

    revoked = errata("key", "revoke", key_id, "--data", data)

    assert secret.startswith("pub")
    assert f"{key_id}  client       ...{secret[-4:]}  till" in listed
    assert secret not in listed
    assert revoked.stdout == "client key till is revoked\n"
    assert key_id not in errata("key", "list", "--data", data).stdout


def test_a_token_acts_as_its_owner(data):
    refused = errata("token", "create", "script", "--data", data)
    made = errata("token", "create", "script", "--owner", "ADA@errata.example", "--data", data)

    assert refused.stderr == "errata: say whom it acts as with --owner EMAIL\n"
    assert "\nert_" in made.stdout
    assert "script  ada@errata.example" in errata("key", "list", "--data", data).stdout


def test_a_user_is_made_with_roles_by_name(data):
    made = errata("user", "create", "grace@errata.example", "--role", "Read Only", "--data", data)
    again = errata("user", "create", "grace@errata.example", "--data", data)
    unknown = errata("user", "create", "x@errata.example", "--role", "King", "--data", data)

    assert made.stdout.startswith("user grace@errata.example is ")
    assert again.returncode == 1
    assert unknown.stderr == "errata: there is no role King: choose from Admin, Read Only, Standard\n"


def test_wrong_use_is_exit_status_2():
    assert errata("key", "revoke", "not-an-id").returncode == 2
    assert errata("nothing").returncode == 2


def test_the_version_is_printed():
    assert re.fullmatch(r"errata \d+\.\d+\.\d+\n", errata("version").stdout)


def test_a_check_of_a_good_folder_names_every_part(data):
    done = errata("check", "--data", data)

    assert done.returncode == 0
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [
        [part, "ok"] for part in ("settings", "state", "journal", "aside", "events")
    ]


def test_a_check_says_what_is_bad(tmp_path):
    done = errata("check", "--data", str(tmp_path))

    assert done.returncode == 1
    assert "state      BAD data folder" in done.stdout


def test_the_journal_of_a_new_folder_is_empty(data):
    assert errata("journal", "--data", data).stdout == (
        "waiting    0 bytes; 0 segments take 0 bytes on disk\n"
        "set aside  0 records, 0 bytes, 0 marked to be tried again\n"
    )
    assert errata("journal", "list", "--data", data).stdout == ""
    assert errata("journal", "show", "7", "--data", data).stderr == "errata: nothing set aside has the number 7\n"
    assert errata("journal", "replay", "--all", "--data", data).stdout == (
        "0 records will be tried again by the worker\n"
    )
    assert errata("journal", "replay", "--data", data).returncode == 1
