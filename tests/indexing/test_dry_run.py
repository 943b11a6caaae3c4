"""What a dry run says, and that it leaves nothing behind.

With it `outlook`, what a rebuild would change.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hybridsearch import HybridSearch
from hybridsearch.disk.home import Home
from hybridsearch.indexing.dry_run import dry_run
from hybridsearch.indexing.outlook import changed_fields, changed_legs
from hybridsearch.indexing.rejects import RejectsFile
from hybridsearch.roles import Fields
from hybridsearch.schema import Leg, Schema
from hybridsearch.values import Vectors
from tests.killable import Hashed, product, settings_of, shop_of
from tests.shops import quietly, settings, write_products


class Seeing(Hashed):
    """An encoder whose vectors of pictures mean nothing either."""

    reads = frozenset({"words", "photo"})
    enough = 8

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        return self.encode_texts([str(np.asarray(image).tolist()) for image in images])


def test_texts_that_are_encoded_already_are_counted_and_no_file_is_touched(tmp_path: Path) -> None:
    write_products(tmp_path / "products.jsonl", [product(number, 10) for number in range(20)])
    with shop_of(settings_of(tmp_path)) as found:
        before = dry_run(found)
        assert (before.products, before.texts, before.cached, before.measured) == (20, 20, 0, 20)
        assert before.outlook == ["no index of this library is live yet"]
        found.reindex(options=quietly())
    write_products(tmp_path / "products.jsonl", [product(number, 10) for number in range(25)])
    files, cache = sorted(tmp_path.rglob("*")), Home(found.settings.home).vectors.read_bytes()
    with shop_of(settings_of(tmp_path)) as found:
        after = dry_run(found)
    assert (after.products, after.texts, after.cached) == (25, 25, 20)
    assert [line.partition(" '")[0] for line in after.outlook] == ["takes the place of generation"]
    assert (sorted(tmp_path.rglob("*")), Home(found.settings.home).vectors.read_bytes()) == (files, cache)


def test_equal_texts_are_encoded_once(tmp_path: Path) -> None:
    write_products(tmp_path / "products.jsonl", [{"id": str(n), "title": "hat", "v": 1} for n in range(5)])
    with shop_of(settings_of(tmp_path)) as found:
        assert (dry_run(found).texts, dry_run(found).cached) == (5, 4)


def write_pictured(folder: Path, count: int) -> None:
    """Write a catalogue of products with a picture each, and one without."""
    rows: list[dict[str, Any]] = [{"id": str(n), "title": "hat", "image": f"{n}.png"} for n in range(count)]
    for number, row in enumerate(rows):
        Image.new("RGB", (9, 9), (9 * number, 0, 0)).save(folder / row["image"])
    write_products(folder / "products.jsonl", [*rows, {"id": "bare", "title": "hat"}])


def test_pictures_that_are_encoded_already_are_estimated_from_the_sample(tmp_path: Path) -> None:
    write_pictured(tmp_path, 2)
    fields, legs = {"title": "title", "image": "image"}, [{"name": "sight", "encoder": "seeing"}]
    with HybridSearch.open(settings(tmp_path, fields=fields, vectors=legs)) as found:
        found.encoders = {"sight": Seeing()}  # type: ignore[assignment]
        before = dry_run(found)
        assert (before.pictures, before.cached) == (2, 0)
        found.reindex(options=quietly())
        write_pictured(tmp_path, 4)
        after = dry_run(found)
        assert (after.pictures, after.cached) == (4, 2)


def test_all_rejects_are_counted_and_the_first_are_shown(tmp_path: Path) -> None:
    bad = [{"title": "no id"}] * 15 + [{"id": str(number), "title": "hat", "v": "?"} for number in range(15)]
    write_products(tmp_path / "products.jsonl", [product(1, 1), *bad])
    with shop_of(settings_of(tmp_path)) as found:
        done = dry_run(found)
    assert (done.products, done.rejected, len(done.rejects)) == (1, 30, RejectsFile.SHOWN)
    assert [reject["stage"] for reject in done.to_json()["rejects"]] == ["read"] * 15 + ["document"] * 5


def schema(*legs: tuple[str, str], analysis: str = "1", **fields: Any) -> Schema:
    return Schema(Fields(title="title", **fields), tuple(Leg(name, 8, print_) for name, print_ in legs), analysis)


@pytest.mark.parametrize(
    ("live", "new", "lines"),
    [
        ([("a", "x")], [("a", "x")], []),
        ([], [("a", "x")], ["new vectors 'a'"]),
        ([("a", "x")], [], ["no more vectors 'a'"]),
        ([("a", "x")], [("a", "y")], ["vectors 'a' of another encoder: y, not x"]),
    ],
)
def test_vectors_that_come_go_or_change_are_named(
    live: list[tuple[str, str]], new: list[tuple[str, str]], lines: list[str]
) -> None:
    assert changed_legs(schema(*live), schema(*new)) == lines


def test_fields_that_get_another_role_are_named_and_so_is_another_analysis() -> None:
    live, new = schema(facets=("brand",)), schema(facets=("brand", "color"), analysis="2")
    assert changed_fields(live, live) == []
    assert changed_fields(live, new) == [
        "field 'facets' becomes ('brand', 'color'), it was ('brand',)",
        "words are cut in another way",
    ]


def test_fields_that_no_product_has_are_named(tmp_path: Path) -> None:
    """A facet that is spelled otherwise than its column was empty in silence."""
    rows: list[dict[str, Any]] = [
        {"id": "1", "title": "Hat", "Colour": "red", "attr_a": "x", "variants": [{"size": "S"}]},
        {"id": "2"},
    ]
    write_products(tmp_path / "products.jsonl", rows)
    fields = {
        "title": "title",
        "text": ["attr_*", "note_*"],
        "facets": ["colour", "Colour", "variants.size", "variants.Size"],
        "image": ["picture"],
    }
    with HybridSearch.open(settings(tmp_path, fields=fields)) as found:
        assert dry_run(found).absent == ["note_*", "colour", "variants.Size", "picture"]
    write_products(tmp_path / "products.jsonl", [])
    with HybridSearch.open(settings(tmp_path, fields=fields)) as found:
        assert dry_run(found).absent == []


def test_fields_of_rows_that_no_product_and_no_variant_has_are_named(tmp_path: Path) -> None:
    """With a misspelled `parent` each variant became a product, and with misspelled `pairs` no filter had values."""
    rows: list[dict[str, Any]] = [
        {"id": "1", "SKU": "P", "title": "Hat", "n": "Color", "v": "red", "more": "a=b"},
        {"id": "2", "title": "Hat, red", "Parent": "P", "SKU": "P-R"},
    ]
    write_products(tmp_path / "products.jsonl", rows)

    def absent(*pairs: dict[str, str], **catalog: Any) -> list[str]:
        tables = {"catalog": {"path": tmp_path / "products.jsonl", "pairs": pairs, **catalog}}
        with HybridSearch.open(settings(tmp_path, fields={"title": "title"}, **tables)) as found:
            return [*dry_run(found).absent]

    beside, text = {"into": "a", "names": "n", "values": "v"}, {"into": "b", "text": "more"}
    assert absent(beside, text, parent="Parent", named_by=["SKU"]) == []
    assert absent(parent="Eltern", named_by=["SKU", "Nr"]) == ["Eltern", "Nr"]
    assert absent({**beside, "names": "N"}, {**text, "text": "less"}) == ["N", "less"]
