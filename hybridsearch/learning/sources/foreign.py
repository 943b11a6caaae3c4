"""Judgments as other programs write them: Quepid's tables, lines of RankLib, ratings of OpenSearch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TextIO

from hybridsearch.catalog.base import Unreadable
from hybridsearch.catalog.files import flaw, lines
from hybridsearch.catalog.formats.csv import parse_table
from hybridsearch.inputs.json_text import parse_json

COLUMNS = {"querytext": "query", "docid": "product_id", "rating": "grade"}
"""What Quepid calls a column, without spaces, lines and upper case."""
UNSAID = str.maketrans("", "", " _-\t")
JUDGED = re.compile(r"[+-]?\d+(?:\.\d+)?\s+qid:[^\s#]+(?:\s+[^\s#:]+:[^\s#]+)*\s*(?:#.*)?")
"""A line of RankLib: grade, number of the query, features, and a comment."""
WEIGHT = re.compile(r"\*[\d.]+")
"""What may stand behind a query in a comment."""
RATINGS = "judgmentRatings"
"""The key under which OpenSearch has all ratings."""
LONGEST_DOCUMENT = 64_000_000
"""Characters of a document that is one JSON value."""
DEEPEST = 5


def column(name: str) -> str:
    """Return what a column is called here; its own name where it is none of Quepid's."""
    return COLUMNS.get(name.translate(UNSAID).lower(), name)


def parse_judged_table(text: TextIO) -> Iterator[tuple[int, dict[str, str] | Unreadable]]:
    """Yield a row for every record of a table, its columns called as they are here."""
    for number, row in parse_table(text):
        yield number, row if isinstance(row, Unreadable) else {column(name): value for name, value in row.items()}


def parse_ranklib(text: TextIO) -> Iterator[tuple[int, Any | Unreadable]]:
    """Yield a judgment for every line `grade qid:1 1:0.3 … # product query`; the features are not used.

    The text of a query stands behind the product, or in a line of its own before: `# qid:1: query`.
    """
    names: dict[str, str] = {}
    for number, line in lines(text):
        bare = line.strip("\ufeff \t\r\n")
        if reason := flaw(line):
            yield number, Unreadable(reason)
        elif named := named_query(bare):
            names[named[0]] = named[1]
        elif bare and not bare.startswith("#"):
            yield (
                number,
                judged(bare, names)
                if JUDGED.fullmatch(bare)
                else Unreadable("expected a line such as: 2 qid:1 1:0.3 # product query"),
            )


def named_query(line: str) -> tuple[str, str] | None:
    """Return the number of a query and its text from a comment: `# qid:1: rambo`, or `# qid:1: rambo*1`."""
    comment, hash_sign, said = line.partition("#")
    mark, _, rest = said.strip().partition("qid:")
    number, colon, query = rest.partition(":")
    if comment or mark or not hash_sign or not colon or not number.strip():
        return None
    text, star, weight = query.strip().rpartition("*")
    return number.strip(), text.strip() if WEIGHT.fullmatch(star + weight) else query.strip()


def judged(line: str, names: dict[str, str]) -> Any | Unreadable:
    """Return the judgment of a line."""
    values, _, comment = line.partition("#")
    grade, qid, *_ = values.split()
    product, _, query = comment.strip().replace("\t", " ").partition(" ")
    said = query.strip() or names.get(qid.removeprefix("qid:"), "")
    if not product or not said:
        missing = "its query" if product else "the product and its query"
        return Unreadable(f"the comment does not say {missing}, expected: 2 qid:1 1:0.3 # product query")
    return {"query": said, "product_id": product, "grade": grade}


def parse_ratings(text: TextIO) -> Iterator[tuple[int, Any | Unreadable]]:
    """Yield the ratings of a document as OpenSearch takes and gives them, by query, numbered from 1.

    Raises:
        ValueError: It is no JSON, or too long.
    """
    content = text.read(LONGEST_DOCUMENT + 1)
    if len(content) > LONGEST_DOCUMENT:
        raise ValueError(f"the document is longer than {LONGEST_DOCUMENT:,} characters; give its ratings as JSON lines")
    number = 0
    for query, ratings in by_query(parse_json(content.lstrip("\ufeff"), plain=False)):
        for rating in ratings:
            number += 1
            if isinstance(rating, dict):
                yield number, {"query": query, "product_id": rating.get("docId"), "grade": rating.get("rating")}
            else:
                yield number, Unreadable(f"found {str(rating)[:40]!r}, expected an object with 'docId' and 'rating'")


def by_query(value: Any, levels: int = DEEPEST) -> Iterator[tuple[Any, list[Any]]]:
    """Yield each query with its ratings, wherever in a document they stand: by query, or in a list of queries."""
    if levels == 0:
        return
    if isinstance(value, list):
        for part in value:
            yield from by_query(part, levels - 1)
    if not isinstance(value, dict):
        return
    found = value.get(RATINGS)
    if isinstance(found, dict):
        yield from ((query, ratings if isinstance(ratings, list) else [ratings]) for query, ratings in found.items())
    elif isinstance(found, list):
        for each in found:
            ratings = each.get("ratings") if isinstance(each, dict) else None
            yield (each.get("query"), ratings) if isinstance(ratings, list) else (None, [each])
    else:
        for part in value.values():
            yield from by_query(part, levels - 1)
