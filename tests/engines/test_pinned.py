"""An earlier generation is searched as if it were the live one, on both engines; the live one goes on as it is."""

from pathlib import Path
from typing import Any

from hybridsearch import HybridSearch
from hybridsearch.engines.pinned import Pinned
from tests.shops import FIELDS, settings, shop, write_products


def test_a_generation_is_searched_with_its_own_fields_and_words(tmp_path: Path, engine: dict[str, Any]) -> None:
    with shop(tmp_path, engine=engine) as first:
        (before,) = first.engine.generations()
    write_products(tmp_path / "products.jsonl", [{"id": "9", "title": "Blue scarf"}])
    with shop(tmp_path, engine=engine, fields={**FIELDS, "facets": []}) as now:
        found = HybridSearch(settings(tmp_path, engine=engine), Pinned(now.engine, before.name))
        page = found.search("red coatt", filters={"brand": "Borealis"}, facets=["brand"])
        assert [hit.id for hit in page] == ["3"]
        assert page.spelled == "red coat"  # by its words, not those of the live index
        assert found.search("scarf").total == 0
        assert [hit.id for hit in now.search("scarf")] == ["9"]
        assert set(found.engine.get(["1", "9"])) == {"1"}
        assert now.engine.schema().fields.facets == ()
