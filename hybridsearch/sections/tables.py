"""The smaller tables of the configuration: legs, learning, reviews, guidance, the log and voice."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from hybridsearch import credentials
from hybridsearch.sections.base import FilePath, IndexName, Language, Name, Section

RecogniserName = Annotated[str, AfterValidator(credentials.recogniser_name)]
EncoderName = Annotated[str, AfterValidator(credentials.encoder_name)]
Prompt = Annotated[str, Field(max_length=1_000)]


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
    backend: Literal["auto", "torch"] = "auto"
    """What computes: single texts, such as queries, without torch where that can be done, or always torch."""
    exact: bool = False
    """Whether Elasticsearch keeps whole vectors and looks at 10,000 of them, not 8-bit ones and a few hundred."""
    bits: Literal[8, 4, 1] = 8
    """Of each number, by which Elasticsearch looks for neighbours; fewer take less memory and need 8.18."""

    @model_validator(mode="after")
    def _whole_or_rounded(self) -> VectorLeg:
        if self.exact and self.bits != 8:
            raise ValueError("'exact' keeps whole vectors; leave out 'exact' or 'bits'")
        return self


class CacheSection(Section):
    """Where else encoded vectors lie; left out: in the shop's own file alone."""

    path: Path | None = None
    """A folder that every machine of a cluster reaches under this path; `hybridsearch encode` fills it."""


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
    signals: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default={})
    """Weights that a person gives to what products are worth, such as `number.sold`: nothing learned changes them."""
    saturation: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = Field(default={})
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
    author: str = "author"
    """Who wrote it; several of one product by one author count as one."""


class ReviewsSection(Section):
    """The file of reviews, in any format of a catalogue; left out: they are in the rows of products alone."""

    path: FilePath | None = None
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


class QuestionsSection(Section):
    """What finds and phrases answers to questions; left out: a table of words, and they are quotations alone."""

    encoder: EncoderName | None = None
    """That tells which field a question means where the table of words does not; one that knows all the languages."""
    phraser: Annotated[str, AfterValidator(credentials.phraser_name)] | None = None
    """A model behind the address of OpenAI's chat API: `https://HOST/v1/chat/completions#MODEL`."""
    timeout: Annotated[float, Field(gt=0)] = 10.0
    """Seconds that it may take; then the quotations are given without."""


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
