from __future__ import annotations

import threading

import pytest

from errata.app.node import node_of
from errata.app.traces import Remembered
from errata.base.errors import Unavailable


def test_a_node_keeps_its_name(tmp_path):
    first = node_of(tmp_path / "journal")

    assert node_of(tmp_path / "journal") == first
    assert [path.name for path in (tmp_path / "journal").iterdir()] == ["node"]


def test_processes_that_ask_at_once_get_the_same_name(tmp_path):
    names = []
    threads = [threading.Thread(target=lambda: names.append(node_of(tmp_path / "journal"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(names) == 8
    assert len(set(names)) == 1


def test_a_name_that_cannot_be_read_is_said_and_never_replaced(tmp_path):
    (tmp_path / "node").write_text("torn")

    with pytest.raises(Unavailable, match="cannot be read from"):
        node_of(tmp_path)

    assert (tmp_path / "node").read_text() == "torn"


def test_answers_are_remembered_until_their_texts_are_too_many_characters():
    asked = []
    remembered = Remembered(lambda text, language: asked.append((text, language)) or len(text), max_chars=10)

    assert [remembered("four", ""), remembered("four", ""), remembered("four", "java")] == [4, 4, 4]
    assert asked == [("four", ""), ("four", "java")]
    remembered("fourteen", "")
    remembered("four", "")
    assert len(asked) == 4
