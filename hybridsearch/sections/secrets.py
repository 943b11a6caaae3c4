"""The secrets, which stand in no file."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hybridsearch.inputs.rows import SURROGATES


class Secrets(BaseSettings):
    """Secrets, from the environment alone: never from the file, never from the command line."""

    model_config = SettingsConfigDict(env_prefix="HYBRIDSEARCH_", frozen=True)

    api_key: SecretStr | None = None
    password: SecretStr | None = None
    catalog_password: SecretStr | None = None
    encoder_key: SecretStr | None = None
    voice_key: SecretStr | None = None
    phraser_key: SecretStr | None = None
    log_key: SecretStr | None = None
    web_token: SecretStr | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _text(cls, value: Any) -> Any:
        """Keep bytes that are no text from an error that would show them; `credentials` refuses the NUL."""
        return SURROGATES.sub("\0", value) if isinstance(value, str) else value
