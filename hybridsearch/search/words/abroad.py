"""What goods and colours are called in other languages: a shopper types `Rucksack`, and the titles say `backpack`."""

from __future__ import annotations

import functools
from collections import defaultdict

from hybridsearch.encoders.goods import kinds
from hybridsearch.search.words.colours import colours
from hybridsearch.search.words.synonyms import Alike, Key, Synonyms, form, keys, merged


@functools.cache
def dictionary() -> Synonyms:
    """Return what each kind of goods, and each colour, is called besides: texts of all languages lie in all fields."""
    rules: defaultdict[Key, list[Alike]] = defaultdict(list)
    own: defaultdict[Key, set[str]] = defaultdict(set)
    for names in kinds().values():
        for language, name in names.items():
            others = Alike(tuple(form(other.lower()) for its, other in names.items() if its != language))
            for key in keys(name.lower()):
                rules[key].append(others)
                own[key].add(language)
    for words in colours().values():
        for word in words:
            for key in keys(word):
                rules[key].append(Alike(tuple(form(other) for other in words if other != word)))
    return Synonyms({key: merged(alike) for key, alike in rules.items()}, own=own)
