from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from maps import MINIFIED, a_map, encoded, segment

from errata.sourcemaps.mapper import Mapper


@pytest.fixture(scope="module")
def mapper() -> Iterator[Mapper]:
    running = Mapper()
    yield running
    running.close()


def written(folder: Path, source_map: bytes, minified: bytes = MINIFIED) -> tuple[Path, Path]:
    paths = folder / "m.js.map", folder / "m.js"
    paths[0].write_bytes(source_map)
    paths[1].write_bytes(minified)
    return paths


def test_position_is_found_with_its_function_and_the_lines_around(mapper: Mapper, tmp_path: Path) -> None:
    found = mapper.look(*written(tmp_path, encoded(a_map())), [(1, 14)], around=2)

    (spot,) = found.spots
    assert (spot.file, spot.line, spot.column, spot.function) == ("../src/pay.ts", 2, 3, "a")
    assert (spot.context, spot.before, spot.after) == ("  throw new Error()", ("export function pay() {",), ("}", ""))


def test_positions_without_a_mapping_are_none_and_the_others_keep_their_order(mapper: Mapper, tmp_path: Path) -> None:
    found = mapper.look(*written(tmp_path, encoded(a_map())), [(9, 9), (2, 5), (2, 1), (0, 0), (2**40, 2**40), (1, 11)])

    assert [spot and spot.file for spot in found.spots] == [
        None,
        "../node_modules/lib/index.js",
        None,
        None,
        None,
        "../src/pay.ts",
    ]


def test_more_positions_than_one_question_holds_are_all_answered(mapper: Mapper, tmp_path: Path) -> None:
    found = mapper.look(*written(tmp_path, encoded(a_map())), [(1, 14)] * 2500)

    assert len(found.spots) == 2500
    assert all(found.spots)


def test_without_the_minified_file_functions_are_told_by_the_source(mapper: Mapper, tmp_path: Path) -> None:
    found = mapper.look(written(tmp_path, encoded(a_map()))[0], None, [(1, 14)])

    assert [(spot.file, spot.line, spot.function) for spot in found.spots] == [("../src/pay.ts", 2, "pay")]


@pytest.mark.parametrize("key", ["ignoreList", "x_google_ignoreList"])
def test_sources_that_the_bundler_marked_are_ignored(mapper: Mapper, tmp_path: Path, key: str) -> None:
    found = mapper.look(*written(tmp_path, encoded(a_map(**{key: [1, 99]}))), [(1, 14), (2, 5)])

    assert [spot.is_ignored for spot in found.spots] == [False, True]


def test_root_stands_before_marked_and_other_sources(mapper: Mapper, tmp_path: Path) -> None:
    source_map = a_map(sourceRoot="webpack:///shop/", ignoreList=[1])

    found = mapper.look(*written(tmp_path, encoded(source_map)), [(1, 14), (2, 5)])

    assert [(spot.file, spot.is_ignored) for spot in found.spots] == [
        ("webpack:///shop/../src/pay.ts", False),
        ("webpack:///shop/../node_modules/lib/index.js", True),
    ]


def test_map_in_sections_is_read_with_its_offsets(mapper: Mapper, tmp_path: Path) -> None:
    part = {"offset": {"line": 1, "column": 0}, "map": a_map(mappings=segment(0, 0, 0, 0), ignoreList=[0])}

    found = mapper.look(*written(tmp_path, encoded({"version": 3, "sections": [part]})), [(1, 5), (2, 5)])

    assert [spot and (spot.file, spot.is_ignored) for spot in found.spots] == [None, ("../src/pay.ts", True)]


@pytest.mark.parametrize(
    ("source_map", "says"),
    [
        (b"<html>404</html>", "not a source map in JSON"),
        (b"", "not a source map in JSON"),
        (b"[]", "not a source map in JSON"),
        (encoded(a_map(version=2)), "its version is 2, only 3 is read"),
        (b"{}", "its version is None"),
        (b'{"version":3}', "neither `mappings` nor `sections`"),
        (encoded({"version": 3, "sections": [{"offset": {"line": 0, "column": 0}, "url": "x"}]}), "section 0 holds no"),
        (encoded(a_map(mappings="!!")), "vlq"),
        (encoded(a_map(mappings=segment(0, 7, 0, 0))), "bad reference to source #7"),
        (encoded(a_map(sources=5)), "not a source map in JSON"),
        (b'{"version":3,"sections":[{"map":' * 5000, "JSON"),
    ],
)
def test_fault_of_a_map_is_told(mapper: Mapper, tmp_path: Path, source_map: bytes, says: str) -> None:
    path, minified = written(tmp_path, source_map)

    assert says in mapper.check(path, minified).fault
    assert says in mapper.look(path, minified, [(1, 1)]).fault


def test_good_map_has_no_fault(mapper: Mapper, tmp_path: Path) -> None:
    assert mapper.check(*written(tmp_path, b")]}'\n" + encoded(a_map()))).fault == ""


def test_file_that_is_gone_is_a_fault(mapper: Mapper, tmp_path: Path) -> None:
    assert "No such file" in mapper.look(tmp_path / "none", None, [(1, 1)]).fault
    assert mapper.check(tmp_path / "none", None).is_ours


def test_wild_numbers_are_no_places(mapper: Mapper, tmp_path: Path) -> None:
    wild = encoded(a_map(mappings=segment(0, 0, -5, 2**31)))

    (spot,) = mapper.look(*written(tmp_path, wild), [(1, 1)]).spots

    assert spot is None


def test_minified_file_that_ends_its_reader_harms_nobody_else(mapper: Mapper, tmp_path: Path) -> None:
    source_map, minified = written(tmp_path, encoded(a_map()), b"(" * 3_000_000)

    assert "nests too deep" in mapper.check(source_map, minified).fault
    assert "nests too deep" in mapper.look(source_map, minified, [(1, 14)]).fault
    assert mapper.check(source_map, None).fault == ""
    assert mapper.look(source_map, None, [(1, 14)]).spots[0] is not None


def test_map_that_takes_too_long_is_given_up_and_not_tried_again(tmp_path: Path) -> None:
    impatient = Mapper(patience_s=0.0)
    source_map, minified = written(tmp_path, encoded(a_map()))

    faults = [impatient.look(source_map, minified, [(1, 14)]).fault for _ in range(2)]

    impatient.close()
    assert faults == ["reading it takes longer than 0 seconds"] * 2


def test_reader_that_was_ended_is_begun_anew(tmp_path: Path) -> None:
    mapper = Mapper()
    source_map, minified = written(tmp_path, encoded(a_map()))
    before = mapper.look(source_map, minified, [(1, 14)])
    mapper.close()

    assert mapper.look(source_map, minified, [(1, 14)]) == before
    mapper.close()
