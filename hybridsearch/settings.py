"""The configuration file: what a shop says once.

Order of precedence: a function's argument, then the file, then the environment (for secrets only the environment or a
file: HYBRIDSEARCH_API_KEY, HYBRIDSEARCH_PASSWORD, HYBRIDSEARCH_CATALOG_PASSWORD, HYBRIDSEARCH_ENCODER_KEY,
HYBRIDSEARCH_LOG_KEY, HYBRIDSEARCH_WEB_TOKEN), then the defaults here.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any, TypeVar

from pydantic import (
    BaseModel,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from hybridsearch.disk.paths import shown
from hybridsearch.errors import ConfigError, ConfigMissing
from hybridsearch.fields import KINDS
from hybridsearch.fields.names import flaw
from hybridsearch.inputs.given import read, text
from hybridsearch.inputs.json_text import read_toml
from hybridsearch.inputs.json_values import brief
from hybridsearch.roles import Fields
from hybridsearch.sections import (
    BasketsSection,
    CacheSection,
    Catalog,
    EngineSection,
    JudgmentsSection,
    LogSection,
    OfferSource,
    QuestionsSection,
    ReviewsSection,
    RulesSection,
    Section,
    SuggestSection,
    SynonymsSection,
    VectorLeg,
    VoiceSection,
    WebSection,
    WeightsSection,
)

DEFAULT_FILE = "hybridsearch.toml"
LONGEST_SOURCE = 200
FORMATTED = (*KINDS, "codes")
"""Roles of fields that may have a format, beside the pictures."""
MOST_PROBLEMS = 20
"""That are told of at once."""

Table = TypeVar("Table", bound=Section)


class Settings(Section):
    """The whole file. Relative paths start at the folder of the file.

    `load` and `parse` raise a ConfigError. The class itself, called with tables, raises pydantic's ValidationError.
    """

    catalog: Catalog
    fields: Fields = Fields(title="title")
    engine: EngineSection = EngineSection()
    vectors: tuple[VectorLeg, ...] = ()
    cache: CacheSection = CacheSection()
    weights: WeightsSection = WeightsSection()
    judgments: JudgmentsSection = JudgmentsSection()
    synonyms: SynonymsSection = SynonymsSection()
    rules: RulesSection = RulesSection()
    baskets: BasketsSection = BasketsSection()
    log: LogSection = LogSection()
    reviews: ReviewsSection = ReviewsSection()
    suggest: SuggestSection = SuggestSection()
    questions: QuestionsSection = QuestionsSection()
    voice: VoiceSection = VoiceSection()
    web: WebSection = WebSection()
    folder: Path = Field(default=Path(), exclude=True)
    _file: Path | None = PrivateAttr(default=None)

    @field_validator("fields")
    @classmethod
    def _usable_names(cls, fields: Fields) -> Fields:
        """Refuse names that no index can hold: here, and not where an index says what it holds already."""
        for name in (name for role in KINDS for name in fields.of(role)):
            if why := flaw(name):
                raise ValueError(f"the field {name[:100]!r} {why}; rename it in the catalogue, or leave it out")
        listed = {*fields.pictures, *fields.videos, *(name for role in FORMATTED for name in fields.of(role))}
        if odd := fields.formats.keys() - listed:
            roles = ", ".join(FORMATTED)
            raise ValueError(f"'formats' names {min(odd)[:100]!r}, which is none of the fields of {roles} and image")
        return fields

    @model_validator(mode="wrap")
    @classmethod
    def _whatever_it_is(cls, data: Any, handler: ModelWrapValidatorHandler[Settings]) -> Settings:
        """Refuse what a program may pass and TOML cannot hold: it raises anything when it is looked at."""
        try:
            return handler(data)
        except (ValidationError, ConfigError):
            raise
        except Exception as error:
            raise ValueError(
                f"found what cannot be read ({type(error).__name__}), expected texts and numbers"
            ) from error

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        names = [leg.name.casefold() for leg in self.vectors]  # some disks take 'A' and 'a' for one file
        twice = next((leg.name for leg in self.vectors if names.count(leg.name.casefold()) > 1), None)
        if twice:
            raise ValueError(f"two vector legs are called '{twice}'; give each a name of its own")
        if self.catalog.index and not self.engine.urls:
            raise ValueError("'catalog.index' names an Elasticsearch index; say where it is in 'engine.url'")
        if self.log.index and not self.engine.urls:
            raise ValueError(
                "'log.index' names an index of a server; say where it is in 'engine.url', or log to a file"
            )
        if self.log.index and self.log.index in (self.engine.index, self.catalog.index):
            raise ValueError(
                f"'log.index' is '{self.log.index}', which holds products; give the log an index of its own"
            )
        for kind, chosen in self.suggest.facets.items():
            if odd := next((name for name in chosen or () if name not in self.fields.of_products("facets")), None):
                there = ", ".join(self.fields.of_products("facets")) or "none"
                raise ValueError(
                    f"'suggest' names '{odd}' for {kind}, which is no facet of products; these are: {there}"
                )
        if self.reviews.path and not self.fields.reviews:
            raise ValueError(
                "'reviews.path' is a file of reviews; say under which field products have them: reviews = 'reviews' in "
                "[fields]"
            )
        if self.fields.group and not (self.catalog.path or self.catalog.query):
            raise ValueError(
                "'fields.group' is for the rows of a file or a database: of an index each is a product; leave it out"
            )
        known = [f"{family}.{name}" for family, names in self.fields.worth.items() for name in names]
        for name in (*self.weights.signals, *self.weights.saturation):
            if name not in known:
                raise ValueError(
                    f"'weights' names the signal '{name}', expected one of a product's worth: "
                    f"{', '.join(known) or 'number.FIELD, recency.FIELD or boolean.FIELD of a field in [fields]'}"
                )
        return self

    @classmethod
    def load(cls, path: str | Path | None = None) -> Settings:
        """Read a configuration file.

        Args:
            path: The file; left out: `hybridsearch.toml` here, else the file that HYBRIDSEARCH_CONFIG names.

        Raises:
            ConfigMissing: There is no such file.
            ConfigError: It is not TOML, or a key or value is wrong.
        """
        file = find(path)
        try:
            data = read_toml(file)
        except OSError as error:
            why = error.strerror
            raise ConfigMissing(f"Cannot read {shown(file)}: {why}. Write one with: hybridsearch init") from error
        except ValueError as error:
            raise ConfigError(f"{shown(file)} is not valid TOML: {error}. Correct it and try again.") from error
        settings = cls.parse(data, folder=file.resolve().parent, source=str(file))
        settings._file = file.resolve()
        return settings

    @classmethod
    def parse(cls, data: dict[str, Any], *, folder: Path, source: str = "configuration") -> Settings:
        """Check parsed TOML and return the settings; relative paths start at `folder`.

        Raises:
            ConfigError: A key or value is wrong.
        """
        source = read("source", source, text, "text", ConfigError)[:LONGEST_SOURCE]
        data = read("data", data, dict, "tables, as TOML has them", ConfigError)
        if "folder" in data:
            raise ConfigError(f"{source}: unknown key 'folder'. Did you mean 'engine.folder'?")
        try:
            return cls.model_validate({**data, "folder": folder})
        except ValidationError as error:
            raise ConfigError("\n".join(f"{source}: {line}" for line in explain(error))) from error

    @property
    def file(self) -> Path | None:
        """The file that was read, absolute; None where the settings come from elsewhere."""
        return self._file

    @property
    def home(self) -> Path:
        """Folder of local files: the embedded index, encoded vectors, journals, rejects."""
        return self.resolve(self.engine.folder)

    def resolve(self, path: Path) -> Path:
        """Return a path of the file as an absolute one.

        Raises:
            ConfigError: It is no path.
        """
        return self.folder / read("path", path, lambda given: Path(given).expanduser(), "a path", ConfigError)


def checked(kind: type[Table], **values: Any) -> Table:
    """Return a table of the configuration that is not read from its file.

    Raises:
        ConfigError: A value is wrong.
    """
    try:
        return kind(**values)
    except ValidationError as error:
        raise ConfigError("\n".join(explain(error))) from error


def find(path: str | Path | None) -> Path:
    """Return the configuration file to read: the argument, the default name, or the environment's.

    Raises:
        ConfigError: The argument is no path.
    """
    if path is not None:
        try:
            return Path(path)
        except Exception as error:  # it is an object of somebody else
            raise ConfigError(f"The configuration is {brief(path)}, expected the path of a file.") from error
    named = os.environ.get("HYBRIDSEARCH_CONFIG")
    if not Path(DEFAULT_FILE).exists() and named:
        return Path(named)
    return Path(DEFAULT_FILE)


def explain(error: ValidationError) -> list[str]:
    """Return one line for each problem, with the nearest valid name for an unknown key."""
    lines = []
    for problem in error.errors()[:MOST_PROBLEMS]:
        place = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(f"unknown key {brief(place)}.{suggest(problem['loc'])}")
        elif problem["type"] == "missing":
            keys = ", ".join(names(problem["loc"] if place in SECTIONS else problem["loc"][:-1]))
            lines.append(f"'{place}' is missing. Its table takes: {keys}. A whole file: hybridsearch init CATALOG")
        else:
            value = f" (found {brief(problem['input'])})" if type(problem["input"]) in (str, int, float, bool) else ""
            lines.append(f"{brief(place or 'file')}: {problem['msg'].removeprefix('Value error, ')}{value}.")
    return lines


def suggest(location: tuple[int | str, ...]) -> str:
    """Return a sentence with the nearest valid names for an unknown key."""
    valid = names(location[:-1])
    near = difflib.get_close_matches(str(location[-1]), valid, n=1, cutoff=0.6)
    return f" Did you mean '{near[0]}'?" if near else f" Expected one of: {', '.join(valid)}."


def names(table: tuple[int | str, ...]) -> list[str]:
    """Return the keys that the table at a place of the file takes."""
    model: type[BaseModel] = Settings
    for part in table:
        if isinstance(part, str):
            model = SECTIONS.get(part, model)
    return [name for name in model.model_fields if (model, name) != (Settings, "folder")]


SECTIONS: dict[str, type[BaseModel]] = {
    "catalog": Catalog,
    "sources": OfferSource,
    "fields": Fields,
    "engine": EngineSection,
    "vectors": VectorLeg,
    "cache": CacheSection,
    "weights": WeightsSection,
    "synonyms": SynonymsSection,
    "rules": RulesSection,
    "baskets": BasketsSection,
    "log": LogSection,
    "reviews": ReviewsSection,
    "suggest": SuggestSection,
    "questions": QuestionsSection,
    "voice": VoiceSection,
    "web": WebSection,
    "judgments": JudgmentsSection,
}
