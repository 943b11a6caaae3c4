"""Synonyms: which other words a word of a query stands for, from rules as Solr and Elasticsearch write them.

# a comment
tee, t shirt                    each stands for the other
notebook => laptop, ultrabook   the first is searched for as the others alone
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.texts import stemming, text
from hybridsearch.texts.languages import analyses

MOST = 50
"""Terms that one stands for; a word with more says nothing any more, and each is a clause of the request."""
MOST_WORDS = 8
"""Words of a term: a longer one is none that shoppers type."""
SHOWN = 80
"""Characters of a rule in a message."""

_ARROW = re.compile(r"(?<!\\)=>")
_COMMA = re.compile(r"(?<!\\),")
_ESCAPED = re.compile(r"\\(.)")
_APART = re.compile(r"[-/]")

Key = tuple[str, ...]
"""The words of a term, without accents."""


@dataclass(frozen=True, slots=True)
class Alike:
    """What a word stands for.

    Attributes:
        forms: Words, or several that a product must all have, with spaces between them.
        language: Of the field in which that is so; empty for all.
        replaces: Whether the word itself is not searched for.
    """

    forms: tuple[str, ...]
    language: str = ""
    replaces: bool = False


class Synonyms:
    """The rules of a shop.

    Args:
        rules: What the words of a term stand for.
        problems: What is wrong with some rules, each with its place; the others are used.
        own: The languages of each term, in whose other forms it may be typed; None where that may be in any.
    """

    def __init__(
        self,
        rules: Mapping[Key, Sequence[Alike]] | None = None,
        problems: Sequence[str] = (),
        own: Mapping[Key, Collection[str]] | None = None,
    ) -> None:
        self.rules: Mapping[Key, Sequence[Alike]] = rules or {}
        self.problems = tuple(problems)
        self._own = own
        self._stems: dict[str, Mapping[Key, Sequence[Alike]]] = {}

    @cached_property
    def longest(self) -> int:
        """How many words the longest term has."""
        return max(map(len, self.rules), default=0)

    @cached_property
    def longest_run(self) -> int:
        """How many characters the longest term in Chinese or Japanese has."""
        return max((len(key[0]) for key in self.rules if text.is_run(key[0])), default=0)

    def of(self, words: Sequence[str], languages: Iterable[str]) -> tuple[Alike, ...]:
        """Return what words that follow each other stand for, in other forms too, such as the plural."""
        found = self.rules.get(tuple(map(stemming.unaccented, words)))
        if found is None and not any(map(text.is_run, words)):
            stemmed = (self._by_stem(language).get(stems(words, language)) for language in languages)
            found = next((rules for rules in stemmed if rules), None)
        return tuple(found or ())

    def _by_stem(self, language: str) -> Mapping[Key, Sequence[Alike]]:
        if language not in self._stems:
            said = (key for key in self.rules if self._own is None or language in self._own.get(key, ()))
            self._stems[language] = {stems(key, language): self.rules[key] for key in said}
        return self._stems[language]


NONE = Synonyms()


def stems(words: Iterable[str], language: str) -> Key:
    """Return the stem of each word."""
    return tuple(stemming.stem(word, language) for word in words)


def parse(written: Mapping[str, tuple[str, str]]) -> Synonyms:
    """Return the rules of some files.

    Args:
        written: By name of the file, for messages, its language, or nothing, and its text.
    """
    rules: defaultdict[Key, list[Alike]] = defaultdict(list)
    problems: list[str] = []
    for name, (language, content) in written.items():
        for number, line in enumerate(content.splitlines(), 1):
            try:
                for key, alike in read(line):
                    rules[key].append(replace(alike, language=language))
            except ValueError as error:
                problems.append(f"{name}:{number}: {error}")
    return Synonyms({key: merged(alike) for key, alike in rules.items()}, [*problems, *circles(rules)])


def read(line: str) -> Iterator[tuple[Key, Alike]]:
    """Yield what each term of a rule stands for.

    Raises:
        ValueError: It is no rule; the message says why.
    """
    rule = line.strip()
    if not rule or rule.startswith("#"):
        return
    sides = [terms(side) for side in _ARROW.split(rule)]
    if len(sides) > 2 or not all(sides):
        raise ValueError(f"'{rule[:SHOWN]}' has more than one '=>', or nothing beside it; expected: a, b => c")
    first, last = sides[0], sides[-1]
    if len(sides) == 1 and len(first) < 2:
        raise ValueError(f"'{rule[:SHOWN]}' has one term, expected others that it stands for: a, b")
    forms = {term: form(term) for term in last[: MOST + 1]}
    for term in first:
        others = tuple(written for other, written in forms.items() if other != term or len(sides) > 1)[:MOST]
        for key in keys(term):
            yield key, Alike(others, replaces=len(sides) > 1)


def terms(side: str) -> list[str]:
    """Return the different terms of one side of a rule.

    Raises:
        ValueError: One has too many words.
    """
    found = (" ".join(text.clean(_ESCAPED.sub(r"\1", part)).lower().split()) for part in _COMMA.split(side))
    distinct = [term for term in dict.fromkeys(found) if text.query_words(term)]
    if long := next((term for term in distinct if len(form(term).split()) > MOST_WORDS), None):
        raise ValueError(f"'{long[:SHOWN]}' has more than {MOST_WORDS} words, which is no term that shoppers type")
    return distinct


def form(term: str) -> str:
    """Return the words of a term with spaces between them; those of a compound are apart."""
    return " ".join(text.query_words(_APART.sub(" ", term)))


def keys(term: str) -> set[Key]:
    """Return how a term may be typed: its words, and a compound in one piece too."""
    spellings = {form(term), *([_APART.sub("", term)] if _APART.search(term) else [])}
    return {tuple(map(stemming.unaccented, text.query_words(spelling))) for spelling in spellings}


def merged(alike: Sequence[Alike]) -> list[Alike]:
    """Return what several rules say of one term, as one for each language and kind."""
    found: dict[tuple[str, bool], dict[str, None]] = {}
    for each in alike:
        found.setdefault((each.language, each.replaces), {}).update(dict.fromkeys(each.forms))
    return [Alike(tuple(islice(forms, MOST)), *kind) for kind, forms in found.items()]


def unused(synonyms: Synonyms, lexicon: Lexicon) -> Iterator[str]:
    """Yield the terms that find nothing: no product has one, nor anything that it stands for."""
    for key, alike in synonyms.rules.items():
        term = " ".join(key)
        forms = {form for each in alike for form in (*each.forms, *([] if each.replaces else [term]))}
        if not any(all(known(word, lexicon) for word in form.split()) for form in forms):
            yield term


def known(word: str, lexicon: Lexicon) -> bool:
    """Tell whether some product may have a word, as far as its beginning tells."""
    return text.is_run(word) or any(lexicon.count(word, language) for language in analyses())


def circles(rules: Mapping[Key, Sequence[Alike]]) -> Iterator[str]:
    """Yield a sentence for each two terms that are replaced by one another, and not by themselves too."""
    replaced = {
        " ".join(key): {other for each in alike if each.replaces for other in each.forms}
        for key, alike in rules.items()
    }
    for term, others in replaced.items():
        for other in sorted(others):
            if term < other and term in replaced.get(other, ()) and term not in others:
                yield f"'{term}' is replaced by '{other}' and '{other}' by '{term}': write '{term}, {other}' instead"
