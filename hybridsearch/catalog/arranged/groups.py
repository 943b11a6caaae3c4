"""The file of groups: which rows of several catalogues are offers of one product, and why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from hybridsearch.disk.durable import replacing
from hybridsearch.disk.paths import shown
from hybridsearch.errors import CatalogError
from hybridsearch.inputs.json_text import parse_json


class Member(NamedTuple):
    """A line of a file of groups: which product a row is an offer of.

    Attributes:
        group: Id of the product.
        product_id: Id of the row in its catalogue.
        source: Name of that.
        score: Probability that the row is in the right group.
        because: Why it is there, in words.
    """

    group: str
    product_id: str
    source: str
    score: float = 1.0
    because: str = ""

    @staticmethod
    def write(path: Path, members: Iterable[Member]) -> None:
        """Write a file of groups in place of the one before.

        Raises:
            CatalogError: It cannot be written.
        """
        try:
            with replacing(path) as file:
                file.writelines(json.dumps(each._asdict(), ensure_ascii=False).encode() + b"\n" for each in members)
        except OSError as error:
            raise CatalogError(
                f"Cannot write {shown(path)}: {error.strerror or error}. Choose another path."
            ) from error

    @classmethod
    def read(cls, path: Path) -> Iterator[Member]:
        """Yield the lines of a file of groups.

        Raises:
            CatalogError: It cannot be read, or a line is none of a group: products would fall apart without a word.
        """
        try:
            with path.open(encoding="utf-8-sig") as file:
                for place, line in enumerate(file, 1):
                    if line.strip():
                        yield cls.parsed(line, f"{path.name}:{place}")
        except FileNotFoundError as error:
            raise CatalogError(
                f"The groups of offers, {shown(path)}, are missing. Write them with: hybridsearch match -o {path.name}"
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise CatalogError(
                f"Cannot read the groups of offers, {shown(path)}: {error}. Write them again."
            ) from error

    @classmethod
    def parsed(cls, line: str, where: str) -> Member:
        """Return what a line says."""
        try:
            said = parse_json(line)
            names = [said[name] for name in ("group", "product_id", "source")]
            if not all(isinstance(name, str) and name for name in names):
                raise TypeError
            return cls(*names)
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise CatalogError(
                f"{where} is {line.strip()[:80]!r}, expected an object with the texts 'group', 'product_id' and "
                "'source'. Write the groups again with: hybridsearch match"
            ) from error
