from __future__ import annotations

from errata.access.passwords import hash_of, matches


def test_password_matches_its_hash_and_no_other() -> None:
    hashed = hash_of("correct horse")

    assert matches(hashed, "correct horse")
    assert not matches(hashed, "correct horsf")
    assert hashed != hash_of("correct horse")
    assert "correct horse" not in hashed


def test_nobody_signs_in_without_a_usable_hash() -> None:
    assert not matches(None, "correct horse")
    assert not matches("", "")
    assert not matches("no hash at all", "correct horse")
