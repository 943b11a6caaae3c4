"""Terms: words, alone or several together, that stand for others, by the rules of the shop and in other languages."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

from hybridsearch.search.words.abroad import dictionary
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.occurrences import having, occurs
from hybridsearch.search.words.synonyms import Alike, Synonyms
from hybridsearch.search.words.word import ABROAD, Word
from hybridsearch.texts import stemming, text
from hybridsearch.texts.languages import analyses


def standing_for(
    words: Sequence[Word], lexicon: Lexicon | None, languages: Sequence[str], synonyms: Synonyms
) -> list[Word]:
    """Return the words with what they stand for by the rules of the shop.

    A term of several words is one that a product has whole, or what it stands for, unless no product has either.
    """

    def meant(term: Word) -> Word | None:
        single = len(term.typed.split()) == 1
        return term if single or lexicon is None or occurs(term, lexicon, languages) else None

    return by_rules(words, synonyms, languages, meant) if synonyms.rules else list(words)


def called_here(words: Sequence[Word], lexicon: Lexicon, languages: Sequence[str]) -> list[Word]:
    """Return the words, goods and colours that no product has, nor by a rule of the shop, as products call them.

    Beside such a word the others are looked for under their names in other languages too: a product has it all in one.
    """

    def meant(term: Word) -> Word | None:
        forms = tuple(form for each in term.alike for form in each.forms if has(form))
        known = occurs(Word(term.typed), lexicon, languages)
        return replace(term, alike=(Alike(forms),), why="" if known else ABROAD) if forms else None

    def has(form: str) -> bool:
        return any(having(form, language, lexicon) for language in languages)

    def is_settled(word: Word) -> bool:
        return any(each.replaces for each in word.alike) or occurs(word, lexicon, languages)

    settled = list(map(is_settled, words))
    if all(settled):  # nearly always
        return list(words)
    given = {word.typed: word for word in words}
    left = [word if sure else replace(word, alike=()) for word, sure in zip(words, settled, strict=True)]
    read = by_rules(left, dictionary(), [*analyses()], meant)
    if not any(word.why == ABROAD for word in read):
        return list(words)
    return [word if word.alike else given.get(word.typed, word) for word in read]


def by_rules(
    words: Sequence[Word], synonyms: Synonyms, languages: Sequence[str], meant: Callable[[Word], Word | None]
) -> list[Word]:
    """Return the words with what rules say of them; of several terms that begin with a word the longest is meant.

    Args:
        words: In order; those that rules were found for already stay as they are.
        synonyms: The rules.
        languages: In whose forms a term may be.
        meant: Returns a term as it is to be read; None where it is not meant.
    """

    def read_as(part: Sequence[Word]) -> Word | None:
        if any(word.alike for word in part) or not (alike := synonyms.of([word.typed for word in part], languages)):
            return None
        return meant(Word(" ".join(word.typed for word in part), alike=alike))

    whole = (bool(word.alike) or not text.is_run(word.typed) for word in words)
    parts = ([word] if one else cut(word, synonyms, read_as) for word, one in zip(words, whole, strict=True))
    left = list(itertools.chain.from_iterable(parts))
    read: list[Word] = []
    while left:
        counts = range(min(len(left), synonyms.longest), 0, -1)
        count, term = next(((count, term) for count in counts if (term := read_as(left[:count]))), (1, left[0]))
        read.append(term)
        del left[:count]
    return read


def cut(run: Word, synonyms: Synonyms, read_as: Callable[[Sequence[Word]], Word | None]) -> list[Word]:
    """Return a run of Chinese or Japanese characters in parts, those that rules name and that are meant apart."""
    typed, parts, start, place = run.typed, [], 0, 0
    while place < len(typed):
        ends = range(min(len(typed), place + synonyms.longest_run), place, -1)
        named = (end for end in ends if (stemming.unaccented(typed[place:end]),) in synonyms.rules)
        end = next((end for end in named if read_as([Word(typed[place:end])])), None)
        if end is not None:
            parts += [typed[start:place], typed[place:end]]
            start = end
        place = end or place + 1
    return [Word(part) for part in (*parts, typed[start:]) if part]
