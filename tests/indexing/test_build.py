"""From products to documents: what an encoder that fails costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.killable import Hashed, product, settings_of, shop_of
from tests.shops import write_products


def test_products_that_the_encoder_fails_on_are_found_by_words_and_written_down(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    """Fault 32: the batch is halved until only the product is left that cannot be encoded."""

    class Short(Hashed):
        def encode_texts(self, texts: Any) -> Any:
            if any("n7" in text for text in texts) or len(texts) > 4:
                raise MemoryError("no room")
            return super().encode_texts(texts)

    write_products(tmp_path / "products.jsonl", [product(number, 10) for number in range(20)])
    with shop_of(settings_of(tmp_path, **engine)) as found:
        found.encoders = {"words": Short()}  # type: ignore[assignment]
        report = found.reindex()
        live = found.engine.stored(report.generation, [f"p{number}" for number in range(20)])
    assert (report.indexed, report.rejected) == (20, 0)
    assert [(each.id, each.stage) for each in report.rejects] == [("p7", "encode")]
    assert {key for key, each in live.items() if not each.vectors} == {"p7"}


def test_a_zero_or_infinite_vector_never_reaches_an_index(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Fault 66."""

    class Broken(Hashed):
        def encode_texts(self, texts: Any) -> Any:
            found = super().encode_texts(texts)
            found[0] = np.nan
            return found

    write_products(tmp_path / "products.jsonl", [product(number, 10) for number in range(20)])
    with shop_of(settings_of(tmp_path, **engine)) as found:
        found.encoders = {"words": Broken()}  # type: ignore[assignment]
        report = found.reindex()
    assert (report.indexed, report.rejected) == (20, 0)
    assert [(each.id, each.stage) for each in report.rejects] == [("p0", "encode")]
