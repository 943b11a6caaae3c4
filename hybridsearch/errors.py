"""What can go wrong, as one small tree.

HybridSearchError
├── ConfigError         the configuration, or an option, is not what it should be
│   └── ConfigMissing   there is no configuration file to read
├── CatalogError        the catalogue cannot be read
├── QueryError          a query asks for something that the index cannot give
├── ImageError          a picture cannot be fetched or decoded
│   └── VideoError      nor can a video, which is read for its pictures
├── EncoderError        an encoder cannot be loaded, or does not fit the index
│   └── EncoderUnavailable  an encoder is unavailable for now; no product is at fault
├── AudioError          a recording cannot be read or decoded
├── RecogniserError     a recogniser cannot be loaded, or fails
├── WeightsError        a weights file is damaged or foreign
├── GateError           a check refused to continue; the old state is unchanged
├── DegradedAnswer      an answer comes from less than was planned, and a strict search wanted all of it
└── EngineError         the engine cannot be reached, or refused
    ├── IndexMissing    the index that queries use does not exist
    ├── ShopClosed      the shop was closed before this call
    └── StoreDamaged    a file of the embedded engine does not match its checksum

Every message says what was found, what was expected, and what to do next.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from hybridsearch.redaction import redacted, shows_secret

BREAKS = "\t\n"
UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that control a terminal, turn the direction of the text around them, or are half a character."""


def legible(text: str, *, whole_line: bool = False) -> str:
    """Return text that any terminal and any log can show; `whole_line`: breaks of lines are escaped, too."""
    kept = "" if whole_line else BREAKS
    return UNSHOWN.sub(lambda part: part[0] if part[0] in kept else ascii(part[0])[1:-1], text)


class HybridSearchError(Exception):
    """Base of every error that this library raises on purpose. Its text can be shown anywhere."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*(legible(redacted(value)) if isinstance(value, str) else value for value in arguments))


class ConfigError(HybridSearchError):
    """The configuration, or an option, is not what it should be."""


class ConfigMissing(ConfigError):  # noqa: N818 - reads as the state that it names
    """There is no configuration file to read."""


class CatalogError(HybridSearchError):
    """The catalogue cannot be read at all; a single bad product is a reject instead."""


class QueryError(HybridSearchError):
    """A query asks for something that the index cannot give."""


class ImageError(HybridSearchError):
    """A picture cannot be fetched or decoded."""


class VideoError(ImageError):
    """A video cannot be fetched or decoded; it is read for its pictures."""


class EncoderError(HybridSearchError):
    """An encoder cannot be loaded, or is not the one that the index was built with."""


class EncoderUnavailable(EncoderError):  # noqa: N818
    """An encoder cannot be reached, or fails on everything: no product is at fault, and a later attempt may succeed."""


class AudioError(HybridSearchError):
    """A recording cannot be read or decoded."""


class RecogniserError(HybridSearchError):
    """What recognises speech cannot be loaded or reached, or fails."""


class WeightsError(HybridSearchError):
    """A weights file is damaged, or was made for other signals or encoders."""


class GateError(HybridSearchError):
    """A check refused to continue; the old state is unchanged."""


class DegradedAnswer(HybridSearchError):  # noqa: N818
    """An answer comes from less than was planned, and a strict search wanted all of it."""


class EngineError(HybridSearchError):
    """The engine cannot be reached, or refused what was asked."""


class IndexMissing(EngineError):  # noqa: N818
    """The index that queries use does not exist."""


class ShopClosed(EngineError):  # noqa: N818
    """The shop was closed before this call."""


class StoreDamaged(EngineError):  # noqa: N818
    """A file of the embedded engine does not match its checksum."""


@contextmanager
def guarded(kind: type[HybridSearchError]) -> Iterator[None]:
    """Let no exception pass that shows a secret, itself or in what it was raised from.

    One of this package passes without what it was raised from; any other becomes an error of this kind.
    """
    try:
        yield
    except Exception as error:
        if not shows_secret(error):
            raise
        if isinstance(error, HybridSearchError):
            raise error from None
        why = "".join(traceback.format_exception_only(error)).strip()
        raise kind(f"A library failed unexpectedly: {why}. Please report this.") from None
