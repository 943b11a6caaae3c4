"""The tables of the configuration file, and the secrets that stand in none: what each takes, and what is refused."""

from hybridsearch.sections.base import Language, Name, Section
from hybridsearch.sections.catalog import Catalog, ListedRows, OfferSource, Pairs
from hybridsearch.sections.engine import EngineSection
from hybridsearch.sections.secrets import Secrets
from hybridsearch.sections.tables import (
    BasketsSection,
    CacheSection,
    JudgmentsSection,
    LogSection,
    QuestionsSection,
    Reviews,
    ReviewsSection,
    RulesSection,
    SuggestSection,
    SynonymsSection,
    VectorLeg,
    VoiceSection,
    WeightsSection,
)
from hybridsearch.sections.web import WebSection

__all__ = [
    "BasketsSection",
    "CacheSection",
    "Catalog",
    "EngineSection",
    "JudgmentsSection",
    "Language",
    "ListedRows",
    "LogSection",
    "Name",
    "OfferSource",
    "Pairs",
    "QuestionsSection",
    "Reviews",
    "ReviewsSection",
    "RulesSection",
    "Secrets",
    "Section",
    "SuggestSection",
    "SynonymsSection",
    "VectorLeg",
    "VoiceSection",
    "WebSection",
    "WeightsSection",
]
