"""The worker process: it reads picture files from its standard input, and answers with pixels or with a reason.

It imports Pillow and the standard library alone, holds no secret, and ends with its input, which ends with its parent.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
from contextlib import suppress
from io import FileIO

from PIL import AvifImagePlugin

from hybridsearch._version import __version__
from hybridsearch.errors import ImageError
from hybridsearch.images.decode import decode_in_process
from hybridsearch.images.limits import Limits

READY = f"hybridsearch {__version__}\n".encode()
"""What a worker says once it is ready."""
REQUEST = struct.Struct("<QQ")
"""Bytes of the file that follows, and the side that is enough."""
ANSWER = struct.Struct("<QQQ")
"""Width and height of the picture, 0 if there is none, and bytes that follow: of its RGB pixels, or of the reason."""
MAX_REASON = 2000
GRACE = 1.0
"""Seconds after which a worker ends itself that its parent should have killed."""


def main(limits: str) -> None:
    """Answer requests until the input ends.

    Args:
        limits: The fields of `Limits`, as JSON.
    """
    most = Limits(**json.loads(limits))
    with FileIO(os.dup(0)) as requests, FileIO(os.dup(1), "w") as answers:
        silence()
        confine(most.memory)
        write_all(answers, READY)
        while request := read_exactly(requests, REQUEST.size):
            size, enough = REQUEST.unpack(request)
            data = read_exactly(requests, size)
            die_after(most.seconds + GRACE)
            head, body = answer(bytes(data), enough, most)
            write_all(answers, head)
            write_all(answers, body)
            die_after(0)


def answer(data: bytes, enough: int, limits: Limits) -> tuple[bytes, bytes]:
    """Return the head and the body of the answer to one request."""
    try:
        image = decode_in_process(data, enough, limits)
    except ImageError as error:
        reason = str(error).encode("utf-8", "replace")[:MAX_REASON]
        return ANSWER.pack(0, 0, len(reason)), reason
    pixels = image.tobytes()
    return ANSWER.pack(*image.size, len(pixels)), pixels


def silence() -> None:
    """Let nothing that a decoder prints get among the answers, nor keys of the terminal end this process.

    Of a group of processes that is told to end, the parent ends last; a picture would seem to have killed its worker.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def confine(memory: int) -> None:
    """Limit this process, where the system can: its address space, no core dump, no file may grow."""
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each takes address space; there is a process for each core anyway
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
