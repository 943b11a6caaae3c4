"""The configuration file: what a shop says once.

Order of precedence: a function's argument, then the file, then the environment (for secrets only the environment or a
file: HYBRIDSEARCH_API_KEY, HYBRIDSEARCH_PASSWORD, HYBRIDSEARCH_ENCODER_KEY), then the defaults here.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from hybridsearch import credentials
from hybridsearch.disk.paths import require_possible, shown
from hybridsearch.errors import ConfigError, ConfigMissing
from hybridsearch.fields import KINDS
from hybridsearch.fields.names import flaw
from hybridsearch.given import read, text
from hybridsearch.json_text import read_toml
from hybridsearch.json_values import brief
from hybridsearch.rows import SURROGATES

DEFAULT_FILE = "hybridsearch.toml"
LONGEST_SOURCE = 200
MOST_PROBLEMS = 20
"""That are told of at once."""
Language = Literal["en", "de", "fr", "es", "ja", "zh"]
Address = Annotated[str, AfterValidator(credentials.engine_address)]
EncoderName = Annotated[str, AfterValidator(credentials.encoder_name)]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
"""Of a vector leg: the name of a file too."""


class Section(BaseModel):
    """A table of the file: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*")
    @classmethod
    def _possible_path(cls, value: Any) -> Any:
        """Refuse a path that no file can have here, wherever it is opened later."""
        if isinstance(value, Path):
            require_possible(value)
        return value


Table = TypeVar("Table", bound=Section)


class Catalog(Section):
    """Where products come from: a file, or an existing Elasticsearch index or alias."""

    path: Path | None = None
    index: str | None = None
    images: Path | None = None
    """Folder that relative picture paths start from; left out: the folder of the catalogue file."""
    fetch: bool = True
    """Whether pictures may be fetched from URLs."""

    @model_validator(mode="after")
    def _one_source(self) -> Catalog:
        if (self.path is None) == (self.index is None):
            raise ValueError("give either 'path' (a file) or 'index' (an existing Elasticsearch index)")
        return self


class Fields(Section):
    """Which field of the catalogue plays which role; a dotted name names a field of nested objects."""

    id: str = "id"
    title: str | None = None
    text: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    booleans: tuple[str, ...] = ()
    image: str | None = None
    version: str | None = None
    """Field that only grows with each change of a product: a whole number, or a date and time."""
    languages: tuple[Language, ...] = ("en",)

    @model_validator(mode="after")
    def _something_to_search(self) -> Fields:
        if not self.languages:
            raise ValueError("'languages' is empty; name at least one of en, de, fr, es, ja, zh")
        if self.title is None and not self.text and self.image is None:
            raise ValueError("name a 'title', a 'text' or an 'image' field: there is nothing to search")
        for names in map(self.of, KINDS):
            for name in names:
                inside = next((nested for nested in names if nested.startswith(f"{name}.")), None)
                if inside:
                    raise ValueError(f"'{name}' cannot be a field and hold '{inside}' too; name one of them")
        return self

    def of(self, role: str) -> tuple[str, ...]:
        """Return the names of the fields that have one of the roles in `KINDS`."""
        names: tuple[str, ...] = getattr(self, role)
        return names


class EngineSection(Section):
    """Where the index is: at a URL, or, when that is left out, in a folder beside the configuration."""

    url: Address | Annotated[tuple[Address, ...], Field(min_length=1)] | None = None
    """Of the server, or of several of its nodes: when one is unavailable, the next is asked."""
    index: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=200)] = "products"
    folder: Path = Path(".hybridsearch")
    username: str | None = None
    ca_file: Path | None = None
    fingerprint: str | None = None
    api_key_file: Path | None = None
    timeout: Annotated[float, Field(gt=0)] = 10.0
    """Seconds for one search; bulk requests get six times as long."""
    shards: Annotated[int, Field(ge=1)] = 1
    replicas: Annotated[int, Field(ge=0)] = 1
    keep: Annotated[int, Field(ge=0)] = 1
    """Earlier generations that are kept for a rollback."""
    remember_hours: Annotated[float, Field(gt=0)] = 24.0
    """How long a change, and above all a removal, is remembered, so that an older one that arrives late is ignored."""

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of all nodes; none for the embedded engine."""
        return (self.url,) if isinstance(self.url, str) else self.url or ()


class VectorLeg(Section):
    """One vector leg: a name, an encoder, and what it reads."""

    name: Name
    encoder: EncoderName
    reads: Literal["image"] | tuple[str, ...] = "image"
    image_encoder: EncoderName | None = None
    """A separate image tower, when the encoder is a text tower alone."""
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] | None = None
    """The encoder's fingerprint, as `doctor` prints it; an encoder with another one is refused."""
    pictures: Annotated[int, Field(ge=1, le=8)] = 1
    """How many pictures of a product are read, at most; its vector is their mean."""
    exact: bool = False
    """Whether Elasticsearch keeps whole vectors and looks at 10,000 of them, not 8-bit ones and a few hundred."""


class JudgmentsSection(Section):
    """Judged queries that a new index must answer before it becomes the live one; left out: there is no such check."""

    path: Path | None = None
    """JSON lines, TSV, TREC qrels or sessions of clicks, as `hybridsearch eval` reads them."""
    topics: Path | None = None
    """Texts of the queries, for TREC qrels."""
    irrelevant: float = 0.0
    """The grade that means irrelevant."""


class WeightsSection(Section):
    """Where learned weights are stored; left out: the cautious prior that ships with the package."""

    path: Path | None = None


class Secrets(BaseSettings):
    """Secrets, from the environment alone: never from the file, never from the command line."""

    model_config = SettingsConfigDict(env_prefix="HYBRIDSEARCH_", frozen=True)

    api_key: SecretStr | None = None
    password: SecretStr | None = None
    encoder_key: SecretStr | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _text(cls, value: Any) -> Any:
        """Keep bytes that are no text from an error that would show them; `credentials` refuses the NUL."""
        return SURROGATES.sub("\0", value) if isinstance(value, str) else value


class Settings(Section):
    """The whole file. Relative paths start at the folder of the file.

    `load` and `parse` raise a ConfigError. The class itself, called with tables, raises pydantic's ValidationError.
    """

    catalog: Catalog
    fields: Fields = Fields(title="title")
    engine: EngineSection = EngineSection()
    vectors: tuple[VectorLeg, ...] = ()
    weights: WeightsSection = WeightsSection()
    judgments: JudgmentsSection = JudgmentsSection()
    folder: Path = Field(default=Path(), exclude=True)

    @field_validator("fields")
    @classmethod
    def _usable_names(cls, fields: Fields) -> Fields:
        """Refuse names that no index can hold: here, and not where an index says what it holds already."""
        for name in (name for role in KINDS for name in fields.of(role)):
            if why := flaw(name):
                raise ValueError(f"the field {name[:100]!r} {why}; rename it in the catalogue, or leave it out")
        return fields

    @model_validator(mode="wrap")
    @classmethod
    def _whatever_it_is(cls, data: Any, handler: ModelWrapValidatorHandler[Settings]) -> Settings:
        """Refuse what a program may pass and TOML cannot hold: it raises anything when it is looked at."""
        try:
            return handler(data)
        except ValidationError:
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
        if self.catalog.index and not self.engine.url:
            raise ValueError("'catalog.index' names an Elasticsearch index; say where it is in 'engine.url'")
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
        return cls.parse(data, folder=file.resolve().parent, source=str(file))

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
    "fields": Fields,
    "engine": EngineSection,
    "vectors": VectorLeg,
    "weights": WeightsSection,
    "judgments": JudgmentsSection,
}
