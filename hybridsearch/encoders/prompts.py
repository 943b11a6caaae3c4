"""What an encoder wants before a text, to know what it is: a query, or a passage that is to be found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hybridsearch.inputs.json_text import read_json

FILE = "config_sentence_transformers.json"
"""Where a model states its prompts."""
QUERY = ("query",)
PASSAGE = ("document", "passage", "corpus")
"""The names under which sentence-transformers looks for the prompt of each side, the first one that is stated."""


class Prompts(NamedTuple):
    """What stands before texts. None: nothing is said of it, and something else may.

    Attributes:
        query: Before what is asked for.
        passage: Before what is said of a product.
    """

    query: str | None = None
    passage: str | None = None

    def over(self, other: Prompts) -> Prompts:
        """Return these prompts, and the other's where nothing is said."""
        return Prompts(*(own if own is not None else theirs for own, theirs in zip(self, other, strict=True)))

    @property
    def differ(self) -> bool:
        """Whether a query has another one than a text of a product."""
        return (self.query or "") != (self.passage or "")

    @property
    def decisive(self) -> bytes:
        """What a fingerprint is made of besides; nothing without prompts."""
        return f"\0prompts {self.query or ''}\0{self.passage or ''}".encode("utf-8", "surrogatepass") * any(self)

    def query_texts(self, texts: Sequence[str]) -> list[str]:
        """Return queries with their prompt."""
        return [f"{self.query or ''}{text}" for text in texts]

    def passage_texts(self, texts: Sequence[str]) -> list[str]:
        """Return texts of products with their prompt."""
        return [f"{self.passage or ''}{text}" for text in texts]


UNSAID = Prompts()
E5 = Prompts("query: ", "passage: ")


def to_json(prompts: Prompts) -> dict[str, Any]:
    """Return what `stated` reads."""
    return {"prompts": {"query": prompts.query or "", "document": prompts.passage or ""}, "default_prompt_name": None}


def stated(folder: Path) -> Prompts:
    """Return the prompts that a model folder states.

    The default prompt stands for a side that has none of its own, unless it is the other side's.

    Raises:
        OSError, ValueError, TypeError, AttributeError: The file is damaged.
    """
    file = folder / FILE
    config = dict(read_json(file, plain=False)) if file.is_file() else {}
    prompts: Mapping[str, Any] = config.get("prompts") or {}
    if not all(isinstance(text, str | None) for text in prompts.values()):
        raise ValueError(f"'prompts' in {FILE} are not texts")
    default = str(config.get("default_prompt_name"))
    spare = prompts.get(default) if default not in (*QUERY, *PASSAGE) else None
    query, passage = (next(filter(None, map(prompts.get, names)), spare) for names in (QUERY, PASSAGE))
    return Prompts(query or None, passage or None)
