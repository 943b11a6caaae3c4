"""A word of a query, with what it may stand for."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from hybridsearch.runtime.remembered import remembered
from hybridsearch.search.words.synonyms import Alike
from hybridsearch.texts import text
from hybridsearch.texts.languages import is_cjk

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
