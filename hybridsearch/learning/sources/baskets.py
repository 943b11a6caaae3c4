"""Baskets: what was bought together, from a file of orders, and the file that keeps it.

How much two products belong together is the cosine of their baskets, n(a, b) / sqrt(n(a) n(b)) (Sarwar et al., 2001),
times n(a, b) / (n(a, b) + SHRINKAGE): what rests on few baskets counts less (Bell and Koren, 2007).
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.catalog.base import Unreadable
from hybridsearch.catalog.formats.csv import parse_table
from hybridsearch.catalog.formats.jsonl import parse_lines
from hybridsearch.disk.durable import replacing
from hybridsearch.disk.paths import shown
from hybridsearch.errors import ConfigError
from hybridsearch.inputs.rows import field as field_of
from hybridsearch.inputs.rows import strings
from hybridsearch.learning.sources.formats import reading
from hybridsearch.search.alike.together import Together, together
from hybridsearch.search.plan import Plan
from hybridsearch.settings import Settings

FEWEST = 3
"""Baskets that two products must share to be kept: one or two are chance, and may tell of a person."""
SHRINKAGE = 10.0
"""Shared baskets with which half of the cosine counts."""
LARGEST = 50
"""Products of a basket; a larger one is a dealer's, and says little of what goes with what."""
KEPT = 50
"""Products that are kept for each, those that belong to it the most."""
EXPECTED = "expected 'products', a list, or 'order_id' and 'product_id'"
Integers = NDArray[np.int64]


@dataclass(slots=True)
class Orders:
    """What a file of orders holds: rows of order and product, as numbers.

    Attributes:
        skipped: Rows that cannot be used, by reason.
        first: Where the first of them is.
    """

    products: dict[str, int] = field(default_factory=dict)
    orders: dict[str, int] = field(default_factory=dict)
    rows: list[tuple[int, int]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    first: str = ""

    def add(self, order: str, products: Iterator[str] | tuple[str, ...]) -> None:
        """Add products to an order."""
        number = self.orders.setdefault(order, len(self.orders))
        self.rows += [(number, self.products.setdefault(product, len(self.products))) for product in products]

    def skip(self, where: str, reason: str) -> None:
        """Count a row that cannot be used."""
        self.skipped[reason] += 1
        self.first = self.first or f"{where}: {reason}"


def read(path: Path, *, order: str = "order_id", product: str = "product_id") -> Orders:
    """Return the orders of a file: JSON lines or a table, plain or gzip.

    A row is one product of an order, or holds all of them as a list under `products`.

    Args:
        path: The file.
        order: The field that names the order.
        product: The field that names the product, by its id.

    Raises:
        CatalogError: It cannot be read.
        ConfigError: No row of it can be used.
    """
    found = Orders()
    with reading(path) as text:
        parse = parse_lines if text.read(1) in "{\ufeff[" else parse_table
        text.seek(0)
        for number, row in parse(text):
            where = f"{path.name}:{number}"
            if isinstance(row, Unreadable):
                found.skip(where, row.reason)
            elif not isinstance(row, Mapping):
                found.skip(where, f"it is no object; {EXPECTED}")
            elif products := strings(row.get("products")):
                found.add(f"\0{number}", products)
            elif (name := strings(field_of(row, order))) and (products := strings(field_of(row, product))):
                found.add(name[0], products[:1])
            else:
                found.skip(where, f"it has no order with products; {EXPECTED}")
    if not found.rows:
        why = f": {found.first}" if found.first else ", it is empty"
        raise ConfigError(f"No row of {shown(path)} can be used{why}. Name other fields with --order and --product.")
    return found


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of products that share baskets, each once with its smaller number first.

    Attributes:
        baskets: How many each product is in.
        large: How many baskets were left out, as they hold too much.
    """

    first: Integers
    second: Integers
    shared: Integers
    baskets: Integers
    large: int

    @property
    def scores(self) -> NDArray[np.float64]:
        """How much each pair belongs together, in (0, 1)."""
        cosines = self.shared / np.sqrt(self.baskets[self.first] * self.baskets[self.second])
        return np.asarray(cosines * self.shared / (self.shared + SHRINKAGE))


def pairs_of(orders: Orders) -> Pairs:
    """Return the pairs of products that share at least FEWEST baskets."""
    rows = np.unique(np.array(orders.rows, np.int64).reshape(-1, 2), axis=0)
    sizes = np.bincount(rows[:, 0], minlength=len(orders.orders))
    large = sizes > LARGEST
    rows = rows[~large[rows[:, 0]]]
    order, product = rows[:, 0], rows[:, 1]
    count = max(1, len(orders.products))
    keys = [np.zeros(0, np.int64)]
    for apart in range(1, int(sizes[~large].max(initial=1))):  # rows of an order lie beside each other, products ascend
        same = order[:-apart] == order[apart:]
        keys.append(product[:-apart][same] * count + product[apart:][same])
    found, shared = np.unique(np.concatenate(keys), return_counts=True)
    often = shared >= FEWEST
    return Pairs(
        found[often] // count,
        found[often] % count,
        shared[often].astype(np.int64),
        np.bincount(product, minlength=count),
        int(large.sum()),
    )


def write(path: Path, orders: Orders, pairs: Pairs) -> int:
    """Write what belongs together to a file, KEPT for each product, and return how many pairs it has.

    Raises:
        OSError: It cannot be written; the old file stays.
    """
    ids = list(orders.products)
    one, other = np.concatenate([pairs.first, pairs.second]), np.concatenate([pairs.second, pairs.first])
    scores, shared = np.tile(pairs.scores, 2), np.tile(pairs.shared, 2)
    best = np.lexsort((other, -scores, one))
    rank = np.arange(len(best)) - np.searchsorted(one[best], one[best])
    best = best[rank < KEPT]
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE together (id TEXT, other TEXT, score REAL, baskets INTEGER)")
        rows = zip(one[best].tolist(), other[best].tolist(), scores[best].tolist(), shared[best].tolist(), strict=True)
        db.executemany("INSERT INTO together VALUES (?, ?, ?, ?)", ((ids[a], ids[b], s, n) for a, b, s, n in rows))
        db.execute("CREATE INDEX by_id ON together (id)")
        db.commit()
        with replacing(path) as file:
            file.write(db.serialize())
    return len(best)


def bought_with(path: Path, product: str) -> list[Together]:
    """Return what was bought together with a product, the most first; nothing where the baskets do not have it.

    Raises:
        ConfigError: The file is missing, or damaged.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            query = "SELECT other, score, baskets FROM together WHERE id = ? ORDER BY score DESC, rowid"
            return [Together(str(other), float(score), int(n)) for other, score, n in db.execute(query, (product,))]
    except (sqlite3.Error, TypeError, ValueError) as error:
        raise ConfigError(
            f"What was bought together cannot be read from {shown(path)}: {error}. "
            "Make it with: hybridsearch learn-baskets ORDERS"
        ) from error


def planned(settings: Settings, everything: Plan, product: str) -> Plan:
    """Return the plan of what was bought together with a product, of all products that a plan finds.

    Raises:
        ConfigError: Nothing was learned, or the file is damaged.
    """
    return together(everything, product, bought_with(settings.resolve(settings.baskets.path), product))


def report(orders: Orders, pairs: Pairs, kept: int, path: Path) -> dict[str, Any]:
    """Return what `hybridsearch learn-baskets --json` prints."""
    return {
        "path": str(path),
        "baskets": len(orders.orders),
        "products": len(orders.products),
        "pairs": kept,
        "left_out": pairs.large,
        "skipped": dict(orders.skipped),
        "first_skipped": orders.first or None,
    }
