"""The tables of the configuration file, and the secrets that stand in none: what each takes, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hybridsearch import credentials
from hybridsearch.disk.paths import require_possible
from hybridsearch.fields.formats import Format, Separator
from hybridsearch.rows import SURROGATES

Language = Literal["en", "de", "fr", "es", "ja", "zh"]
DatabaseAddress = Annotated[str, AfterValidator(credentials.database_address)]
Address = Annotated[str, AfterValidator(credentials.engine_address)]
RecogniserName = Annotated[str, AfterValidator(credentials.recogniser_name)]
EncoderName = Annotated[str, AfterValidator(credentials.encoder_name)]
TAKEN = ("-changes", "-lock", "-filling", "-reopened")
"""How the names end that an index of another name has for itself."""


def free(index: str) -> str:
    """Refuse a name under which another shop may keep its log or its lease."""
    if index.endswith(TAKEN):
        raise ValueError(f"no index may be called so: what ends in {', '.join(TAKEN)} belongs to another index")
    return index


def of_a_file(path: Path) -> Path:
    """Refuse the path of no file: an empty one is the folder of the configuration."""
    if path.name in ("", ".."):
        raise ValueError("it is empty or a folder, expected the path of a file; leave it out if there is none")
    return path


FilePath = Annotated[Path, AfterValidator(of_a_file)]
IndexName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=200), AfterValidator(free)]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
"""Of a vector leg: the name of a file too."""
Prompt = Annotated[str, Field(max_length=1_000)]


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


def known_encoding(name: str) -> str:
    """Require the name of an encoding of text."""
    try:
        "".encode(name)
    except LookupError as error:
        raise ValueError(f"'{name}' is no encoding that is known; expected one such as cp1252 or gb18030") from error
    return name


class Pairs(Section):
    """Where a row has names and values of a product's properties: a [[catalog.pairs]].

    They stand in two fields, or all in one text.
    """

    into: Annotated[str, Field(min_length=1)]
    """The object whose fields they become."""
    names: str | None = None
    values: str | None = None
    """Fields, such as `Option1 Name` and `Option1 Value`; of a list of objects, `props.name` and `props.value`."""
    text: str | None = None
    """A field with texts such as `color=red,size=M`."""
    separator: Separator = ","
    sign: Separator = "="

    @model_validator(mode="after")
    def _one_place(self) -> Pairs:
        if (self.names is None) != (self.values is None) or (self.names is None) == (self.text is None):
            raise ValueError("give 'names' and 'values' together, or 'text'")
        return self


class OfferSource(Section):
    """One of several catalogues whose rows are offers: a [[catalog.sources]]."""

    path: Path
    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """By which groups and offers name it; left out: the name of the file up to its first dot."""
    id: str = "id"
    """Field that names its rows."""
    columns: dict[str, str] = Field(default={})
    """What its fields are called, by the names that the fields of all catalogues have."""
    formats: dict[str, Format] = Field(default={})
    """How its numbers are written, by those names."""
    encoding: Annotated[str, AfterValidator(known_encoding)] | None = None

    @property
    def called(self) -> str:
        """What it is called."""
        return self.name or self.path.name.partition(".")[0]


class Catalog(Section):
    """Where products come from: a file, files of several sellers, an existing Elasticsearch index, or a database."""

    path: Path | None = None
    index: str | None = None
    url: DatabaseAddress | None = None
    """Of the database, as SQLAlchemy takes it; a relative path of SQLite starts at the folder of the configuration."""
    query: Annotated[str, Field(min_length=1)] | None = None
    """The SELECT that gives a row for each product."""
    encoding: Annotated[str, AfterValidator(known_encoding)] | None = None
    """Of a file of text; left out: UTF-8, UTF-16 with a byte-order mark, or what XML declares."""
    images: Path | None = None
    """Folder that relative picture paths start from; left out: the folder of the first file."""
    fetch: bool = True
    """Whether pictures may be fetched from URLs."""
    parent: str | None = None
    """Field in which a row of a file names the product, by its id, that it is a variant of."""
    named_by: tuple[str, ...] = ()
    """Fields by which `parent` may name a product besides, such as `ID` where some have no `SKU`; also as `id:17`."""
    pairs: tuple[Pairs, ...] = ()
    """Where rows have names and values of properties."""
    sources: tuple[OfferSource, ...] = ()
    """Files of several sellers, whose rows are offers."""
    groups: Path | None = None
    """Which rows of these are one product, as `hybridsearch match` writes it; left out: each is one of its own."""

    @model_validator(mode="after")
    def _one_source(self) -> Catalog:
        if sum(source is not None for source in (self.path, self.index, self.query, self.sources or None)) != 1:
            raise ValueError(
                "give one of 'path' (a file), 'index' (an existing Elasticsearch index), 'query' (to a database) and "
                "'sources' (files of several sellers)"
            )
        called = [each.called for each in self.sources]
        if twice := next((name for name in called if called.count(name) > 1), None):
            raise ValueError(f"two of 'sources' are called '{twice}'; give each a 'name' of its own")
        if self.groups and not self.sources:
            raise ValueError("'groups' says which rows of 'sources' are one product; name these, or leave it out")
        if self.sources and (self.pairs or self.encoding):
            raise ValueError("'pairs' and 'encoding' are for one file; each of 'sources' has an 'encoding' of its own")
        if (self.url is None) != (self.query is None):
            raise ValueError("give 'url' and 'query' together: the database, and the SELECT that gives its products")
        if self.path is None and self.parent:
            raise ValueError(
                "'parent' is for the rows of a file: of an index or a database each is a product; leave it out"
            )
        if self.named_by and not self.parent:
            raise ValueError(
                "'named_by' says how 'parent' names products, which is missing; give it, or leave both out"
            )
        if self.index is not None and self.pairs:
            raise ValueError("'pairs' are not for an index, whose documents are kept as they are; leave them out")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The fields by which rows become products."""
        paired = (name for pair in self.pairs for name in (pair.names, pair.values, pair.text))
        return tuple(dict.fromkeys(filter(None, [self.parent, *self.named_by, *paired])))


def address_of(cloud_id: str) -> str:
    """Return the address of a deployment of Elastic Cloud.

    Raises:
        ValueError: This is no Cloud ID.
    """
    from elastic_transport.client_utils import parse_cloud_id

    try:
        address = parse_cloud_id(cloud_id).es_address
    except ValueError:
        address = None
    if address is None:
        raise ValueError(
            f"'{cloud_id[:40]}' is no Cloud ID, expected NAME:LETTERS as the page of the deployment shows it"
        )
    host, port = address
    return f"https://{host}:{port}"


class EngineSection(Section):
    """Where the index is: at a URL, or, when that is left out, in a folder beside the configuration."""

    url: Address | Annotated[tuple[Address, ...], Field(min_length=1)] | None = None
    """Of the server, or of several of its nodes: when one is unavailable, the next is asked."""
    cloud_id: Annotated[str, Field(max_length=1_000)] | None = None
    """What Elastic Cloud calls a deployment, instead of the address."""
    index: IndexName = "products"
    folder: Path = Path(".hybridsearch")
    username: str | None = None
    ca_file: FilePath | None = None
    verify_certs: bool = True
    """Whether the server must prove who it is; without that anybody between may read and change everything."""
    fingerprint: str | None = None
    api_key_file: FilePath | None = None
    timeout: Annotated[float, Field(gt=0)] = 10.0
    """Seconds for one search; bulk requests get six times as long."""
    retries: Annotated[int, Field(ge=0)] | None = None
    """How often each request of a search is repeated while the server is busy; left out: while the search has time."""
    shards: Annotated[int, Field(ge=1)] = 1
    replicas: Annotated[int, Field(ge=0)] = 1
    keep: Annotated[int, Field(ge=0)] = 1
    """Earlier generations that are kept for a rollback."""
    remember_hours: Annotated[float, Field(gt=0)] = 24.0
    """How long a change, and above all a removal, is remembered, so that an older one that arrives late is ignored."""

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of all nodes; none for the embedded engine."""
        if self.cloud_id is not None:
            return (address_of(self.cloud_id),)
        return (self.url,) if isinstance(self.url, str) else self.url or ()

    @model_validator(mode="after")
    def _one_place(self) -> EngineSection:
        if self.cloud_id is not None and self.url is not None:
            raise ValueError("give either 'url' or 'cloud_id'")
        if not self.verify_certs and (self.ca_file or self.fingerprint):
            raise ValueError("'verify_certs' is false, but 'ca_file' or 'fingerprint' says whom to trust; leave it out")
        if self.cloud_id is not None:
            address_of(self.cloud_id)
        return self


class VectorLeg(Section):
    """One vector leg: a name, an encoder, and what it reads."""

    name: Name
    encoder: EncoderName
    reads: Literal["image"] | tuple[str, ...] = "image"
    image_encoder: EncoderName | None = None
    """A separate image tower, when the encoder is a text tower alone."""
    query_prompt: Prompt | None = None
    """What stands before a query, for an encoder that was trained so; left out: what the model or the preset states."""
    passage_prompt: Prompt | None = None
    """The same before the texts of a product."""
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] | None = None
    """The encoder's fingerprint, as `doctor` prints it; an encoder with another one is refused."""
    pictures: Annotated[int, Field(ge=1, le=8)] = 1
    """How many pictures of a product are read, at most; its vector is their mean."""
    exact: bool = False
    """Whether Elasticsearch keeps whole vectors and looks at 10,000 of them, not 8-bit ones and a few hundred."""


class JudgmentsSection(Section):
    """Judged queries that a new index must answer before it becomes the live one; left out: there is no such check."""

    path: FilePath | None = None
    """JSON lines, TSV, TREC qrels or sessions of clicks, as `hybridsearch eval` reads them."""
    topics: FilePath | None = None
    """Texts of the queries, for TREC qrels."""
    irrelevant: float = 0.0
    """The grade that means irrelevant."""


class WeightsSection(Section):
    """Where learned weights are stored; left out: the cautious prior that ships with the package."""

    path: FilePath | None = None
    b: FilePath | None = None
    """The weights of the other arm of a test, see `docs/log.md`; left out: there is none."""
    signals: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}
    """Weights that a person gives to what products are worth, such as `number.sold`: nothing learned changes them."""
    saturation: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}
    """Of such a signal: the number that gives half of its weight, the ratings that count as much as the mean of all, or
    the days after which a date counts half."""


class Reviews(Section):
    """Which field of a product lists its reviews, and what an object in it calls its parts."""

    field: Annotated[str, Field(min_length=1)]
    """Texts, or objects; a row of a file of reviews has the same names."""
    text: tuple[str, ...] = ("title", "text")
    """Fields that are read together; those that a review does not have are passed over."""
    rating: str = "rating"
    best: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 5.0
    """The best rating there is; the worst is 0 or 1."""
    date: str = "date"


class ReviewsSection(Section):
    """The file of reviews, in any format of a catalogue; left out: they are in the rows of products alone."""

    path: Path | None = None
    product: Annotated[str, Field(min_length=1)] = "product_id"
    """Field that names the product by its id."""


class LogSection(Section):
    """Where queries, shown products and clicks are written; left out: nowhere."""

    path: FilePath | None = None
    """A file of JSON lines, to the end of which each process appends."""
    index: IndexName | None = None
    """An index of the same server; it is made when something is first written to it."""

    @model_validator(mode="after")
    def _one_place(self) -> LogSection:
        if self.path is not None and self.index is not None:
            raise ValueError("give either 'path' (a file) or 'index' (an index of the server)")
        return self


class SynonymsSection(Section):
    """A file of synonyms, one rule a line; left out: there are none."""

    path: FilePath | None = None
    """Of rules that hold in all languages. Those of one are in a file beside it: `synonyms.de.txt`."""

    @property
    def files(self) -> dict[str, Path]:
        """The file of all languages under nothing, and those that may be there by language."""
        if self.path is None:
            return {}
        beside = {
            each: self.path.with_name(f"{self.path.stem}.{each}{self.path.suffix}") for each in get_args(Language)
        }
        return {"": self.path, **beside}


class RulesSection(Section):
    """The rules of merchandisers; left out: there are none."""

    path: FilePath | None = None
    """A file in TOML with a [[rule]] for each."""


class BasketsSection(Section):
    """What was bought together; left out: nobody says."""

    path: FilePath = Path("baskets.db")
    """As `hybridsearch learn-baskets` writes it."""


class SuggestSection(Section):
    """Which facets suggestions know; left out: those that are called so, and trees, which are categories."""

    categories: tuple[str, ...] | None = None
    brands: tuple[str, ...] | None = None

    @property
    def facets(self) -> dict[str, tuple[str, ...] | None]:
        """The facets by the kind of suggestion that they give."""
        return {"category": self.categories, "brand": self.brands}


class VoiceSection(Section):
    """What understands spoken queries; left out: nothing does."""

    recogniser: RecogniserName | None = None
    """A Whisper model: a folder, or a name on the hub; or an address, `https://HOST/v1/audio/transcriptions#MODEL`."""
    languages: tuple[Language, ...] = ()
    """That shoppers speak; left out: those of the index."""
    seconds: Annotated[float, Field(ge=1, le=30)] = 15.0
    """Of a recording that are heard; what comes behind is not."""
    hints: Annotated[int, Field(ge=0, le=200)] = 60
    """Words of the catalogue that the recogniser is told beforehand."""
    timeout: Annotated[float, Field(gt=0)] = 10.0
    """Seconds for one recording; a model that is loaded first takes the time that it takes."""


class Secrets(BaseSettings):
    """Secrets, from the environment alone: never from the file, never from the command line."""

    model_config = SettingsConfigDict(env_prefix="HYBRIDSEARCH_", frozen=True)

    api_key: SecretStr | None = None
    password: SecretStr | None = None
    catalog_password: SecretStr | None = None
    encoder_key: SecretStr | None = None
    voice_key: SecretStr | None = None
    log_key: SecretStr | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _text(cls, value: Any) -> Any:
        """Keep bytes that are no text from an error that would show them; `credentials` refuses the NUL."""
        return SURROGATES.sub("\0", value) if isinstance(value, str) else value
