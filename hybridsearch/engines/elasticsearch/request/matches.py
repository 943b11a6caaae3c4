"""Matches: clauses that text fields have some words. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable

from hybridsearch.engines.elasticsearch.mapping import text_path
from hybridsearch.engines.elasticsearch.request.filters import Clause
from hybridsearch.search.clauses import Match, Words


def match_clause(clause: Match) -> Clause:
    """Return the clause that matches words in any of the languages; the best language counts."""
    return best_of([words_clause(text_path(clause.field, words.language), words) for words in clause.everywhere])


def words_clause(path: str, words: Words) -> Clause:
    """Return the clause that matches the words of one language; the score is the sum of those that a product has.

    Where it depends on the words how many are needed, those that are needed in any case stand apart; where it depends
    even then, a filter adds up what they count: in whole numbers, which are exact in the 32 bits of a score. For that a
    server looks at every product that has any of the essential words.
    """
    least = words.least
    if least is not None and words.simple:
        return {"match": {path: {"query": " ".join(words.flat), "minimum_should_match": least}}}
    factors = dict(words.factors)
    clauses = [best_of([form_clause(path, form, factors.get(form)) for form in tokens]) for tokens in words.tokens]
    if least is not None:
        return {"bool": {"should": clauses, "minimum_should_match": least}}
    if (certain := words.certain) is not None:
        places, others = certain
        parts: dict[str, list[Clause]] = {"must": [], "should": []}
        for place, clause in enumerate(clauses):
            parts["must" if place in places else "should"].append(clause)
        return {"bool": {**parts, "minimum_should_match": others}}
    enough = {"function_score": {"query": counting(path, words), "min_score": words.needed}}
    essential = [form for place in words.essential for form in words.tokens[place]]
    return {"bool": {"should": clauses, "filter": [having(path, essential), enough]}}


def counting(path: str, words: Words) -> Clause:
    """Return the clause whose score is what those of the words count that a product has."""
    counts = [
        {"constant_score": {"filter": having(path, tokens), "boost": tells}}
        for tokens, tells in zip(words.tokens, words.tells, strict=True)
    ]
    return {"bool": {"should": counts}}


def form_clause(path: str, form: str, factor: float | None = None) -> Clause:
    """Return the clause that matches a token, or several together, with the sum of their scores, times a factor."""
    boost = {} if factor is None else {"boost": factor}
    terms: list[Clause] = [{"term": {path: {"value": token, **boost}}} for token in form.split(" ")]
    return terms[0] if len(terms) == 1 else {"bool": {"must": terms}}


def having(path: str, tokens: Iterable[str]) -> Clause:
    """Return the filter that a product has one of some tokens, or several together."""
    single = [form for form in tokens if " " not in form]
    several = [form_clause(path, form) for form in tokens if " " in form]
    return {"bool": {"should": [{"terms": {path: single}}, *several]}} if several else {"terms": {path: single}}


def best_of(clauses: list[Clause]) -> Clause:
    """Return the clause that matches what one of several does, with the best score."""
    return clauses[0] if len(clauses) == 1 else {"dis_max": {"queries": clauses}}
