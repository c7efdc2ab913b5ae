"""Hashing of passwords: argon2id with the parameters recommended for servers (19 MiB, two passes, one lane).

One check takes about 30 ms and 19 MiB, so many at once neither fill the memory nor stop the intake.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError


def hash_of(password: str) -> str:
    """A salted hash that carries its own parameters. Different on every call."""
    return _HASHER.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is the hashed one. Without a hash the same work is done and the answer is False."""
    try:
        _HASHER.verify(password_hash or _NOBODYS, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# A hash of random bytes that were thrown away, with the parameters above: an unknown address costs what a known one
# costs, so that the time of an answer does not tell who has an account.
_NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$RYCa7O1yWKzGx0+g/asP9w$Pe/VtrMHtcgWbvJXBw9NvRtuU8vqo3RQy4L2eNoKYLA"
