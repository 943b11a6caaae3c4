"""What an index says about itself is read as far as it is known, or refused with what to do: never a crash."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from hybridsearch import HybridSearch, doctor
from hybridsearch.errors import EngineError
from hybridsearch.roles import Fields
from hybridsearch.schema import FORMAT, Calibration, Leg, Schema, uncalibrated
from tests.engines.elasticsearch.test_answers import ANY_JSON, replaced
from tests.servers.fake import serving
from tests.servers.model import Model
from tests.shops import PRODUCTS, quietly, settings

SCHEMA = Schema(
    Fields(title="title", numbers=("price",), languages=("en", "de")),
    (Leg("image", 4, "f", "image", {**uncalibrated(), "words": Calibration(0.1, 0.3)}),),
    "snowball",
)


def changed(**changes: Any) -> dict[str, Any]:
    """Return the stored form with other values, those of `fields` below it."""
    stored = SCHEMA.to_json()
    fields = {**stored["fields"], **changes.pop("fields", {})}
    return {**stored, "fields": fields, **changes}


def test_what_is_stored_reads_the_same_again() -> None:
    assert Schema.from_json(SCHEMA.to_json(), "products") == SCHEMA


def test_what_a_newer_version_added_is_left_out_and_named() -> None:
    """Attack: an index that another version built, or that was edited by hand."""
    newer = changed(fields={"points": ["shop.place"], "languages": ["en", "it"], "colours": []}, shiny=True)
    newer["legs"][0]["speed"] = 5
    read = Schema.from_json(newer, "products")
    assert read.unknown == ("points", "language 'it'")
    assert read.fields == Fields(title="title", numbers=("price",), languages=("en",))
    assert read.legs == SCHEMA.legs


def test_where_a_version_before_built_the_index_products_lie_as_photos_or_titles_do() -> None:
    photo, words = Calibration(0.6, 1.0), Calibration(0.2, 0.9, tells=0.8)
    pictures = Leg("image", 4, "f", "image", {"words": words, "photo": photo})
    texts = Leg("texts", 4, "f", ("title",), {"words": words})
    for leg, expected in ((pictures, photo), (texts, Calibration(0.2, 1.0, tells=0.8))):
        stored = leg.to_json()
        del stored["product"], stored["measured"]["product"]
        assert Leg.from_json(stored).calibration("product") == expected


@pytest.mark.parametrize(
    ("stored", "sentence"),
    [
        (changed(format=FORMAT + 1), f"has format {FORMAT + 1}, this version reads {FORMAT}. Upgrade hybridsearch"),
        (changed(format=1), f"has format 1, this version reads {FORMAT}. Rebuild it with: hybridsearch reindex"),
        ("by hand", f"has format None, this version reads {FORMAT}. Rebuild it with"),
        (changed(legs=None), "describes itself in a way that this version cannot read"),
        (changed(legs=[{"name": "image"}]), "describes itself in a way that this version cannot read"),
        (changed(analysis=["x"]), "describes itself in a way that this version cannot read"),
        (changed(fields={"languages": ["it"]}), "describes itself in a way that this version cannot read"),
        (changed(since="soon"), "describes itself in a way that this version cannot read"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(stored: Any, sentence: str) -> None:
    """Attack: an index that another version built, or that was edited by hand."""
    with pytest.raises(EngineError) as refused:
        Schema.from_json(stored, "products")
    assert str(refused.value).startswith(f"Index 'products' {sentence}")


@given(ANY_JSON, st.lists(st.integers(0, 999), max_size=5), st.booleans())
@examples(deadline=None, max_examples=150)
def test_any_json_is_a_schema_or_refused(value: Any, turns: list[int], removes: bool) -> None:
    """Attack: an index that another version built, or that was edited by hand."""
    try:
        schema = Schema.from_json(replaced(SCHEMA.to_json(), turns, value, removes), "products")
    except EngineError:
        return
    assert Schema.from_json(schema.to_json(), "products").legs == schema.legs


def test_an_older_program_searches_a_newer_index_and_does_not_write_to_it(tmp_path: Path) -> None:
    """Attack: an index that another version built, or that was edited by hand."""
    model = Model()
    with serving(model.reply) as fake:
        with HybridSearch.open(settings(tmp_path, engine={"url": fake.url, "replicas": 0})) as shop:
            shop.reindex(options=quietly())
        (live,) = (index for index in model.indices.values() if "products" in index.aliases)
        live.mappings["_meta"]["hybridsearch"]["fields"]["points"] = ["place"]
        with HybridSearch.open(settings(tmp_path, engine={"url": fake.url, "replicas": 0})) as shop:
            assert shop.search("red dress").total
            with pytest.raises(EngineError) as refused:
                shop.upsert(PRODUCTS[0])
            assert str(refused.value) == (
                "The live index holds points, which this version does not know: a newer one built it. "
                "Upgrade hybridsearch before products are changed."
            )
            (line,) = (check for check in doctor.mapping(shop, shop.engine.schema()) if "points" in check.found)
            assert (line.state, line.next_step) == ("warning", "upgrade hybridsearch")
