"""The worker process: it reads files from its standard input, and answers with what they give or with a reason.

It imports a decoder and the standard library alone, holds no secret, and ends with its input, which ends with its
parent.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import struct
import sys
from contextlib import suppress
from io import FileIO
from typing import Any

from hybridsearch._version import __version__
from hybridsearch.confined.decoder import Decoder, Limits

READY = f"hybridsearch {__version__}\n".encode()
"""What a worker says once it is ready."""
REQUEST = struct.Struct("<QQ")
"""Bytes of the file that follows, and how much of it is wanted."""
ANSWER = struct.Struct("<QQ")
"""1 if the file gives something, else 0, and bytes that follow: of what it gives, or of the reason."""
MAX_REASON = 2000
GRACE = 1.0
"""Seconds after which a worker ends itself that its parent should have killed."""


def main(module: str, limits: str) -> None:
    """Answer requests until the input ends.

    Args:
        module: Name of the one that has the DECODER.
        limits: The fields of its limits, as JSON.
    """
    decoder: Decoder[Any, Any] = importlib.import_module(module).DECODER
    most = decoder.limits(**json.loads(limits))
    with FileIO(os.dup(0)) as requests, FileIO(os.dup(1), "w") as answers:
        silence()
        decoder.prepare()
        if most.memory:
            confine(most.memory)
        write_all(answers, READY)
        while request := read_exactly(requests, REQUEST.size):
            size, wanted = REQUEST.unpack(request)
            data = read_exactly(requests, size)
            die_after(most.seconds + GRACE)
            head, body = answer(decoder, bytes(data), wanted, most)
            write_all(answers, head)
            write_all(answers, body)
            die_after(0)


def answer(decoder: Decoder[Any, Any], data: bytes, wanted: int, limits: Limits) -> tuple[bytes, bytes]:
    """Return the head and the body of the answer to one request."""
    try:
        body = decoder.pack(decoder.decode(data, wanted, limits))
    except decoder.error as error:
        reason = str(error).encode("utf-8", "replace")[:MAX_REASON]
        return ANSWER.pack(0, len(reason)), reason
    return ANSWER.pack(1, len(body)), body


def silence() -> None:
    """Let nothing that a decoder prints get among the answers, nor keys of the terminal end this process.

    Of a group of processes that is told to end, the parent ends last; a file would seem to have killed its worker.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def confine(memory: int) -> None:
    """Limit this process, where the system can: its address space, no core dump, no file may grow."""
    if sys.platform == "win32":
        return
    import resource

    for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        with suppress(OSError, ValueError):  # macOS takes no limit of the address space
            resource.setrlimit(kind, (most, most))


def die_after(seconds: float) -> None:
    """Let the system end this process after some seconds, whatever it is at; 0: let it live."""
    if sys.platform != "win32":
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})  # whatever the parent's thread had blocked
        signal.setitimer(signal.ITIMER_REAL, seconds)


def read_exactly(source: FileIO, size: int) -> bytearray:
    """Return the next bytes of a pipe; none where it has ended before them."""
    data = bytearray(size)
    view = memoryview(data)
    while view:
        count = source.readinto(view)
        if not count:
            return bytearray()
        view = view[count:]
    return data


def write_all(target: FileIO, data: bytes | bytearray) -> None:
    """Write some bytes to a pipe; it may take them in parts."""
    view = memoryview(data)
    while view:
        view = view[target.write(view) or 0 :]
