"""The engine's door as the official client and a plain one meet it."""

from __future__ import annotations

import base64
import http.client
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from datetime import UTC, datetime

import clickhouse_connect
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError
from clickhouse_connect.driver.external import ExternalData
from engines import READ_SECRET, WRITE_SECRET, Engine

from errata.base.errors import ErrataError


@pytest.fixture(params=[False, "gzip", "zstd", "lz4"])
def compress(request):
    return request.param


@pytest.fixture
def client(engine_url, compress):
    made = clickhouse_connect.get_client(
        dsn=engine_url, autogenerate_session_id=False, compress=compress, dedicated_pool=True
    )
    yield made
    made.close()


@pytest.fixture
def reader(engine_read_url):
    made = clickhouse_connect.get_client(dsn=engine_read_url, autogenerate_session_id=False, dedicated_pool=True)
    yield made
    made.close()


@pytest.fixture
def table(engine_url):
    name = f"t{uuid.uuid4().hex}"
    with clickhouse_connect.get_client(dsn=engine_url, autogenerate_session_id=False, dedicated_pool=True) as owner:
        owner.command(
            f"CREATE TABLE {name} (a UInt64, b LowCardinality(String), m Map(LowCardinality(String), Array(String)), "
            "u UUID, at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 10"
        )
        yield name
        owner.command(f"DROP TABLE {name}")


def post(engine, body: bytes, headers: dict[str, str] | None = None, path: str = "/", user: str = "reader"):
    secret = READ_SECRET if user == "reader" else WRITE_SECRET
    known = {"Authorization": "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()}
    request = urllib.request.Request(
        f"http://127.0.0.1:{engine.port}{path}", data=body, headers={**known, **(headers or {})}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers


def test_rows_go_in_and_come_out_in_the_native_format(client, table):
    rows = [
        (1, "x", {"k": ["a", "b"], "empty": []}, uuid.UUID(int=1), datetime(2026, 11, 20, 1, 2, 3, 4000, UTC)),
        (2, "quote ' slash \\ \n \t 😀", {}, uuid.UUID(int=2**128 - 1), datetime(1970, 1, 1, tzinfo=UTC)),
    ]

    client.insert(table, rows, column_names=["a", "b", "m", "u", "at"])

    found = client.query(f"SELECT * FROM {table} ORDER BY a").result_rows
    assert [(*row, at.replace(tzinfo=UTC)) for *row, at in found] == rows


@pytest.mark.parametrize("in_form", [False, True])
def test_parameters_travel_in_the_address_or_in_a_form(engine_read_url, in_form):
    values = {"s": "a'b\\c\n\t\0{p:String}", "l": ["x'", "\\"], "n": -5, "u": uuid.UUID(int=7), "none": None}
    with clickhouse_connect.get_client(
        dsn=engine_read_url, autogenerate_session_id=False, form_encode_query_params=in_form, dedicated_pool=True
    ) as client:
        found = client.query(
            "SELECT {s:String}, {l:Array(String)}, {n:Int64}, {u:UUID}, {none:Nullable(String)}", parameters=values
        )

    assert found.result_rows == [tuple(values.values())]


def test_external_tables_live_as_long_as_their_query(reader):
    data = ExternalData(file_name="mine", data=b"3\tx\n4\ty\n", fmt="TabSeparated", structure="a UInt64, b String")

    found = reader.query(
        "SELECT sum(a), count() FROM mine WHERE a > {n:UInt64}", parameters={"n": 3}, external_data=data
    )

    assert found.result_rows == [(4, 1)]
    with pytest.raises(DatabaseError, match="UNKNOWN_TABLE"):
        reader.query("SELECT * FROM mine")


@pytest.mark.parametrize(
    "structure", ["a String DEFAULT file('/etc/passwd')", "a UInt8) AS SELECT (1", "a UInt8); SELECT (1", "", "a"]
)
def test_an_external_table_is_nothing_but_columns(reader, structure):
    with pytest.raises(DatabaseError):
        reader.query("SELECT * FROM mine", external_data=ExternalData(file_name="mine", data=b"", structure=structure))


def test_settings_hold_for_one_request(client):
    asked = "SELECT getSetting('max_block_size')"

    assert client.query(asked, settings={"max_block_size": 77}).result_rows == [(77,)]
    assert client.query(asked).result_rows != [(77,)]


def test_a_token_names_an_insert(client, table):
    for _ in range(2):
        client.insert(table, [[1]], column_names=["a"], settings={"insert_deduplication_token": "t1"})
    client.insert(table, [[1]], column_names=["a"], settings={"insert_deduplication_token": "t2"})

    assert client.query(f"SELECT count() FROM {table}").result_rows == [(2,)]


def test_a_bad_row_leaves_nothing_of_its_insert(client, table):
    with pytest.raises(DatabaseError):
        client.raw_insert(table, ["a"], b'{"a":1}\n{"a":"no"}\n', fmt="JSONEachRow")

    assert client.query(f"SELECT count() FROM {table}").result_rows == [(0,)]


@pytest.mark.parametrize(
    ("sql", "code"),
    [("SELECT nope FROM system.one", 47), ("SELEC 1", 62), ("SELECT 1; SELECT 2", 62), ("SELECT * FROM nowhere", 60)],
)
def test_errors_carry_the_engines_code(reader, sql, code):
    with pytest.raises(DatabaseError) as raised:
        reader.command(sql)

    assert raised.value.code == code


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO {t} (a) VALUES (1)",
        "DROP TABLE {t}",
        "ALTER TABLE {t} DELETE WHERE 1",
        "CREATE TABLE x (a Int8) ENGINE = Memory",
        "CREATE TEMPORARY TABLE x (a Int8)",
        "SET max_memory_usage = 0",
        "SYSTEM SHUTDOWN",
        "KILL QUERY WHERE 1",
        "GRANT ALL ON *.* TO default",
        "SELECT 1 SETTINGS readonly = 0, max_memory_usage = 0",
        "SELECT 1 SETTINGS max_execution_time = 100000",
    ],
)
def test_the_reader_can_only_read(reader, table, sql):
    with pytest.raises(DatabaseError):
        reader.command(sql.format(t=table))

    assert reader.query(f"SELECT count() FROM {table}").result_rows == [(0,)]


OUTSIDE = [
    "file('/etc/hostname', 'LineAsString')",
    "url('http://127.0.0.1:1/', 'CSV', 'a String')",
    "remote('127.0.0.1', 'system.one')",
    "s3('http://127.0.0.1:1/bucket/key.csv', 'CSV', 'a String')",
    "gcs('http://127.0.0.1:1/bucket/key.csv', 'CSV', 'a String')",
    "hdfs('hdfs://127.0.0.1:1/x', 'CSV', 'a String')",
    "executable('x.sh', 'CSV', 'a String')",
    "python('secret')",
    "mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "sqlite('/tmp/x', 'y')",
    "mongodb('127.0.0.1:1', 'a', 'b', 'c', 'd', 'a String')",
    "redis('127.0.0.1:1', 'k', 'k String')",
    "icebergLocal('/tmp')",
    "deltaLakeLocal('/tmp')",
    "filesystem('/etc')",
    "eval('SELECT 1')",
]


@pytest.mark.parametrize("user", ["reader", "writer"])
@pytest.mark.parametrize("function", OUTSIDE, ids=lambda text: text.partition("(")[0])
def test_nothing_outside_the_store_is_reached(engine, user, function):
    status, body, _ = post(engine, f"SELECT * FROM {function}".encode(), user=user)

    assert status == 403, body


@pytest.mark.parametrize("user", ["reader", "writer"])
@pytest.mark.parametrize(
    "sql", ["SELECT file('/etc/hostname')", "SELECT * FROM default.`/etc/hostname`", "SELECT 1 INTO OUTFILE '/tmp/errata-x'",
            "INSERT INTO FUNCTION null('a Int8') SELECT 1"]
)  # fmt: skip
def test_files_are_out_of_reach(engine, user, sql):
    status, body, _ = post(engine, sql.encode(), user=user)

    assert status in (403, 404), body


def test_the_engine_itself_refuses_what_the_words_forbid(tmp_path):
    """So that a function which is not on the list of words opens nothing either.

    `executable` runs scripts of one folder only, which the engine does not have.
    """
    asked = [
        f"SELECT * FROM {function}" for function in OUTSIDE if not function.startswith(("python", "eval", "executable"))
    ]
    asked += ["SELECT * FROM default.`/etc/hostname`", "CREATE TABLE x (a String) ENGINE = File(LineAsString)"]
    code = """
import sys
from pathlib import Path
from errata.storage.engine.library import Library
from errata.storage.engine.limits import Limits
library = Library(Path(sys.argv[1]), Limits())
for sql in sys.argv[2:]:
    try:
        library._connect(library._address).query(sql, "Null")
        print("answered:", sql)
    except RuntimeError as error:
        if "ACCESS_DENIED" not in str(error):
            print(sql, error)
"""
    done = subprocess.run([sys.executable, "-c", code, tmp_path, *asked], capture_output=True, text=True, check=True)

    assert done.stdout == ""


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Basic " + base64.b64encode(b"reader:wrong").decode()}, 403),
        ({"Authorization": "Basic " + base64.b64encode(b"nobody:").decode()}, 403),
        ({"Authorization": "Basic !!!"}, 403),
        ({"Authorization": ""}, 403),
        ({"Authorization": "Bearer x"}, 403),
        ({"Authorization": "", "X-ClickHouse-User": "reader", "X-ClickHouse-Key": READ_SECRET}, 200),
        ({"Authorization": "", "X-ClickHouse-User": "writer", "X-ClickHouse-Key": READ_SECRET}, 403),
        ({"Origin": "http://127.0.0.1"}, 403),
    ],
)
def test_only_the_two_users_get_in_and_no_web_page(engine, headers, status):
    assert post(engine, b"SELECT 1", headers)[0] == status


def test_ping_needs_no_password(engine):
    with urllib.request.urlopen(f"http://127.0.0.1:{engine.port}/ping") as answer:
        assert answer.read() == b"Ok.\n"


@pytest.mark.parametrize("path", ["/play", "/dashboard", "/../etc/passwd", "/replicas_status"])
def test_there_is_no_other_page(engine, path):
    assert post(engine, b"SELECT 1", path=path)[0] == 501


def test_a_get_reads_and_never_writes(engine, table):
    headers = {"X-ClickHouse-User": "writer", "X-ClickHouse-Key": WRITE_SECRET}
    connection = http.client.HTTPConnection("127.0.0.1", engine.port)
    try:
        connection.request("GET", "/?query=SELECT+1", headers=headers)
        read = connection.getresponse()
        assert (read.status, read.read()) == (200, b"1\n")
        connection.request("GET", f"/?query=DROP+TABLE+{table}", headers=headers)
        assert connection.getresponse().status == 403
    finally:
        connection.close()


def test_a_query_is_bounded_in_time_memory_and_result(tmp_path):
    engine = Engine(tmp_path / "events", query_seconds=1, query_memory_bytes=50_000_000, result_bytes=1_000_000)
    try:
        slow, *_ = post(engine, b"SELECT sleepEachRow(0.2) FROM numbers(100) SETTINGS max_block_size = 1")
        heavy, _, about = post(engine, b"SELECT uniqExact(number) FROM numbers(100000000)")
        large, *_ = post(engine, b"SELECT repeat('x', 100) FROM numbers(100000) SETTINGS max_block_size = 1000")
        well, *_ = post(engine, b"SELECT 1")
    finally:
        engine.stop()

    assert (slow, large, well) == (408, 413, 200)
    assert (heavy, about["X-ClickHouse-Exception-Code"]) == (500, "241")


def test_beyond_the_queue_the_answer_is_busy(tmp_path):
    engine = Engine(tmp_path / "events", readers=1, waiting=1)
    statuses: list[int] = []

    def ask():
        statuses.append(post(engine, b"SELECT sleepEachRow(0.3) FROM numbers(2) SETTINGS max_block_size = 1")[0])

    asking = [threading.Thread(target=ask) for _ in range(5)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    writing, *_ = post(engine, b"SELECT 1", user="writer")
    engine.stop()

    assert sorted(statuses) == [200, 200, 503, 503, 503]
    assert writing == 200


def test_a_reader_that_hangs_up_stops_its_query(engine):
    mark = uuid.uuid4().hex
    with socket.create_connection(("127.0.0.1", engine.port)) as connection:
        body = f"SELECT sleepEachRow(0.1), '{mark}' FROM numbers(200) SETTINGS max_block_size = 1".encode()
        head = f"POST / HTTP/1.1\r\nHost: x\r\nX-ClickHouse-User: reader\r\nX-ClickHouse-Key: {READ_SECRET}\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        wait_for(lambda: running(engine, mark) == 1)

    wait_for(lambda: running(engine, mark) == 0)


def running(engine, mark: str) -> int:
    asked = f"SELECT countIf(query LIKE '%{mark}%' AND query NOT LIKE '%countIf%') FROM system.processes"
    return int(post(engine, asked.encode(), user="writer")[1])


def wait_for(claim) -> None:
    until = time.monotonic() + 5
    while not claim():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_body_beyond_the_bound_is_refused(tmp_path):
    engine = Engine(tmp_path / "events", body_bytes=1000)
    try:
        assert post(engine, b"SELECT 1 --" + b"x" * 2000)[0] == 413
    finally:
        engine.stop()


def test_stopping_finishes_the_insert_in_hand(tmp_path):
    engine = Engine(tmp_path / "events")
    post(engine, b"CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a", user="writer")
    answers: list[int] = []
    sql = b"INSERT INTO t SELECT number + ignore(sleepEachRow(0.1)) FROM numbers(10) SETTINGS max_block_size = 1"
    writing = threading.Thread(target=lambda: answers.append(post(engine, sql, user="writer")[0]))
    writing.start()
    time.sleep(0.4)

    status, output = engine.stop()
    writing.join()

    assert (status, answers) == (0, [200]), output
    again = Engine(tmp_path / "events")
    assert post(again, b"SELECT count() FROM t")[1] == b"10\n"
    again.stop()


def test_a_folder_has_one_engine(engine, tmp_path):
    first = Engine(tmp_path / "events")
    with pytest.raises(RuntimeError, match="is open in another process"):
        Engine(tmp_path / "events")
    first.stop()


def test_a_path_that_the_engine_cannot_name_is_refused(tmp_path):
    from errata.storage.engine.library import Library
    from errata.storage.engine.limits import Limits

    with pytest.raises(ErrataError, match="path"):
        Library(tmp_path / "a?b", Limits())


def test_a_folder_with_blanks_and_umlauts_opens(tmp_path):
    engine = Engine(tmp_path / "my dätä")
    try:
        assert post(engine, b"SELECT 1")[1] == b"1\n"
    finally:
        engine.stop()
