"""A shop behind the page, and a client that asks it without a socket."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from starlette.testclient import TestClient

from hybridsearch import AsyncHybridSearch, HybridSearch
from hybridsearch.web import JudgeOptions, app
from tests.shops import PRODUCTS, settings, shop, write_config, write_products

HERE = "http://localhost"
TOKEN = "a-token-of-twenty-letters-and-more"
FIELDS = {
    "title": "title",
    "text": ["note"],
    "codes": ["sku"],
    "facets": ["brand"],
    "numbers": ["price"],
    "image": "image",
    "languages": ["en", "zh"],
}
HOSTILE = '<script>alert(1)</script> & "quoted" <img src=x onerror=alert(2)> coat'


def pictured(folder: Path) -> list[dict[str, Any]]:
    """Return products, of which some have pictures; the files are written."""
    Image.new("RGB", (900, 600), "red").save(folder / "red.png")
    rows: list[dict[str, Any]] = [dict(row) for row in PRODUCTS]
    rows[0]["image"], rows[1]["image"], rows[2]["image"] = "red.png", "../../etc/passwd", "http://127.0.0.1:1/x.png"
    return [*rows, {"id": "x/y?z", "title": HOSTILE, "brand": "<b>Bold</b>", "price": 7}]


@contextmanager
def asking(
    folder: Path,
    *,
    token: str = "",
    log: Any = None,
    judge: JudgeOptions | None = None,
    beside: Mapping[str, HybridSearch] | None = None,
    judged: Path | None = None,
    edit: bool = False,
    **changes: Any,
) -> Iterator[TestClient]:
    """Yield what asks the page of a shop whose index has been built."""
    write_products(folder / "products.jsonl", pictured(folder))
    found = {"fields": FIELDS, **({"log": log} if log else {}), **changes}
    shop(folder, **found).close()
    with opened_again(folder, token=token, beside=beside, judged=judged, judge=judge, edit=edit, **found) as client:
        yield client


@contextmanager
def opened_again(
    folder: Path,
    *,
    token: str = "",
    beside: Mapping[str, HybridSearch] | None = None,
    judged: Path | None = None,
    judge: JudgeOptions | None = None,
    edit: bool = False,
    **changes: Any,
) -> Iterator[TestClient]:
    """Yield what asks the page of a shop whose index is there already."""
    found = {"fields": FIELDS, **changes}
    opened = AsyncHybridSearch.open(write_config(folder, **found) if edit else settings(folder, **found))
    served = app(opened, token=token, edit=edit, beside=beside, judgments=judged, judge=judge)
    with TestClient(served, base_url=HERE, follow_redirects=False) as client:
        yield client
        assert client.portal is not None
        client.portal.call(opened.close)


def csrf(client: TestClient) -> str:
    """Return what a form of the page carries for this browser."""
    from hybridsearch.web import proofs

    page = client.get("/login").text
    assert client.cookies.get(proofs.FORM)
    return page.partition('name="csrf" value="')[2].partition('"')[0]
