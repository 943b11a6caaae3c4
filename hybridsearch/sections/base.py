"""What the tables of the configuration have in common, and kinds of values that several take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from hybridsearch.disk.paths import require_possible

Language = Literal["en", "de", "fr", "es", "ja", "zh"]
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
