"""How the texts of a column are written, where one alone does not tell: the same for rebuilds and for changes."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from hybridsearch.fields.days import Order
from hybridsearch.inputs.json_text import as_toml
from hybridsearch.texts import text
from hybridsearch.texts.amounts import Mark

Separator = Annotated[str, Field(min_length=1, max_length=10)]


LISTED = re.compile(r"\s*\[(.*)\]\s*", re.S)
"""A list as a program writes it into a cell: `["a.jpg", "b.jpg"]`."""


class Format(BaseModel):
    """A table of [fields.formats]: what is said about the texts of one field; numbers and lists of JSON need none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decimal: Mark | None = None
    """What stands before the decimals of a number; the other mark, a space or an apostrophe separates thousands."""
    unit: str | None = Field(default=None, pattern=r"^\D+$", max_length=20)
    """The currency or unit that stands beside a number; one with another is refused. Left out: any currency."""
    date: Order | None = None
    """In which order a date has its year, month and day. Left out: as ISO 8601, which is read in any case."""
    separators: tuple[Separator, ...] = ()
    """What stands between the values of one text: of facets, codes and pictures. Brackets and quotes of a list go."""
    levels: Annotated[str, Field(pattern=r"\S", max_length=10), AfterValidator(text.normal)] | None = None
    """What stands between the levels of a path, such as `>` in `Home > Kitchen`: the values of a facet are a tree."""

    @model_serializer(mode="wrap")
    def _what_is_said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what is not said, here and in an index, which older versions read too."""
        return {name: value for name, value in handler(self).items() if value}

    def split(self, value: Any) -> Any:
        """Return a text, or each text of a list, as the list of the values in it; anything else as it is."""
        if not self.separators:
            return value
        if isinstance(value, list | tuple):
            return [self.split(part) for part in value]
        if not isinstance(value, str):
            return value
        listed = LISTED.fullmatch(value)
        parts = [listed[1].replace("\\/", "/") if listed else value]
        for separator in self.separators:
            parts = [each for part in parts for each in part.split(separator)]
        return [part.strip().strip("\"'") for part in parts] if listed else parts

    @property
    def joint(self) -> str:
        """What stands between the levels of a path as it is kept; nothing where texts are no paths."""
        return f" {self.levels.strip()} " if self.levels else ""

    def steps(self, path: str) -> list[str]:
        """Return the levels of a path, the outermost first."""
        return [name for part in text.clean(path).split(self.levels) if (name := part.strip())]

    def path(self, written: str) -> str:
        """Return a path as it is kept, however its levels are apart."""
        return self.joint.join(self.steps(written))

    def __str__(self) -> str:
        """Return it as TOML, with a JSON string or list for each value."""
        said = self.model_dump(mode="json").items()
        return f"{{ {', '.join(f'{name} = {as_toml(value)}' for name, value in said)} }}"


AS_IT_IS = Format()
"""Of a field about which nothing is said."""
