from __future__ import annotations

import socket

import pytest

from errata.base.errors import Conflict
from errata.cli.sockets import inherited, listen, port_of, url_of


def test_a_port_in_use_is_said_with_what_to_do():
    with listen("127.0.0.1", 0) as taken:
        port = port_of(taken)

        with pytest.raises(Conflict) as refused:
            listen("127.0.0.1", port)

    assert refused.value.message == f"port {port} on 127.0.0.1 is in use; choose another with --port"


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        ("no such host", "there is no address no such host; choose another with --host"),
        ("192.0.2.1", "this machine has no address 192.0.2.1; choose another with --host"),
    ],
)
def test_an_address_that_is_not_ours_is_said(host, sentence):
    with pytest.raises(Conflict) as refused:
        listen(host, 0)

    assert refused.value.message == sentence


def test_an_inherited_socket_is_the_one_that_listens():
    own = listen("127.0.0.1", 0)
    port = port_of(own)

    with inherited(own.detach()) as same, socket.create_connection(("127.0.0.1", port), 5):
        assert port_of(same) == port


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8200"),
        ("0.0.0.0", "http://127.0.0.1:8200"),  # noqa: S104 - shown, not bound
        ("::", "http://[::1]:8200"),
        ("errata.example", "http://errata.example:8200"),
    ],
)
def test_the_address_shown_is_one_that_leads_there(host, url):
    assert url_of(host, 8200) == url
