"""Blocks of an index, by which somebody, or a full disk, keeps it from being read or written."""

from __future__ import annotations

import re

BLOCKS = {"5": "read_only", "7": "read", "8": "write", "9": "metadata", "12": "read_only_allow_delete"}
"""Settings by the numbers that Elasticsearch gives the blocks of an index, as in `FORBIDDEN/7/index read (api)`."""
DISK_FULL = "12"
NUMBER = re.compile(r"/(\d{1,3})/")


def blocked(index: str, why: str) -> str | None:
    """Say which block an index has, and the way out; None for another one, such as that of a whole cluster."""
    number = NUMBER.search(why)
    if number is None or number[1] not in BLOCKS:
        return None
    setting = f"index.blocks.{BLOCKS[number[1]]}"
    full = "a disk is nearly full: free space, and the server removes it by itself. Else remove it with"
    way = full if number[1] == DISK_FULL else "remove it with"
    return f"it has the block '{setting}'; {way}: PUT /{index}/_settings {{\"{setting}\": null}}"
