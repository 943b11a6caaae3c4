"""The checks between filling a generation and making it live."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hybridsearch import HybridSearch
from hybridsearch.doctor import checks
from hybridsearch.errors import GateError
from hybridsearch.indexing.dry_run import dry_run
from hybridsearch.indexing.fill import Options
from hybridsearch.indexing.verify import differences
from hybridsearch.values import Document, Stored, Vector
from tests.shops import quietly, settings, shop, write_products


def lose_some(found: HybridSearch, count: int) -> None:
    """Make the engine of a shop lose products on the way, as a fault that nobody thought of would."""
    write = found.engine.write

    def losing(generation: str | None, documents: Any) -> Any:
        return write(generation, documents[count:])

    found.engine.write = losing  # type: ignore[method-assign]


def test_an_index_that_lacks_products_is_not_made_live_unless_forced(versioned: HybridSearch) -> None:
    """Fault 37."""
    live = [each.name for each in versioned.engine.generations()]
    lose_some(versioned, 2)
    with pytest.raises(GateError) as refused:
        versioned.reindex(options=quietly())
    assert "the new index holds 8 products, 10 were written" in str(refused.value)
    assert "product 'p0' is missing" in str(refused.value)
    assert [each.name for each in versioned.engine.generations() if each.state == "live"] == live
    said: list[str] = []
    assert versioned.reindex(options=Options(force=True, say=said.append)).indexed == 8
    assert said[0] == "Continuing a run that was interrupted after 10 products."
    assert "Swapping anyway: the new index holds 8 products, 10 were written." in said


def test_a_catalogue_that_shrank_to_less_than_half_is_not_made_live_unless_forced(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    """Fault 37."""
    write_products(tmp_path / "products.jsonl", [{"id": str(number), "title": "hat"} for number in range(300)])
    with shop(tmp_path, engine=engine) as found:
        write_products(tmp_path / "products.jsonl", [{"id": str(number), "title": "hat"} for number in range(149)])
        with pytest.raises(GateError, match="the new index holds 149 products, the live one 300"):
            found.reindex(options=quietly())
        assert found.reindex(options=quietly(force=True)).indexed == 149


def test_what_is_stored_is_compared_field_by_field() -> None:
    vectors = {"a": Vector([1.0, 0.0])}
    kept: dict[str, dict[str, Stored]] = {"facets": {"f": ("v",)}, "numbers": {"n": 1.0}}
    built = Document("1", {"x": 1}, {"title": {"en": "red"}}, ("c",), kept, vectors)
    assert differences(built, built) == []
    near = replace(built, vectors={"a": Vector([1.0, 1e-8])})
    assert differences(built, near) == []
    for name, other in (
        ("row", {"row": {"x": 2}}),
        ("text", {"text": {}}),
        ("codes", {"codes": ()}),
        ("facets", {"fields": {**kept, "facets": {"f": ("w",)}}}),
        ("numbers", {"fields": {**kept, "numbers": {"n": 2.0}}}),
        ("dates", {"fields": {**kept, "dates": {"d": 0}}}),
        ("vector", {"vectors": {"a": Vector([0.0, 1.0])}}),
        ("vector", {"vectors": {}}),
    ):
        assert differences(built, replace(built, **other)) == [name]


def test_an_index_whose_pictures_cannot_be_read_is_not_made_live_unless_forced(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    """A catalogue with relative paths went live without one vector, and everything said that it was well."""
    rows = [{"id": str(number), "title": "hat", "image": f"img/{number}.png"} for number in range(12)]
    write_products(tmp_path / "products.jsonl", rows)
    (tmp_path / "img").mkdir()
    leg = {"name": "image", "encoder": "starter", "reads": "image"}
    fields = {"title": "title", "image": "image"}
    with HybridSearch.open(settings(tmp_path, fields=fields, vectors=[leg], engine=engine)) as found:
        tried = dry_run(found)
        assert (tried.tried, tried.unread) == (12, 12)
        assert "'img/0.png' is no file in" in tried.flaw
        with pytest.raises(
            GateError, match=r"of 12 products that name a picture 0 \(0%\) have one that can be read"
        ) as no:
            found.reindex(options=quietly())
        assert "for instance products.jsonl:1: 'img/0.png' is no file in" in str(no.value)
        assert found.reindex(options=quietly(force=True)).indexed == 12
        assert said_of_leg(found) == ("failure", "0 of 12 products have a vector")
        for number in range(5):
            Image.new("RGB", (40, 40), (20 * number, 0, 0)).save(tmp_path / "img" / f"{number}.png")
        with pytest.raises(GateError, match=r"a picture 5 \(42%\) have"):
            found.reindex(options=quietly(restart=True))
        Image.new("RGB", (40, 40), (0, 90, 0)).save(tmp_path / "img" / "5.png")
        assert found.reindex(options=quietly(restart=True)).without_picture == 6
        assert said_of_leg(found) == ("ok", "6 of 12 products have a vector")
    changed = {**leg, "pictures": 2, "bits": 4}
    with HybridSearch.open(settings(tmp_path, fields=fields, vectors=[changed], engine=engine)) as found:
        assert said_of_leg(found) == ("warning", "the index was built with bits = 8, pictures = 1")


def test_doctor_warns_of_a_leg_that_is_to_read_other_fields_than_it_has_read(tmp_path: Path) -> None:
    leg = {"name": "image", "encoder": "starter", "reads": ["title"]}
    with HybridSearch.open(settings(tmp_path, vectors=[leg])) as found:
        found.reindex(options=quietly())
        assert said_of_leg(found)[0] == "ok"
    with HybridSearch.open(settings(tmp_path, vectors=[{**leg, "reads": ["title", "brand"]}])) as found:
        assert said_of_leg(found) == ("warning", 'the index was built with reads = ["title"]')


def said_of_leg(shop: HybridSearch) -> tuple[str, str]:
    """Return what `doctor` says of the leg."""
    line = next(line for line in checks(shop) if line.name == "vectors image")
    return line.state, line.found.split("; ")[-1]
