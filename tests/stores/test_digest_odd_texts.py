"""What programs put into texts and no database likes: it is counted, and stops nothing."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from digest_site import AT, Site
from sqlalchemy import select

from errata.base.clock import to_ms
from errata.events import recent
from errata.issues.tables import issue_teams, issue_versions, issues
from errata.storage.clickhouse import ClickHouse
from errata.storage.sql import Database

ODD = {
    "NUL": "a\0b",
    "only NUL": "\0",
    "half a surrogate pair": "a\ud800b",
    "controls": "a\x01\x1f\x7f\x85b",
    "no characters": "a\ufffe\uffff\U0010ffffb",
    "very long": "\U0001f41b" * 8_000,
    "broken escape": "a\\u0000\\x00b",
}


@pytest.fixture
def site(tmp_path: Path, state: Database, clickhouse: ClickHouse) -> Iterator[Site]:
    made = Site(tmp_path, state, clickhouse)
    yield made
    made.writer.close()


def an_error(odd: str) -> dict[str, object]:
    """An error with the odd text wherever a program may put one."""
    stack = f'Traceback (most recent call last):\n  File "{odd}.py", line 1, in {odd}\n    {odd}\n{odd}: {odd}'
    return {
        "service": f"till{odd}",
        "status": "error",
        "timestamp": to_ms(AT),
        "message": odd,
        "version": f"1{odd}",
        "env": odd,
        "host": odd,
        "ddsource": odd,
        "hostname": odd,
        "ddtags": f"team:{odd},{odd}:{odd},version:2{odd},git.commit.sha:{odd}",
        "error": {"kind": odd, "message": odd, "stack": stack, "fingerprint": odd, odd: odd},
        "usr": {"id": odd, odd: [odd]},
        odd: {odd: odd},
    }


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_error_with_odd_texts_everywhere_is_counted_beside_a_plain_one(site: Site, odd: str) -> None:
    plain = {"service": "till", "status": "error", "error": {"kind": "KeyError", "message": "no card"}}
    site.send_large(an_error(odd), plain)

    site.finish()

    with site.state.read() as tx:
        counted = [row.event_count for row in tx.execute(select(issues))]
        told = recent.listing(tx, limit=10)
        assert len(tx.execute(select(issue_versions)).all()) <= 2
        assert len(tx.execute(select(issue_teams)).all()) <= 1
    assert counted == [1, 1]
    assert (told[0].entries, told[0].errors) == (2, 2)
    assert site.set_aside() == []


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_request_with_odd_texts_that_cannot_be_read_is_set_aside(site: Site, odd: str) -> None:
    body = ("[" + odd + '{"message": "' + odd).encode(errors="surrogatepass")
    site.send(body=gzip.compress(body), content_encoding="gzip")

    site.finish()

    [kept] = site.set_aside()
    assert kept.reason
