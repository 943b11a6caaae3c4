"""What is asked for where no product has as much of the words as could be expected: products with some of them.

How much is needed follows from how many products have each word, as if words came together by chance. `green` and
`shirt` may be words of many products, and of none together: then either is better than an empty page.
"""

from __future__ import annotations

from dataclasses import replace

from hybridsearch.search.clauses import WHOLE, Match, Words
from hybridsearch.search.plan import Plan
from hybridsearch.values import Page

NOTE = "no product has enough of the words together; these have some of them"


def loose(keyword: Match | None, least: float) -> Match | None:
    """Return a clause with which a product needs no more than the least of the words; None where it needs no more now.

    Args:
        keyword: By which words candidates are found.
        least: The least share, in [0, 1], of what all words count, that is ever enough.
    """
    if keyword is None:
        return None
    changed = replace(keyword, words=loosened(keyword.words, least), also=loosened(keyword.also, least))
    return changed if changed != keyword else None


def loosened(words: tuple[Words, ...], least: float) -> tuple[Words, ...]:
    """Return the words of each language, of which no more than the least is needed."""
    return tuple(replace(own, needed=min(own.needed, max(1, round(WHOLE * least)))) for own in words)


def loosened_plan(plan: Plan, page: Page) -> Plan | None:
    """Return the plan to run where the words of one found nothing; None where they did, or no less is enough."""
    if page.total > len(plan.ruled.pins) or plan.loose is None:
        return None
    return replace(plan, keyword=plan.loose, loose=None, notes=(*plan.notes, NOTE))


def by_words_alone(plan: Plan) -> Plan | None:
    """Return the plan that tells whether the words find anything that filters leave out, or besides what is pinned.

    None where there are neither filters nor pins.
    """
    if not plan.filters and not plan.ruled.pins:
        return None
    unpinned = replace(plan.ruled, pins=())
    counted = replace(plan, filters=(), ruled=unpinned, facets=(), compared=(), sort=(), after=None, offset=0)
    return replace(counted, size=0, rows=False)


def fuller(page: Page, loose_page: Page) -> Page:
    """Return the page of the loosened plan if it has more than that of the plan, which says why it is empty."""
    return loose_page if loose_page.total > page.total else page
