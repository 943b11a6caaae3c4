"""Names of months in the languages that are written in Latin letters, in full and cut short."""

from __future__ import annotations

from hybridsearch.texts import stemming

NAMES = (
    "january jan januar jaenner jänner janvier janv enero ene",
    "february feb februar feber février févr fév febrero",
    "march mar märz mär mrz maerz mars marzo",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet juil julio",
    "august aug août agosto ago",
    "september sep sept septembre septiembre setiembre",
    "october oct oktober okt octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez décembre déc diciembre dic",
)
MONTHS = {stemming.unaccented(name): number for number, names in enumerate(NAMES, 1) for name in names.split()}
"""The number of each, from 1, by its name in lower case and without accents."""


def month(name: str) -> int | None:
    """Return the number of a month, or None for a word that names none."""
    return MONTHS.get(stemming.unaccented(name.lower()))
