"""What goods and colours are called in other languages: a shopper types `Rucksack`, and the titles say `backpack`."""

from __future__ import annotations

import functools
from collections import defaultdict

from hybridsearch.encoders.goods import names
from hybridsearch.search.words.colours import colours
from hybridsearch.search.words.synonyms import Alike, Key, Synonyms, form, keys, merged


@functools.cache
def dictionary() -> Synonyms:
    """Return what each kind of goods, and each colour, is called besides: texts of all languages lie in all fields."""
    rules: defaultdict[Key, list[Alike]] = defaultdict(list)
    own: defaultdict[Key, set[str]] = defaultdict(set)
    for kind in names().values():
        every = [form(name.lower()) for called in kind.values() for name in called]
        for language, called in kind.items():
            for key in {key for name in called for key in keys(name.lower())}:
                rules[key].append(Alike(tuple(other for other in every if tuple(other.split()) != key)))
                own[key].add(language)
    for words in colours().values():
        for word in words:
            for key in keys(word):
                rules[key].append(Alike(tuple(form(other) for other in words if other != word)))
    return Synonyms({key: merged(alike) for key, alike in rules.items()}, own=own)
