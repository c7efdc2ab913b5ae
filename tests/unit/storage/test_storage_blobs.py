from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from errata.base.errors import Unavailable
from errata.storage.blobs import FolderBlobs


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "blobs")


def test_what_is_kept_is_found_under_the_hash_of_its_content(blobs: FolderBlobs) -> None:
    with blobs.draft() as draft:
        draft.write(b"one ")
        draft.write(b"two")
        name = draft.keep()

    assert name == hashlib.sha256(b"one two").hexdigest()
    assert blobs.path(name).read_bytes() == b"one two"
    assert draft.size == 7
    assert list(blobs.names()) == [name]


def test_finished_draft_can_be_read_before_it_is_kept(blobs: FolderBlobs) -> None:
    with blobs.draft() as draft:
        draft.write(b"x")
        name = draft.finish()

        assert draft.path.read_bytes() == b"x"
        assert draft.keep() == name


def test_draft_that_is_not_kept_leaves_nothing(blobs: FolderBlobs, tmp_path: Path) -> None:
    with blobs.draft() as draft:
        draft.write(b"x")

    assert list(blobs.names()) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_same_content_twice_is_one_blob(blobs: FolderBlobs, tmp_path: Path) -> None:
    for _ in range(2):
        with blobs.draft() as draft:
            draft.write(b"x")
            draft.keep()

    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_removed_blob_is_gone_and_removing_it_again_is_fine(blobs: FolderBlobs) -> None:
    with blobs.draft() as draft:
        name = draft.keep()

    blobs.remove(name)
    blobs.remove(name)

    assert not blobs.path(name).exists()


def test_only_old_drafts_are_swept(blobs: FolderBlobs) -> None:
    old, young = blobs.draft(), blobs.draft()
    os.utime(old.path, (0, 0))

    assert blobs.sweep(round(young.path.stat().st_mtime * 1000)) == 1
    assert (old.path.exists(), young.path.exists()) == (False, True)
    old.close()
    young.close()


def test_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file stands in the way")

    with pytest.raises(Unavailable):
        FolderBlobs(tmp_path / "blobs").draft()
