from __future__ import annotations

import pytest

from errata.storage.engine.fault import Fault
from errata.storage.engine.gate import Kind, kind_of

WRITES = "MUTATING"
READS = "READ_ONLY"


def test_the_reader_reads_and_the_writer_writes():
    assert kind_of("SELECT 1", READS, 1, may_write=False) is Kind.READS
    assert kind_of("INSERT INTO t SELECT 1", WRITES, 1, may_write=True) is Kind.WRITES


@pytest.mark.parametrize(
    ("text", "query_class", "statements"),
    [
        ("INSERT INTO t SELECT 1", WRITES, 1),
        ("SET max_threads = 1", "CONTROL", 1),
        ("GRANT ALL ON *.* TO web", "MUTATING_GLOBAL", 1),
        ("SELECT 1; SELECT 2", READS, 2),
        ("not sql", "UNKNOWN", 0),
    ],
)
def test_the_reader_gets_nothing_else(text, query_class, statements):
    with pytest.raises(Fault):
        kind_of(text, query_class, statements, may_write=False)


@pytest.mark.parametrize("query_class", ["CONTROL", "MUTATING_GLOBAL", "UNKNOWN"])
def test_the_writer_cannot_control_the_engine(query_class):
    with pytest.raises(Fault):
        kind_of("SYSTEM SHUTDOWN", query_class, 1, may_write=True)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT file('/etc/passwd')",
        "SELECT FILE ('/etc/passwd')",
        "SELECT `file`('/etc/passwd')",
        'SELECT "file" ("/etc/passwd")',
        "SELECT file/* (harmless) */('/etc/passwd')",
        "SELECT file--\n('/etc/passwd')",
        "SELECT file\u200b('/etc/passwd')",
        "SELECT `f\\x69le`('/etc/passwd')",
        "SELECT * FROM Python(secret)",
        "SELECT * FROM url('http://a.example/', 'CSV', 'a String')",
        "SELECT * FROM s3Cluster('c', 'x')",
        "SELECT * FROM deltaLakeLocal('/')",
        "INSERT INTO t FROM INFILE '/etc/passwd'",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
    ],
)
def test_statements_that_reach_outside_are_refused(text):
    for query_class in (READS, WRITES):
        with pytest.raises(Fault):
            kind_of(text, query_class, 1, may_write=True)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT file_path, function_name FROM events WHERE language = {p0:String} -- no file is read",
        "SELECT attributes['http.url'] FROM events WHERE url != 'x'",
        "SELECT `profile`(1), myfile(2)",
        "SELECT * FROM numbers(3)",
    ],
)
def test_words_that_only_look_alike_pass(text):
    assert kind_of(text, READS, 1, may_write=False) is Kind.READS
