"""What a person is asked, and has answered: a file of pairs that is read again by the next run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybridsearch.disk import modes
from hybridsearch.disk.paths import shown
from hybridsearch.errors import CatalogError
from hybridsearch.inputs.json_text import parse_json
from hybridsearch.matching.items import Item

YES = {"yes", "y", "true", "1", "same", "ja", "oui", "sí", "si", "はい", "是"}
NO = {"no", "n", "false", "0", "different", "nein", "non", "いいえ", "否"}
HALVES = ("a", "b")

Name = tuple[str, str]
"""Of an offer: the catalogue that it is of, and its id there."""


@dataclass(frozen=True, slots=True)
class Question:
    """Two offers, and what somebody said of them.

    Attributes:
        line: As it stands in the file.
        same: Whether they are one product; None where nobody has said it yet.
    """

    one: Name
    other: Name
    line: Mapping[str, Any]
    same: bool | None = None

    @property
    def pair(self) -> frozenset[Name]:
        """The two, whichever comes first."""
        return frozenset((self.one, self.other))


def question(one: Item, other: Item, score: float, because: str) -> Question:
    """Return what a person is asked of two offers."""
    halves = {half: told(item) for half, item in zip(HALVES, (one, other), strict=True)}
    line = {"same": None, "score": score, "because": because, **halves}
    return Question((one.source, one.id), (other.source, other.id), line)


def told(item: Item) -> dict[str, Any]:
    """Return what a person sees of an offer."""
    return {"source": item.source, "product_id": item.id, "title": item.title, "price": item.price}


def answered(path: Path) -> tuple[list[Question], list[str]]:
    """Return the answers in a file, and what is wrong with lines of it; there is none yet where it is missing.

    Raises:
        CatalogError: It cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            read = [read_line(line, f"{path.name}:{number}") for number, line in enumerate(file, 1) if line.strip()]
    except FileNotFoundError:
        return [], []
    except OSError as error:
        raise CatalogError(f"Cannot read {shown(path)}: {error.strerror or error}. Correct --review.") from error
    asked = [each for each in read if isinstance(each, Question)]
    return [each for each in asked if each.same is not None], [each for each in read if isinstance(each, str)]


def read_line(line: str, where: str) -> Question | str:
    """Return the question of a line, or what is wrong with it."""
    try:
        said = parse_json(line)
        one, other = ((str(said[half]["source"]), str(said[half]["product_id"])) for half in HALVES)
    except (ValueError, LookupError, TypeError, RecursionError):
        return (
            f"{where} is passed over: expected a JSON object with 'same' and, in 'a' and 'b', 'source' and 'product_id'"
        )
    answer = said.get("same")
    meant = str(answer).strip().casefold()
    if answer is not None and meant and meant not in YES | NO:
        return f"{where} is passed over: 'same' is {answer!r}, expected true, false or null"
    return Question(one, other, said, None if answer is None or not meant else meant in YES)


def write(path: Path, answers: Iterable[Question], asked: Iterable[Question]) -> int:
    """Write questions, the likeliest first, and behind them what is answered; return how many are open."""
    known = list(answers)
    pairs = {each.pair for each in known}
    left = sorted((each for each in asked if each.pair not in pairs), key=lambda each: -each.line["score"])
    modes.write(path, "".join(lines([*left, *known])).encode())
    return len(left)


def lines(questions: Iterable[Question]) -> Iterator[str]:
    """Yield the lines of questions."""
    return (json.dumps(each.line, ensure_ascii=False) + "\n" for each in questions)
