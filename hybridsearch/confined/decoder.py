"""What decodes one kind of file, for the process that asks and for the worker that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from hybridsearch.errors import HybridSearchError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost.

    Attributes:
        bytes: Of the file.
        seconds: For decoding; afterwards the worker process is killed.
        memory: Bytes of address space that a worker process may have, where the system can limit it; 0: it is not
            confined, for what is no stranger's file, nor is it kept from writing files.
    """

    bytes: int
    seconds: float
    memory: int

    @property
    def answer(self) -> int:
        """Bytes that what a file gives has at most."""
        raise NotImplementedError


L = TypeVar("L", bound=Limits)


@dataclass(frozen=True, slots=True)
class Decoder(Generic[T, L]):
    """One kind of file: what it gives, and how that gets from one process to another.

    Attributes:
        module: Name of the module that has this object as DECODER: a worker imports it.
        noun: Of the file, for sentences: `picture`.
        limits: The class of its limits.
        error: What is raised about a file.
        unsafe: The same, of one that need not be tried again.
        require: Looks at the first bytes of a file alone, and raises that error where they are none of this kind.
        decode: Returns what a file gives, given one number that says how much of it is wanted; raises that error.
        pack: Writes that as bytes.
        unpack: Reads them; ValueError where they are nothing of the kind, as of a decoder that was taken over.
        smaller: What helps where a file takes too long, as a sentence.
        prepare: Called once in each worker.
        alone: What follows where no worker starts, as a sentence; left out: that strangers' files are not confined.
    """

    module: str
    noun: str
    limits: type[L]
    error: type[HybridSearchError]
    unsafe: type[HybridSearchError]
    require: Callable[[bytes, L], object]
    decode: Callable[[bytes, int, L], T]
    pack: Callable[[T], bytes]
    unpack: Callable[[bytearray], T]
    smaller: str
    prepare: Callable[[], None] = lambda: None
    alone: str = ""

    def not_now(self, why: object) -> HybridSearchError:
        """Return the error about a file that may be decoded another time."""
        return self.error(f"The {self.noun} cannot be decoded now: {why}. Try again.")
