"""An export as a shop writes it: `init` proposes what its columns mean, and rebuilds and changes read them so."""

from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.cli import DONE, run
from hybridsearch.engines.base import live_of
from hybridsearch.settings import Settings
from tests.shops import quietly

pytestmark = pytest.mark.beside_one_server

EXPORT = """\
Artikel;Bezeichnung;Preis;Gewicht;Inhalt;Lieferbar;Erschienen;Farben;Bilder
A-1001;Roter Stuhl für die Küche;1.299,00 €;0,250;500 g;ja;14/11/2019;rot, blau;a.jpg|b.jpg
A-1002;Blauer Tisch mit Lampe;12,50 €;1,083;1,5 kg;nein;03/04/2020;blau | grün;c.jpg
A-1003;Grüne Lampe für das Bad;99,- €;2,500;2 kg;ja;05/06/2021;grün, rot;d.jpg
A-1004;Der große Schrank;1 050,00 €;12,000;1 kg;nein;28/02/2022;rot;e.jpg
"""


@pytest.fixture
def shop(tmp_path: Path, engine: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> HybridSearch:
    """The shop that `init` configured, on one engine."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "export.csv").write_text(EXPORT, encoding="utf-8")
    assert run(["init", "export.csv"]) == DONE
    configured = Settings.load().model_dump(exclude={"folder", "engine", "vectors"})
    return HybridSearch.open(Settings.parse({**configured, "engine": engine}, folder=tmp_path))


def ids(shop: HybridSearch, **asked: Any) -> set[str]:
    return {hit.id for hit in shop.search("", **asked)}


def test_every_column_is_what_it_means(shop: HybridSearch) -> None:
    with shop:
        fields = shop.settings.fields
        assert (fields.id, fields.title, fields.image) == ("Artikel", "Bezeichnung", "Bilder")
        assert {*fields.numbers} == {"Preis", "Gewicht", "Inhalt"}
        assert (fields.booleans, fields.dates, fields.facets) == (("Lieferbar",), ("Erschienen",), ("Farben",))
        assert {name: str(form) for name, form in fields.formats.items()} == {
            "Preis": '{ decimal = ",", unit = "EUR" }',
            "Gewicht": '{ decimal = "," }',
            "Inhalt": '{ decimal = ",", unit = "kg" }',
            "Erschienen": '{ date = "DMY" }',
            "Farben": '{ separators = ["|", ","] }',
            "Bilder": '{ separators = ["|"] }',
        }


def test_a_rebuild_and_a_change_read_the_columns_the_same(shop: HybridSearch) -> None:
    with shop:
        assert (shop.reindex(options=quietly()).indexed, shop.reindex(options=quietly()).rejected) == (4, 0)
        assert ids(shop, filters={"Preis": {"gte": 1000}}) == {"A-1001", "A-1004"}
        assert ids(shop, filters={"Gewicht": 1.083}) == {"A-1002"}
        assert ids(shop, filters={"Inhalt": {"lte": 1}}) == {"A-1001", "A-1004"}
        assert ids(shop, filters={"Erschienen": "2020-04-03"}) == {"A-1002"}
        assert shop.search("", filters={"Preis": {"gte": 0}}, facets=["Farben"]).facets == {
            "Farben": {"rot": 3, "blau": 2, "grün": 2}
        }
        row = {"Artikel": "A-1005", "Bezeichnung": "Neuer Stuhl", "Gewicht": "1,083", "Erschienen": "03/04/2020"}
        assert shop.upsert({**row, "Farben": "rot | blau"}).written == 1
        assert [reject.id for reject in shop.upsert({**row, "Gewicht": "1.08"}).rejects] == ["A-1005"]
        live = live_of(shop.engine.generations())
        assert live is not None
        shop.engine.refresh(live.name)
        both = {"A-1002", "A-1005"}
        assert ids(shop, filters={"Gewicht": 1.083}) == ids(shop, filters={"Erschienen": "2020-04-03"}) == both
        assert ids(shop, filters={"Farben": "blau"}) == {"A-1001", *both}
