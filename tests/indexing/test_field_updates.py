"""Changes of single fields: the rest of a product stays, whoever changes it at the same time, and through a rebuild.

With them `updated`, what is said of every change.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.disk.home import Home
from hybridsearch.errors import CatalogError
from hybridsearch.indexing.updated import Updated
from tests.shops import quietly, settings, write_products

LEG = {"name": "words", "encoder": "starter", "reads": ["title"]}
FIELDS = {"title": "title", "facets": ["brand"], "numbers": ["price", "stock"]}
ROWS: list[dict[str, Any]] = [
    {"id": str(number), "title": f"red hat {number}", "brand": "Acme", "price": 10 + number, "tags": ["a", "b"]}
    for number in range(5)
]


def opened(folder: Path, engine: dict[str, Any], *, rebuilt: bool = True, **more: Any) -> HybridSearch:
    if not (folder / "products.jsonl").exists():
        write_products(folder / "products.jsonl", ROWS)
    shop = HybridSearch.open(settings(folder, **{"fields": FIELDS, "engine": engine, **more}))
    if rebuilt:
        shop.reindex(options=quietly())
    return shop


def counts(updated: Updated) -> tuple[int, int, int, int]:
    return updated.written, updated.missing, updated.older, len(updated.rejects)


def test_one_field_changes_and_the_others_stay(tmp_path: Path, engine: dict[str, Any]) -> None:
    """An `upsert` of the id and the price left a product with a price alone."""
    with opened(tmp_path, engine) as shop:
        assert counts(shop.update("2", {"price": 5, "stock": 3})) == (1, 0, 0, 0)
        assert shop.get("2") == {"2": {**ROWS[2], "price": 5, "stock": 3}}
        many: list[dict[str, Any]] = [{"id": "2", "tags": []}, {"id": 3, "price": None}, {"id": "2", "stock": 4}]
        assert counts(shop.update(many)) == (2, 0, 0, 0)
        assert shop.get(["2", "3"]) == {
            "2": {**ROWS[2], "price": 5, "stock": 4, "tags": []},
            "3": {**ROWS[3], "price": None},
        }
        (live,) = shop.engine.generations()
        shop.engine.refresh(live.name)
        found = shop.search("red hat", filters={"price": {"lte": 5}})
        assert [(hit.id, hit.product["stock"]) for hit in found] == [("2", 4)]


def test_nothing_is_encoded_unless_what_a_leg_reads_changes(tmp_path: Path, engine: dict[str, Any]) -> None:
    with opened(tmp_path, engine, vectors=[LEG]) as shop:
        (live,) = shop.engine.generations()
        before = shop.engine.stored(live.name, ["1"])["1"].vectors["words"]
        for file in Home(shop.settings.home).vectors.parent.glob(f"{Home(shop.settings.home).vectors.name}*"):
            file.unlink()  # as on another machine
        assert shop.update("1", {"price": 3}).encoded == 0
        shop.engine.refresh(live.name)
        assert shop.engine.stored(live.name, ["1"])["1"].vectors["words"] == before
        assert shop.update("1", {"title": "blue umbrella"}).encoded == 1
        shop.engine.refresh(live.name)
        assert shop.engine.stored(live.name, ["1"])["1"].vectors["words"] != before


def test_a_field_of_variants_is_not_changed_beside_their_list(tmp_path: Path, engine: dict[str, Any]) -> None:
    """It was stored under a key of that name, which no search read."""
    fields = {"title": "title", "facets": ["variants.color"]}
    rows: list[dict[str, Any]] = [
        {"id": "1", "title": "polo shirt", "variants": [{"color": "red"}, {"color": "blue"}]},
        {"id": "2", "title": "polo shirt", "variants.color": "red"},
    ]
    write_products(tmp_path / "products.jsonl", rows)
    with opened(tmp_path, engine, fields=fields) as shop:
        updated = shop.update([{"id": key, "variants.color": "green"} for key in "12"])
        assert counts(updated) == (1, 0, 0, 1)
        assert [(reject.id, reject.reason) for reject in updated.rejects] == [
            (
                "1",
                "'variants.color' is a field of each of its variants; "
                "give the whole list: {'variants': [{'color': …}, …]}",
            )
        ]
        assert shop.get(["1", "2"]) == {"1": rows[0], "2": {**rows[1], "variants.color": "green"}}
        assert counts(shop.update("1", {"variants": [{"color": "green"}]})) == (1, 0, 0, 0)


def test_what_the_index_does_not_have_is_missing_and_not_remembered(tmp_path: Path, engine: dict[str, Any]) -> None:
    with opened(tmp_path, engine) as shop:
        shop.delete("1")
        outcome = shop.update([{"id": "1", "price": 5}, {"id": "nobody", "price": 5}, {"id": "2", "price": 5}])
        assert counts(outcome) == (1, 2, 0, 0)
        shop.upsert({"id": "1", "title": "blue hat"})
        assert shop.get(["1", "nobody"]) == {"1": {"id": "1", "title": "blue hat"}}


def test_a_value_that_cannot_be_indexed_is_rejected_and_the_others_are_written(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    with opened(tmp_path, engine) as shop:
        outcome = shop.update([{"id": "1", "price": "cheap"}, {"price": 1}, {"id": "2", "price": 5}])
        assert counts(outcome) == (1, 0, 0, 2)
        assert shop.get(["1", "2"]) == {"1": ROWS[1], "2": {**ROWS[2], "price": 5}}
        for wrong in ((None, {"price": 1}), ("1", "price"), ("1", None)):
            with pytest.raises(CatalogError, match=r"Nothing was written|Give one product"):
                shop.update(*wrong)


def test_several_who_change_other_fields_of_one_product_lose_nothing(tmp_path: Path, engine: dict[str, Any]) -> None:
    with opened(tmp_path, engine) as shop, opened(tmp_path, engine, rebuilt=False) as another:
        names = [f"field{number}" for number in range(8)]

        def change(name: str) -> int:
            chosen = shop if int(name[-1]) % 2 else another
            return sum(chosen.update("1", {name: turn}).written for turn in range(3))

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(change, names)) == [3] * 8
        assert shop.get("1") == {"1": {**ROWS[1], **dict.fromkeys(names, 2)}}


def test_a_rebuild_keeps_the_changed_field_and_takes_the_others_from_the_catalogue(
    tmp_path: Path, engine: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with opened(tmp_path, engine) as shop, opened(tmp_path, engine, rebuilt=False) as backend:
        write_products(tmp_path / "products.jsonl", [{**row, "title": f"new {row['title']}"} for row in ROWS[:4]])
        told: list[Updated] = []

        def tell(*_: Any) -> None:
            if not told:
                told.append(backend.update([{"id": "1", "price": 1}, {"id": "4", "price": 4}]))

        shop.reindex(tell, quietly())
        assert counts(told[0]) == (2, 0, 0, 0)
        assert shop.get(["1", "4"]) == {"1": {**ROWS[1], "title": "new red hat 1", "price": 1}}
        assert counts(shop.update("2", {"price": 2})) == (1, 0, 0, 0)
        shop.rollback()
        assert shop.get(["2", "4"]) == {"2": {**ROWS[2], "price": 2}, "4": {**ROWS[4], "price": 4}}
    assert "Compiling" not in caplog.text, "products of a generation that is not searched are looked up as they are"


def test_of_changes_with_versions_an_older_one_changes_nothing(tmp_path: Path, engine: dict[str, Any]) -> None:
    write_products(tmp_path / "products.jsonl", [{**row, "at": 10} for row in ROWS])
    with opened(tmp_path, engine, fields={**FIELDS, "version": "at"}) as shop:
        assert counts(shop.update("1", {"price": 1, "at": 20})) == (1, 0, 0, 0)
        assert counts(shop.update("1", {"price": 2, "at": 15})) == (0, 0, 1, 0)
        assert counts(shop.update("1", {"stock": 7, "at": 20})) == (1, 0, 0, 0)
        assert counts(shop.update("1", {"stock": 8})) == (0, 0, 0, 1)
        assert shop.get("1") == {"1": {**ROWS[1], "price": 1, "stock": 7, "at": 20}}


@pytest.mark.parametrize("version", [None, "v"])
def test_what_the_catalogue_had_anew_since_an_older_change_stays(
    tmp_path: Path, engine: dict[str, Any], version: str | None
) -> None:
    """The title of an `upsert`, and the price of an `update`, came back over those of a later catalogue."""
    fields = {**FIELDS, "version": version}

    def row(title: str, number: int) -> dict[str, Any]:
        return {"id": "1", "title": title, "price": number, "stock": 1, "v": number}

    with opened(tmp_path, engine, fields=fields) as shop:
        shop.upsert(row("told hat", 2))
        shop.update("1", {"price": 3, "v": 3})
        write_products(tmp_path / "products.jsonl", [row("new hat", 4)])
        shop.reindex(options=quietly())
        shop.update("1", {"stock": 7, "v": 5})
        expected = {**row("new hat", 4), "stock": 7, "v": 5}
        assert shop.get("1") == {"1": expected}
        assert shop.update("1", {"stock": 8, "v": 6}).written == 1
        assert shop.get("1") == {"1": {**expected, "stock": 8, "v": 6}}


@pytest.mark.parametrize("version", [None, "v"])
def test_a_product_that_the_catalogue_has_again_after_its_removal_can_be_changed(
    tmp_path: Path, engine: dict[str, Any], version: str | None
) -> None:
    with opened(tmp_path, engine, fields={**FIELDS, "version": version}) as shop:
        shop.delete({"1": 2} if version else ["1"])
        assert shop.update("1", {"price": 3, "v": 3}).missing == 1
        write_products(tmp_path / "products.jsonl", [{**ROWS[1], "v": 4}])
        shop.reindex(options=quietly())
        assert counts(shop.update("1", {"price": 5, "v": 5})) == (1, 0, 0, 0)
        assert shop.get("1") == {"1": {**ROWS[1], "price": 5, "v": 5}}


def test_changes_during_a_rebuild_are_in_the_new_index_the_whole_one_and_what_came_on_top(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    with opened(tmp_path, engine) as shop:
        waiting = ["told hat"]

        def meanwhile(*_: object) -> None:
            while waiting:
                shop.upsert({**ROWS[1], "title": waiting.pop()})
                shop.update("1", {"price": 3})

        shop.reindex(meanwhile, quietly())
        assert shop.get("1") == {"1": {**ROWS[1], "title": "told hat", "price": 3}}
