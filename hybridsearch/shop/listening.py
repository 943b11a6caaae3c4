"""Listening: from a recording to the words that are searched for, given those of the index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hybridsearch.confined.files import File, content_of
from hybridsearch.errors import AudioError, RecogniserError
from hybridsearch.inputs.given import read
from hybridsearch.inputs.json_values import named
from hybridsearch.runtime import deadline, forks
from hybridsearch.search.words import heard
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.transcript import Transcript
from hybridsearch.voice import Recogniser, extra, load_recogniser
from hybridsearch.voice.checked import checked
from hybridsearch.voice.limits import QUERY
from hybridsearch.voice.sound import Sound

if TYPE_CHECKING:
    from hybridsearch.settings import Settings

Audio = File | Transcript
"""A spoken query: a recording, or what another recogniser, such as the browser's, has understood of it."""
SILENCE = "nothing was said in the recording"
CUT = "only the first {:g} s of the recording were heard"


class Listening:
    """What a shop understands of spoken queries. Nothing of a recording is kept.

    Args:
        settings: The configuration.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = forks.Lock()
        self._recogniser: Recogniser | None = None
        self._hints: tuple[Lexicon | None, Sequence[str]] = (None, ())

    def heard(self, audio: Audio, lexicon: Lexicon | None, languages: Sequence[str]) -> Transcript:
        """Return what was said, of all that it may have been what the index knows best.

        Args:
            audio: A recording, or the transcript of one.
            lexicon: The words of the index; None where they are not known.
            languages: Those that the index has.

        Raises:
            AudioError: The recording cannot be read or decoded.
            RecogniserError: Nothing recognises speech here, or it fails.
        """
        if issubclass(type(audio), Transcript):
            return heard.best(read("audio", audio, checked, "a Transcript of plain texts"), lexicon, languages)
        voice = self._settings.voice
        recogniser = self.recogniser
        with deadline.aside(voice.timeout), deadline.within(voice.timeout):
            sound = sound_of(audio, voice.seconds, min(QUERY.seconds, deadline.left()))
            notes = (CUT.format(voice.seconds),) if sound.goes_on else ()
            if sound.is_silent():
                return Transcript("", confidence=0.0, notes=(*notes, SILENCE))
            found = recogniser.transcribe(sound, voice.languages or tuple(languages), self.hints(lexicon))
        best = heard.best(found, lexicon, languages)
        return replace(best, notes=(*notes, *found.notes, *(() if best.text else (SILENCE,))))

    @property
    def recogniser(self) -> Recogniser:
        """What the configuration names, loaded when it is first needed.

        Raises:
            RecogniserError: It names none, or one that cannot be loaded.
        """
        name = self._settings.voice.recogniser
        if name is None:
            raise RecogniserError(
                "A recording was given, but nothing recognises speech. Name a model in the configuration: "
                '[voice] recogniser = "base"'
            )
        with self._lock.held:
            if self._recogniser is None:
                extra.require("av")
                self._recogniser = load_recogniser(name, self._settings.folder)
            return self._recogniser

    def hints(self, lexicon: Lexicon | None) -> Sequence[str]:
        """Return the words of the catalogue that a recogniser is told, the likeliest first."""
        known, hints = self._hints
        if lexicon is not None and known is not lexicon:
            hints = heard.hints(lexicon, self._settings.voice.hints)
            self._hints = lexicon, hints
        return hints if lexicon is not None else ()

    def warm_up(self) -> None:
        """Load the recogniser, if there is one, and start what decodes."""
        if self._settings.voice.recogniser is not None:
            moment = Sound(bytes(32_000))
            self.recogniser.transcribe(moment, self._settings.voice.languages or ("en",), ())
            sound_of(moment.wav(), 1.0, QUERY.seconds)


def sound_of(audio: Any, seconds: float, patience: float) -> Sound:
    """Return the first seconds of a recording.

    Args:
        audio: A path, the bytes of a file, or an open file.
        seconds: How many.
        patience: Seconds that decoding may take.

    Raises:
        AudioError: It cannot be read or decoded.
    """
    from hybridsearch.voice.workers import WORKERS

    content = content_of(audio, "recording", QUERY.bytes, AudioError)
    if content is None:
        raise AudioError(f"The audio is {named(audio)}, expected a path, the bytes of a file, or an open file.")
    return WORKERS.decode(content, round(1000 * seconds), max(0.0, patience))
