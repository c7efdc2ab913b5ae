"""Secrets do not reach the store."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.events.model import Cause, Event, Intake, Track
from errata.events.scrub import REDACTED, is_secret_name, scrub


def event(**fields: object) -> Event:
    return Event(entry=0, received_at=0, track=Track.LOGS, intake=Intake.DD_LOGS, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name",
    [
        "password", "db.password", "user_passwd", "PGPASSWORD.pwd", "secret", "clientSecret", "token", "access_token",
        "accessToken", "csrf-token", "Authorization", "http.request.headers.authorization", "Proxy-Authorization",
        "cookie", "set-cookie", "http.cookies", "api_key", "apiKey", "X-Api-Key", "dd-api-key", "DD-APPLICATION-KEY",
        "APIKey", "apikey", "private_key", "jwt",
    ],
)  # fmt: skip
def test_a_name_that_says_secret_is_one(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["session.id", "token_count", "tokenizer", "secretary", "author", "key", "primary_key", "passenger", "keyboard",
     "monkey", "http.url", "", "."],
)  # fmt: skip
def test_a_name_that_only_sounds_alike_is_none(name: str) -> None:
    assert not is_secret_name(name)


def test_secret_attributes_are_redacted_wherever_they_stand() -> None:
    scrubbed = scrub(
        event(
            attributes={
                "password": "x",
                "http": {"headers": {"Cookie": ["a=b"], "Accept": "*/*"}},
                "calls": [{"api_key": 17}],
                "tokens": 512,
                "has_password": True,
                "secret": None,
                "url": "https://ann:pw@host/x?token=abc&page=2",
            }
        )
    )

    assert scrubbed.attributes == {
        "password": REDACTED,
        "http": {"headers": {"Cookie": REDACTED, "Accept": "*/*"}},
        "calls": [{"api_key": REDACTED}],
        "tokens": 512,
        "has_password": True,
        "secret": None,
        "url": f"https://ann:{REDACTED}@host/x?token={REDACTED}&page=2",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("login password=hunter2 failed", "login password=* failed"),
        ("{'password': 'a b c', 'x': 1}", "{'password': '*', 'x': 1}"),
        ('{\\"token\\": \\"abc\\"}', '{\\"token\\": \\"*\\"}'),
        ("connect(passwd='x y')", "connect(passwd='*')"),
        ("password: hunter", "password: *"),
        ("token: abc123 refused", "token: * refused"),
        ("Authorization: Bearer abcdef", "Authorization: Bearer *"),
        ("{'Authorization': 'Basic Zm9vOmJhcg=='}", "{'Authorization': 'Basic *'}"),
        ("got bearer abcdefghijklmnopqrst", "got bearer *"),
        ("Cookie: a=b; c=d\nnext line", "Cookie: *\nnext line"),
        ("postgresql+psycopg://u:p@h/db", "postgresql+psycopg://u:*@h/db"),
        ("aws_secret_access_key=AKIA/x", "aws_secret_access_key=*"),
        ("POST /v1/input?dd-api-key=pub0&x=1", "POST /v1/input?dd-api-key=*&x=1"),
        ("\u0130\u0130 PASSWORD=hunter2", "\u0130\u0130 PASSWORD=*"),
    ],
)
def test_a_secret_inside_a_text_is_redacted(text: str, expected: str) -> None:
    scrubbed = scrub(event(message=text, error_message=text, error_stack=text, causes=(Cause("E", text, text),)))

    cause = scrubbed.causes[0]
    texts = (scrubbed.message, scrubbed.error_message, scrubbed.error_stack, cause.message, cause.stack)
    assert set(texts) == {expected.replace("*", REDACTED)}


@pytest.mark.parametrize(
    "text",
    [
        "SyntaxError: Unexpected token < in JSON at position 0",
        "Unexpected token: expected an identifier",
        "password: must be longer",
        "invalid cookie: expired",
        "GET http://127.0.0.1:8080/a@b",
        "  File tokenize.py, line 3, in secret_of",
        "the bearer of bad news",
        "ann@example.org paid with 4111 1111 1111 1111",
    ],
)
def test_harmless_texts_stay_as_they_are(text: str) -> None:
    plain = event(message=text, attributes={"note": text}, tags=("env:prod",))

    assert scrub(plain) is plain


def test_secret_tags_are_redacted() -> None:
    assert scrub(event(tags=("env:prod", "api_key:abc", "token"))).tags == ("env:prod", f"api_key:{REDACTED}", "token")


def test_cards_and_addresses_go_when_asked_for() -> None:
    text = "ann.b+c@example.co.uk paid with 4111 1111-11111111, order 4111111111111112"

    scrubbed = scrub(event(message=text, attributes={"n": text}, usr_email="ann@example.org"), cards=True, emails=True)

    assert scrubbed.message == f"{REDACTED} paid with {REDACTED}, order 4111111111111112"
    assert scrubbed.attributes == {"n": scrubbed.message}
    assert scrubbed.usr_email == "ann@example.org"


def test_what_is_nested_too_deep_to_be_looked_at_is_not_stored() -> None:
    nested: dict[str, object] = {"password": "x"}
    for _ in range(500):
        nested = {"a": nested}

    assert "'x'" not in str(scrub(event(attributes=nested)).attributes)


WORDS = st.sampled_from(["password", "Token", "secret", "api_key", "authorization", "bearer ", "cookie", "sentry_key", "://", "=", ":", "@", " ", '"', "'", "a=b", "x1", "\n", REDACTED, "\u0130"])  # fmt: skip


@given(st.lists(WORDS | st.text(max_size=5), max_size=30).map("".join))
def test_scrubbing_twice_changes_nothing_more(text: str) -> None:
    once = scrub(event(message=text), cards=True, emails=True)

    assert scrub(once, cards=True, emails=True) == once


CALLS = "\n".join(
    f'  File "/srv/shop/token_{n}.py", line {n}, in refresh_token\n    return token(api, n={n})' for n in range(12)
)


@pytest.mark.parametrize("around", [("password=hunter2 in", ""), ("", "password=hunter2"), ("bearer", "bearer x")])
@pytest.mark.parametrize("inside", ["", "\ncookie: a=b\n", "\npassword => \n 'hunter2'\n", "\nhttps://ann:pw@host\n"])
def test_a_long_text_is_searched_like_its_lines_alone(around: tuple[str, str], inside: str) -> None:
    first, last = around
    text = f"{first}\n{CALLS}{inside}{CALLS}\n{last}"

    # Twice, because what stands between first and last line is remembered.
    for _ in range(2):
        found = scrub(event(message=text)).message
        assert found == "\n".join(
            (
                scrub(event(message=first)).message,
                CALLS + scrub(event(message=inside)).message + CALLS,
                scrub(event(message=last)).message,
            )
        )


@pytest.mark.parametrize(("message", "quoted"), [("declined", "hunter2"), ("declined, password => ", REDACTED)])
def test_a_secret_that_runs_over_into_the_calls_depends_on_the_message(message: str, quoted: str) -> None:
    text = f"{message}\n '%s' {CALLS}\nend"

    assert scrub(event(message=text % "hunter2")).message == text % quoted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://0123456789abcdef0123456789abcdef@errata.example/42", f"https://{REDACTED}@errata.example/42"),
        ("https://pub0123456789abcdef0123456789abcdef@e/42", f"https://{REDACTED}@e/42"),
        ("/api/42/envelope/?sentry_version=7&sentry_key=0123&x=1", f"/api/42/envelope/?sentry_version=7&sentry_key={REDACTED}&x=1"),
        ("sentry-release=a%401,sentry-public_key=0123abc,sentry-sampled=true", f"sentry-release=a%401,sentry-public_key={REDACTED},sentry-sampled=true"),
        ("Sentry sentry_key=0123, sentry_version=7", f"Sentry sentry_key={REDACTED}, sentry_version=7"),
        ("git clone ssh://git@host/x: failed", "git clone ssh://git@host/x: failed"),
    ],
)  # fmt: skip
def test_the_key_of_a_dsn_is_taken_out_wherever_an_sdk_puts_it(text: str, expected: str) -> None:
    assert scrub(event(message=text)).message == expected
