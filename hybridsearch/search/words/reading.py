"""Reading: from what a shopper typed to the words of this index that may be meant. A pure function of values."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hybridsearch.runtime.remembered import remembered
from hybridsearch.search.words.abroad import dictionary
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.synonyms import NONE, Alike, Synonyms
from hybridsearch.texts import stemming, text
from hybridsearch.texts.languages import analyses, is_cjk, stop_words
from hybridsearch.texts.units import is_measure

SHORTEST = 3
"""Letters of a word that may be misspelt: a shorter one is near to too much,"""
SHORTEST_PART = 4
"""and of one that may be a part of others."""
SHORTEST_STEM = 5
"""Letters of a stem that may be misspelt."""
LONG = 8
"""Letters from which on two of them may be wrong."""
ENOUGH = 5
"""Products that are to be expected of what is needed;"""
SMALL = 50
"""in a catalogue of fewer than ENOUGH times as many, one of so many,"""
LEAST = 0.5
"""and at least half a one: of five products the only one that is red and a coat is meant, not all that is either."""
SPELLING = "spelling"
ABROAD = "in other languages"


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a query.

    Attributes:
        typed: In lower case, or a run of Chinese or Japanese characters; of a term of several words all of these.
        others: Words of the index that it may stand for; the likeliest first.
        why: What they are to it, for people.
        alike: What it stands for besides, as the rules of the shop say.
        guessed: Whether words without a meaning are often read so: it was cut into two words, of which one is short
            and rare.
    """

    typed: str
    others: tuple[str, ...] = ()
    why: str = ""
    alike: tuple[Alike, ...] = ()
    guessed: bool = False

    @remembered  # what is needed, what ranks and what proves a query ask for the same
    def forms(self, language: str) -> tuple[str, ...]:
        """Return what is searched for in the field of a language: words, or several in one text."""
        forms: tuple[str, ...] = (self.typed, *self.others)
        if self.alike:
            own = [each for each in self.alike if each.language in ("", language)]
            typed = () if any(each.replaces for each in own) else forms
            forms = (*typed, *itertools.chain.from_iterable(each.forms for each in own))
        if all(map(str.isascii, forms)) or is_cjk(language):
            return forms
        return tuple(form for form in forms if not any(map(text.is_run, form.split())))

    def crosses(self, language: str) -> bool:
        """Tell whether it stands for words that only the field of this language has, and is none for it itself."""
        if is_cjk(language) is text.is_run(self.typed):
            return False
        own = (form for each in self.alike if each.language in ("", language) for form in each.forms)
        return any(text.is_run(form) is is_cjk(language) for form in own)


@dataclass(frozen=True, slots=True)
class Reading:
    """A query as it is understood.

    Attributes:
        words: In order.
        spelled: The query as the index spells it; empty where it is spelled as it was typed.
        dropped: Words that no product has, in no form and under no other name, so that none is needed.
    """

    words: tuple[Word, ...]
    spelled: str = ""
    dropped: tuple[str, ...] = ()

    def parts(self, parts: Mapping[str, str], languages: Iterable[str]) -> dict[str, str]:
        """Return the parts of a query by language: all of it where a word stands for one of another script."""
        whole = " ".join(word.typed for word in self.words)
        crossed = {language for language in languages if any(word.crosses(language) for word in self.words)}
        named = (language for language in languages if language in parts or language in crossed)
        return {language: whole if language in crossed else parts[language] for language in named}

    @remembered  # languages of one script are asked for the same part, and several times
    def of(self, part: str) -> tuple[Word, ...]:
        """Return the words that stand in a part of the query."""
        own = set(text.query_words(part))
        runs = [word for word in own if text.is_run(word)]
        here = (own.issuperset(word.typed.split()) or any(word.typed in run for run in runs) for word in self.words)
        return tuple(itertools.compress(self.words, here))

    @property
    def corrected(self) -> dict[str, str]:
        """What was typed, and the spelling of the index that it was also read in."""
        return {word.typed: word.others[0] for word in self.words if word.why == SPELLING}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was corrected or is called otherwise here, in sentences."""
        read = {
            word.typed: word.others if word.why == SPELLING else [form for each in word.alike for form in each.forms]
            for word in self.words
            if word.why in (SPELLING, ABROAD)
        }
        return tuple(f"'{typed}' was also read as {', '.join(dict.fromkeys(forms))}" for typed, forms in read.items())


def read(typed: str, lexicon: Lexicon | None, languages: Sequence[str], synonyms: Synonyms = NONE) -> Reading:
    """Return what the words of a query may mean in an index.

    Args:
        typed: The query, as it is searched for.
        lexicon: The words of the index; None where they are not known.
        languages: Of the index.
        synonyms: The rules of the shop.
    """
    typed_words = [Word(word) for word in words_of(typed, lexicon)]
    words = standing_for(typed_words, lexicon, languages, synonyms)
    if lexicon is None or not lexicon.documents:
        return Reading(tuple(words))
    words = called_here(words, lexicon, languages)
    read = [meant for word in joined(words, lexicon) for meant in understood(word, lexicon, languages)]
    read = [
        replace(word, alike=synonyms.of(word.others[:1], languages)) if word.why == SPELLING else word for word in read
    ]
    spelled = [word.others[0] if word.why == SPELLING else word.typed for word in read]
    return Reading(
        tuple(read),
        " ".join(spelled) if any(word.why == SPELLING for word in read) else "",
        tuple(word.typed for word in read if not text.is_run(word.typed) and not occurs(word, lexicon, languages)),
    )


def words_of(typed: str, lexicon: Lexicon | None) -> Iterator[str]:
    """Yield the words of a query; what it could be written as besides, such as `80x40`, only if the index has that."""
    pieces = set(text.pieces(text.as_typed(typed)))
    for word in text.query_words(typed):
        if word in pieces or word.isalpha() or not (lexicon and lexicon.whole) or word in lexicon.counts:
            yield word


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

    if all(map(is_settled, words)):  # nearly always
        return list(words)
    given = {word.typed: word for word in words}
    left = [word if is_settled(word) else replace(word, alike=()) for word in words]
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


def occurs(term: Word, lexicon: Lexicon, languages: Sequence[str]) -> bool:
    """Tell whether a product may have a term, or what it stands for."""
    return any(having(form, language, lexicon) for language in languages for form in term.forms(language))


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


def joined(words: Sequence[Word], lexicon: Lexicon) -> list[Word]:
    """Return the words, each two neighbours also as the one word that they make, where the index mostly has that.

    The rarer of the two must be no more frequent: a rare spelling counts more than a frequent one, and would lead.
    """
    result = list(words)
    for place, (first, second) in enumerate(itertools.pairwise(words)):
        together = first.typed + second.typed
        apart = min(lexicon.counts.get(word.typed, 0) for word in (first, second))
        if lexicon.counts.get(together, 0) >= max(1, apart) and not text.is_run(together):
            for part in (place, place + 1):
                others = (*result[part].others, together)
                result[part] = replace(result[part], others=others, why="written together")
    return result


def understood(word: Word, lexicon: Lexicon, languages: Sequence[str]) -> list[Word]:
    """Return a word with what it may stand for, where hardly a product has it as it was typed; or its two parts."""
    typed = word.typed
    if (
        word.others
        or word.alike
        or len(typed) < SHORTEST
        or text.is_run(typed)
        or typed in stop_words(tuple(languages))
    ):
        return [word]
    if not typed.isalpha():
        return with_digits(word, lexicon)
    known = occurrences(typed, lexicon, languages)
    if known >= enough(lexicon):
        return [word]
    if not is_written(typed, lexicon, languages) and (near := spellings(typed, lexicon, languages)):
        return [replace(word, others=near, why=SPELLING)]
    if not known and (parts := lexicon.parts(typed)):
        guessed = any(map(lexicon.is_slight, parts))
        return [replace(word, others=(part,), why=SPELLING, guessed=guessed) for part in parts]
    if len(typed) >= SHORTEST_PART and (wholes := lexicon.wholes(typed)):
        return [replace(word, others=wholes, why="part of them")]
    if not known and len(typed) >= LONG and (near := lexicon.spellings(typed, 2)):
        return [replace(word, others=near, why=SPELLING)]
    return [word]


def is_written(typed: str, lexicon: Lexicon, languages: Sequence[str]) -> bool:
    """Tell whether an index has a word, with whatever accents: `hohe` is `höhe`, and no misspelt `hose`."""
    if typed in lexicon.counts:
        return True
    plain = stemming.unaccented(typed)
    forms = (form for language in languages for form in lexicon.forms(typed, language))
    return any(stemming.unaccented(form) == plain for form in forms)


def with_digits(word: Word, lexicon: Lexicon) -> list[Word]:
    """Return a word with digits that no product has in two parts, `iphone15`, or with longer ones that begin so."""
    typed = word.typed
    if typed in lexicon.counts or not (plain := typed.replace(".", "")).isalnum() or plain.isdecimal():
        return [word]
    borders = (at for at in range(1, len(typed)) if typed[at - 1].isdecimal() != typed[at].isdecimal())
    halves = [(typed[:at], typed[at:]) for at in borders]
    known = [pair for pair in halves if all(half in lexicon.counts and len(half) > half.isalpha() for half in pair)]
    if known:
        parts = max(known, key=lambda pair: min(lexicon.counts[half] for half in pair))
        return [replace(word, others=(part,), why=SPELLING) for part in parts]
    if len(typed) >= SHORTEST_PART and not is_measure(typed) and (wholes := lexicon.wholes(typed)):
        return [replace(word, others=wholes, why="part of them")]
    return [word]


def spellings(typed: str, lexicon: Lexicon, languages: Sequence[str]) -> tuple[str, ...]:
    """Return the words one letter away from a word, or else from its stem: of `earbuds` there may be `earbud` alone.

    Without those that are looked for anyway, as they have the same stem.
    """
    stems = {language: stemming.stem(typed, language) for language in languages}
    tried = dict.fromkeys([typed, *(stem for stem in stems.values() if len(stem) >= SHORTEST_STEM)])
    near = (
        tuple(
            other
            for other in lexicon.spellings(each, 1)
            if not any(stemming.stem(other, language) == stem for language, stem in stems.items())
        )
        for each in tried
    )
    return next(filter(None, near), ())


def occurrences(typed: str, lexicon: Lexicon, languages: Sequence[str]) -> int:
    """Return how many products have a word as it is spelled, or in another form.

    Of three letters that forms share one must be a word by itself, as `rot` is of `rotes`; less is left of too much.
    """
    if typed in lexicon.counts:
        return max(lexicon.count(typed, language) for language in languages)
    stems = {language: stemming.stem(typed, language) for language in languages}
    known = (
        language
        for language, stem in stems.items()
        if len(stem) >= SHORTEST_PART or (len(stem) >= SHORTEST and stem in lexicon.counts)
    )
    return max((lexicon.count(typed, language) for language in known), default=0)


def having(form: str, language: str, lexicon: Lexicon) -> int:
    """Return how many products have a word, of several in one text at most."""
    words = text.sequence(form, language) if text.is_run(form) else form.split()
    return min((lexicon.count(word, language) for word in words), default=0)


def enough(lexicon: Lexicon) -> float:
    """Return how many products are to be expected of what is needed of a query."""
    return max(LEAST, min(ENOUGH, lexicon.documents / SMALL))
