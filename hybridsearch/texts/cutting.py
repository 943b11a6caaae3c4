"""Runs of Chinese and Japanese characters, which no space divides: what cuts them into words, pairs and characters."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence

from hybridsearch.texts.languages import analyses, is_cjk

RUN_LIMIT = 100
"""Han characters that jieba is given at once: its time is quadratic in a run of one repeated character."""


@functools.cache
def tokenizer(language: str) -> Callable[[str], Sequence[str]]:
    """Return what cuts a run of Chinese or Japanese characters in this language's field."""
    tokenizers: dict[str, Callable[[str], Sequence[str]]] = {"jieba": segment, "bigrams": bigrams, "snowball": list}
    return tokenizers[analyses()[language]["tokens"]]


def smaller(run: str, language: str) -> list[str]:
    """Return what is smaller than a word in a run of Chinese or Japanese: pairs of adjacent characters, and each."""
    if len(run) == 1 or not is_cjk(language):
        return []
    return [*(bigrams(run) if tokenizer(language) is not bigrams else ()), *run]


def must_load(languages: Iterable[str]) -> bool:
    """Tell whether the first text in these languages takes a second or two: the cutter's dictionary is not read yet."""
    return any(tokenizer(language) is segment for language in languages) and not jieba_cut.cache_info().currsize


def bigrams(run: str) -> list[str]:
    """Return each two adjacent characters; a single character stays as it is."""
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


@functools.lru_cache(maxsize=10_000)  # each field of a product that holds a run cuts it again
def segment(run: str) -> tuple[str, ...]:
    """Return the Chinese words of a run, long ones also in their parts, as jieba's search mode does."""
    chunks = (run[i : i + RUN_LIMIT] for i in range(0, len(run), RUN_LIMIT))
    return tuple(word for chunk in chunks for word in jieba_cut()(chunk))


@functools.cache
def jieba_cut() -> Callable[[str], Sequence[str]]:
    """Return the segmenter: rjieba where it is installed (the same words, 24 times faster), else jieba."""
    try:
        import rjieba
    except ImportError:
        pass
    else:
        return lambda text: list(rjieba.cut_for_search(text, True))
    import tempfile
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes from Python 3.12 on, pkg_resources before setuptools 82
        import jieba
    jieba.setLogLevel(60)
    with tempfile.TemporaryDirectory() as private:
        # jieba's cache has a fixed name in the shared temporary folder, where anyone could plant one.
        tokenizer = jieba.Tokenizer()
        tokenizer.tmp_dir = private
        tokenizer.initialize()
    cut: Callable[[str], Sequence[str]] = tokenizer.lcut_for_search
    return cut
