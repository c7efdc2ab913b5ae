from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from errata.base.errors import Invalid
from errata.settings import Settings, as_environment, entries, load


def test_defaults_listen_on_loopback_and_keep_data_below_the_working_folder():
    settings = load({}, {})

    assert (settings.host, settings.port) == ("127.0.0.1", 8200)
    assert settings.data == Path.cwd() / "errata-data"


def test_an_argument_beats_the_environment_which_beats_the_file(tmp_path: Path):
    (tmp_path / "errata.toml").write_text('port = 1001\nhost = "10.0.0.1"\nlog_level = "debug"\n')

    settings = load({"data": tmp_path, "port": 1003}, {"ERRATA_PORT": "1002", "ERRATA_HOST": "10.0.0.2"})

    assert (settings.port, settings.host, settings.log_level) == (1003, "10.0.0.2", "debug")


def test_the_data_folder_of_the_environment_is_the_one_whose_file_is_read(tmp_path: Path):
    (tmp_path / "errata.toml").write_text("port = 1001\n")

    assert load({}, {"ERRATA_DATA": str(tmp_path)}).port == 1001


def test_a_named_file_may_say_where_the_data_lie(tmp_path: Path):
    file = tmp_path / "chosen.toml"
    file.write_text('data = "/srv/errata"\n')

    assert load({}, {"ERRATA_CONFIG": str(file)}).data == Path("/srv/errata")


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        pytest.param(
            {"ERRATA_APPKEY": "x"},
            "ERRATA_APPKEY: no setting has this name; did you mean ERRATA_APP_KEY?",
            id="near miss",
        ),
        pytest.param({"ERRATA_ZZZZZZ": "x"}, "ERRATA_ZZZZZZ: no setting has this name", id="nothing near"),
        pytest.param(
            {"ERRATA_PORT": "70000"},
            "ERRATA_PORT: a whole number from 0 to 65535 is expected, not '70000'",
            id="out of range",
        ),
        pytest.param({"ERRATA_PORT": "http"}, "ERRATA_PORT: a whole number is expected, not 'http'", id="not a number"),
        pytest.param(
            {"ERRATA_LOG_FORMAT": "xml"}, "ERRATA_LOG_FORMAT: one of lines, json is expected, not 'xml'", id="choice"
        ),
        pytest.param(
            {"ERRATA_ADMIN_EMAIL": "root"}, "ERRATA_ADMIN_EMAIL: an e-mail address is expected, not 'root'", id="e-mail"
        ),
        pytest.param(
            {"ERRATA_EVENTS_URL": "clickhouse:9000"},
            "ERRATA_EVENTS_URL: an address that begins with http:// or https:// is expected",
            id="address, kept secret",
        ),
        pytest.param(
            {"ERRATA_CONFIG": "/nowhere/x.toml"},
            "settings file /nowhere/x.toml cannot be read: No such file or directory",
            id="file",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_its_source_and_what_was_expected(environment, sentence):
    with pytest.raises(Invalid) as refused:
        load({}, environment)

    assert refused.value.message == sentence


def test_every_fault_is_reported_at_once(tmp_path: Path):
    (tmp_path / "errata.toml").write_text('prot = 1\ndata = "/elsewhere"\n')

    with pytest.raises(Invalid) as refused:
        load({"data": tmp_path}, {"ERRATA_PORT": "x"})

    assert len(refused.value.faults) == 3
    assert "did you mean port?" in refused.value.message


def test_a_file_that_is_not_toml_is_named(tmp_path: Path):
    (tmp_path / "errata.toml").write_bytes(b"port = \xff")

    with pytest.raises(Invalid, match="is not TOML"):
        load({"data": tmp_path}, {})


@pytest.mark.parametrize(
    ("text", "count"), [("64MiB", 64 << 20), ("1GiB", 1 << 30), ("5242880", 5 << 20), (5 << 20, 5 << 20)]
)
def test_sizes_may_carry_a_unit(text, count):
    assert load({"intake_max_body_bytes": text}, {}).intake_max_body_bytes == count


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("*", "*"),
        ("https://shop.example", "https://shop.example"),
        (" HTTPS://Shop.Example/ , http://127.0.0.1:8000", "https://shop.example,http://127.0.0.1:8000"),
        ("https://shop.example:443,http://shop.example:80", "https://shop.example,http://shop.example"),
        ("https://shop.example:8443,https://shop.example:8443", "https://shop.example:8443"),
        ("http://[::1]:80,null", "http://[::1],null"),
        ("https://shop.example,*", "*"),
        (["https://a.example", "https://b.example"], "https://a.example,https://b.example"),
    ],
)
def test_origins_are_kept_as_browsers_write_them(said, kept):
    assert load({"browser_origins": said}, {}).browser_origins == kept


@pytest.mark.parametrize(
    "said",
    [
        "",
        "shop.example",
        "https://",
        "https://shop.example/cart",
        "https://u:p@shop.example",
        "https://a:x",
        "a b",
        "*.example",
    ],
)
def test_what_is_no_origin_is_refused(said):
    with pytest.raises(Invalid, match=r"origins like https://shop\.example"):
        load({"browser_origins": said}, {})


def test_secrets_are_neither_in_repr_nor_in_complaints():
    secret = "an application key"

    with pytest.raises(Invalid) as refused:
        load({}, {"ERRATA_APP_KEY": secret})

    assert secret not in refused.value.message
    given = load(
        {},
        {
            "ERRATA_API_KEY": "k" * 32,
            "ERRATA_ADMIN_PASSWORD": "s3cretive",
            "ERRATA_EVENTS_URL": "http://u:pass-word@h/d",
        },
    )
    assert not any(secret in repr(given) for secret in ("k" * 32, "s3cretive", "pass-word"))


def test_a_child_reads_the_same_settings_from_its_environment(tmp_path: Path):
    (tmp_path / "errata.toml").write_text('port = 1001\nadmin_email = "a@b.example"\n')
    settings = load({"data": tmp_path}, {"ERRATA_APP_KEY": "k" * 32})
    (tmp_path / "errata.toml").write_text("changed = meanwhile\n")

    again = load({}, as_environment(settings))

    assert [getattr(again, one.name) for one in entries() if one.name != "config"] == [
        getattr(settings, one.name) for one in entries() if one.name != "config"
    ]


def test_settings_cannot_be_changed_after_reading():
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]
