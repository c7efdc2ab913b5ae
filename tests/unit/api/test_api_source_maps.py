from __future__ import annotations

from errata.base.ids import random_id
from errata.sourcemaps import store
from errata.sourcemaps.model import SourceMap


def upload(call, **changes: object) -> SourceMap:
    now = call.rooms.clock.now()
    whole = {
        "id": random_id(),
        "service": "shop-web",
        "version": "1.0.0",
        "url": "https://shop.example/m.js",
        "path": "/m.js",
        "name": "m.js",
        "blob": "0" * 64,
        "size": 10,
        "uploaded_at": now,
        "used_at": now,
    }
    one = SourceMap(**(whole | changes))
    with call.rooms.source_maps._db.write() as tx:
        store.save(tx, one)
    return one


def test_maps_are_listed_by_service_and_version(call) -> None:
    first, second = upload(call), upload(call, version="2.0.0", minified_blob="1" * 64, minified_size=5)
    upload(call, service="till")

    answer = call("GET", "/api/errata/v1/source-maps?filter[service]=shop-web&page[size]=10").json()
    only = call("GET", "/api/errata/v1/source-maps?filter[service]=shop-web&filter[version]=2.0.0").json()

    assert [one["id"] for one in answer["data"]] == [str(first.id), str(second.id)]
    assert [one["attributes"]["names_functions"] for one in answer["data"]] == [False, True]
    assert answer["meta"]["page"] == {"total_count": 3, "total_filtered_count": 2}
    assert [one["id"] for one in only["data"]] == [str(second.id)]


def test_removed_map_is_gone(call) -> None:
    one = upload(call)

    answers = [call("DELETE", f"/api/errata/v1/source-maps/{one.id}").status_code for _ in range(2)]

    assert answers == [204, 404]
    assert call("GET", "/api/errata/v1/source-maps").json()["data"] == []


def test_id_that_is_none_is_refused(call) -> None:
    assert call("DELETE", "/api/errata/v1/source-maps/1").status_code == 400
