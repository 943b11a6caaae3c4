"""Who somebody is, without saying so: names of sessions and shoppers are hashed with a key before they are written.

Without the key a hash tells only that two lines are of one session. It is not in the log: whoever deletes the key has
made the log anonymous for good.
"""

from __future__ import annotations

import os
import secrets
from hashlib import blake2b
from pathlib import Path

from hybridsearch import credentials
from hybridsearch.disk import modes
from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.errors import explained
from hybridsearch.sections import Secrets

KEY_BYTES = 32
HASH_BYTES = 16
"""So many that two sessions never get the same one."""


def key_of(file: Path) -> bytes:
    """Return the key: that of the environment, else that of a file, which is made where there is none.

    Several machines that write one log need the same one: HYBRIDSEARCH_LOG_KEY.

    Raises:
        EngineError: The file cannot be read or made.
        ConfigError: The key of the environment has characters that none has.
    """
    if given := Secrets().log_key:
        text = credentials.key(given.get_secret_value(), "HYBRIDSEARCH_LOG_KEY")
        return blake2b(text.encode(), digest_size=KEY_BYTES).digest()
    with explained(file):
        if not file.exists():
            make(file)
        return file.read_bytes()[:KEY_BYTES]


def make(file: Path) -> None:
    """Make a key, whole at once; where another process has just made one, that stays."""
    make_folder(file.parent, file.parent.parent)
    own = file.with_name(f"{file.name}-{secrets.token_hex(4)}")
    try:
        modes.write(own, secrets.token_bytes(KEY_BYTES))
        modes.change(own, modes.PRIVATE_FILE)
        try:
            os.link(own, file)
        except FileExistsError:
            pass
        except OSError:  # a disk without links
            if not file.exists():
                own.replace(file)
    finally:
        own.unlink(missing_ok=True)


def hashed(name: str, key: bytes) -> str:
    """Return what stands for a name in a log; empty for none."""
    return blake2b(name.encode(errors="replace"), key=key, digest_size=HASH_BYTES).hexdigest() if name else ""
