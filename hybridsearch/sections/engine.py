"""Where the index is: the table `[engine]`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from hybridsearch import credentials
from hybridsearch.sections.base import FilePath, IndexName, Section

Address = Annotated[str, AfterValidator(credentials.engine_address)]


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
    max_segments: Annotated[int, Field(ge=1)] | None = None
    """Into so many segments for each shard a rebuild merges the new index before the swap; left out: as they are."""
    keep: Annotated[int, Field(ge=0)] = 1
    """Earlier generations that are kept for a rollback."""
    approximate: bool | None = None
    """Whether neighbours are looked for in a part of the vectors, in a folder; left out: where that is faster."""
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
