"""The roles: which field of the catalogue a shop searches, filters, shows and weighs, as `[fields]` says it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from hybridsearch.fields import AS_IT_IS, KINDS, Format
from hybridsearch.runtime.remembered import remembered
from hybridsearch.sections import Language, Reviews, Section

PRICES = frozenset(["price", "saleprice", "currentprice", "preis", "verkaufspreis", "prix", "precio", "価格", "价格"])
"""What a price is called, in six languages."""
CAMEL, NOT_IN_NAMES = re.compile(r"(?<=[a-z])(?=[A-Z])"), re.compile(r"[\W_]+")
BUYERS_SAY = "buyers_say"
"""The field of a product with what its reviews say; where there are reviews the shop has none that is called so."""
STARS, COUNT, PRAISED, CRITICISED = (f"{BUYERS_SAY}.{name}" for name in ("score", "count", "praised", "criticised"))
FROM_REVIEWS = {"numbers": (STARS, COUNT), "facets": (PRAISED, CRITICISED)}
"""The fields that reviews give, by role: products are filtered, counted, sorted and rated by them as by any other."""


class Fields(Section):
    """Which field of the catalogue plays which role; a dotted name names a field of nested objects."""

    id: str = "id"
    group: str | None = None
    """Field that is the same in all rows of a product, which follow each other: each is one of its variants, or one of
    its pictures. It names the product; a row without it is a product of its own, which `id` names."""
    title: str | None = None
    text: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    booleans: tuple[str, ...] = ()
    image: str | Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """One field with pictures, or several; those of the first come first."""
    video: str | Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """One field with videos, or several; a product is seen in the first one that can be read."""
    variants: str | None = None
    """Field with the list of a product's variants: what holds of the fields below it holds of one of them. Left out:
    `variants`."""
    offers: str | None = None
    """The same list where each of its objects is an offer of a seller; the first of `numbers` below it is the price."""
    version: str | None = None
    """Field that only grows with each change of a product: a whole number, or a date and time."""
    ratings: dict[str, str] = Field(default={})
    """By number field with the mean rating of a product the number field that says how many ratings it has."""
    price: str | None = None
    """The number field that is the price, of products or of their offers; left out, see `price_in`."""
    reviews: Reviews | None = None
    """Field that lists what buyers wrote: texts, or objects with `text`, `rating` and `date`."""
    languages: tuple[Language, ...] = ("en",)
    formats: dict[str, Format] = Field(default={})
    """How the texts of a field are written, by its name, where one of them alone does not tell."""

    @property
    def pictures(self) -> tuple[str, ...]:
        """The fields with pictures."""
        return (self.image,) if isinstance(self.image, str) else self.image or ()

    @property
    def videos(self) -> tuple[str, ...]:
        """The fields with videos."""
        return (self.video,) if isinstance(self.video, str) else self.video or ()

    @field_validator("reviews", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        """Take the name of the field for all that is said of it."""
        return {"field": value} if isinstance(value, str) else value

    @model_validator(mode="before")
    @classmethod
    def _with_those_of_reviews(cls, data: Any) -> Any:
        """Add the fields that reviews give to their roles."""
        if not isinstance(data, dict) or not data.get("reviews"):
            return data
        given = {role: data.get(role, ()) for role in FROM_REVIEWS}
        roles = {
            role: tuple(dict.fromkeys([*names, *FROM_REVIEWS[role]]))
            for role, names in given.items()
            if isinstance(names, list | tuple)  # what is none is refused as such
        }
        ratings = data.get("ratings", {})
        rated = {"ratings": {**ratings, STARS: COUNT}} if isinstance(ratings, dict) else {}
        return {**data, **roles, **rated}

    @model_validator(mode="after")
    def _something_to_search(self) -> Fields:
        if not self.languages:
            raise ValueError("'languages' is empty; name at least one of en, de, fr, es, ja, zh")
        if self.title is None and not (self.text or self.pictures or self.videos):
            raise ValueError("name a 'title', a 'text' or an 'image' field: there is nothing to search")
        for name in itertools.chain.from_iterable(self.ratings.items()):
            if name not in self.of_products("numbers"):
                raise ValueError(f"'ratings' names '{name}', which is none of the 'numbers' of products; add it there")
        if self.price is not None and self.price not in (self.numbers if self.offers else self.of_products("numbers")):
            raise ValueError(f"'price' is '{self.price}', which is none of the 'numbers' of products; add it there")
        for names in map(self.of, KINDS):
            for name in names:
                inside = next((nested for nested in names if nested.startswith(f"{name}.")), None)
                if inside:
                    raise ValueError(f"'{name}' cannot be a field and hold '{inside}' too; name one of them")
        if self.variants is not None and self.offers is not None:
            raise ValueError(
                "'variants' and 'offers' are both given: a product has one list; of one with variants each offer is "
                "of one of them, and says its colour and size. Leave 'variants' out"
            )
        said = "offers" if self.offers is not None else "variants"
        name = self.list_of_variants
        if (self.variants, self.offers) != (None, None) and not self.has_variants:
            raise ValueError(
                f"'{said}' is '{name}', but no facet, number, date, truth value, code or picture is "
                f"below it; name one, such as '{name}.price', or leave '{said}' out"
            )
        return self

    @property
    def key(self) -> str:
        """The field that names a product."""
        return self.group or self.id

    @property
    def key_of_one(self) -> str | None:
        """The field that names a product of one row, where that has no `group`."""
        return self.id if self.group and self.id != self.group else None

    def format(self, name: str) -> Format:
        """Return how the texts of a field are written."""
        return self.formats.get(name, AS_IT_IS)

    def of(self, role: str) -> tuple[str, ...]:
        """Return the names of the fields that have one of the roles in `KINDS`."""
        names: tuple[str, ...] = getattr(self, role)
        return names

    @property
    def list_of_variants(self) -> str:
        """The name of the field that lists the variants or offers of a product, where it has some."""
        return self.offers or self.variants or "variants"

    def price_in(self, offers: bool = False) -> str | None:
        """Return the number field that is the price of products, or of their offers, if there is one.

        It is `price`; where that does not say, the first number of offers, and of products the one that is called
        price, or ends so, in any of the six languages.
        """
        return self._prices[offers]

    @property
    @remembered
    def _prices(self) -> tuple[str | None, str | None]:
        return self._price_of(offers=False), self._price_of(offers=True)

    def _price_of(self, *, offers: bool) -> str | None:
        names = [name for name in self.numbers if self.of_variants(name) == offers]
        if self.price in names:
            return self.price
        if offers:
            return next(iter(names), None) if self.offers else None
        called = [name for name in names if is_price(name)]
        return min(called, key=lambda name: name.rpartition(".")[2].lower() not in PRICES, default=None)

    def of_variants(self, name: str) -> bool:
        """Tell whether a field is one of each variant, and not of the product."""
        return name.startswith(f"{self.list_of_variants}.")

    def within_variant(self, name: str) -> str:
        """Return what a field of variants is called within one of them."""
        return name.removeprefix(f"{self.list_of_variants}.")

    @property
    def names(self) -> tuple[str, ...]:
        """All fields that have a role, but for the id, in the order of their roles."""
        listed = self.reviews.field if self.reviews else None
        named = filter(None, [self.title, *self._names_in_roles(), self.version, listed])
        return tuple(name for name in dict.fromkeys(named) if not is_from_reviews(name))

    @property
    def names_of_variants(self) -> tuple[str, ...]:
        """The fields of variants, in whatever role; a title and a version are the product's."""
        return tuple(dict.fromkeys(filter(self.of_variants, self._names_in_roles())))

    def _names_in_roles(self) -> Iterator[str]:
        """Yield the fields of the roles that several may have."""
        return itertools.chain(self.text, self.codes, *map(self.of, KINDS), self.pictures, self.videos)

    @property
    @remembered
    def has_variants(self) -> bool:
        """Whether there is any field of variants."""
        return bool(self.names_of_variants)

    def of_products(self, role: str) -> tuple[str, ...]:
        """Return those fields of a role that are not of variants."""
        return tuple(name for name in self.of(role) if not self.of_variants(name))

    @property
    @remembered
    def worth(self) -> dict[str, tuple[str, ...]]:
        """The fields that say what a product is worth whatever the query is, by the family of their signals."""
        return {
            "number": self.of_products("numbers"),
            "rating": tuple(self.ratings),
            "recency": self.of_products("dates"),
            "boolean": self.of_products("booleans"),
        }

    @property
    @remembered
    def in_variants(self) -> dict[str, tuple[str, ...]]:
        """The fields of variants that searches use, by role; empty where there are none."""
        by_role = {role: tuple(filter(self.of_variants, self.of(role))) for role in KINDS}
        return {role: names for role, names in by_role.items() if names}


def is_price(name: str) -> bool:
    """Tell whether a field is called a price: `price`, `offer.price`, `Regular price`, `Verkaufspreis`."""
    last = name.rpartition(".")[2]
    words = [*filter(None, NOT_IN_NAMES.split(CAMEL.sub("_", last).lower()))]
    return "".join(words) in PRICES or not PRICES.isdisjoint(words[-1:])


def is_from_reviews(name: str) -> bool:
    """Tell whether a field is one that reviews give, and not the shop."""
    return name.startswith(f"{BUYERS_SAY}.")
