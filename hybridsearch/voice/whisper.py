"""Models of the Whisper format on this machine, through faster-whisper (CTranslate2): a folder, or one of the hub.

One window of at most half a minute is decoded once, by beam search and without any chance: no second try at a higher
temperature, no text of before. A call takes as long as its sound is, and no longer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hybridsearch.disk.paths import shown
from hybridsearch.errors import RecogniserError
from hybridsearch.runtime import deadline, forks
from hybridsearch.transcript import Transcript
from hybridsearch.voice import extra
from hybridsearch.voice.limits import RATE
from hybridsearch.voice.sound import Sound

BEAM = 8
"""Texts that are followed at once, all of which are alternatives in the end."""
FRAMES = 100
"""Of a second."""
WINDOWS = (10, 20, 30)
"""Seconds that the model is made to hear. It was trained on 30; of a query of two it makes as much of 10, in a fifth of
the time."""
MARGIN = 1.0
"""Seconds of silence that a window has at the end: without any, the model goes on talking."""
TOKENS, TOKENS_A_SECOND = 16, 10
"""The most parts of words that are heard: so many, and so many more a second. Nobody speaks faster."""
PROMPT = 200
"""The most parts of words that are hints; the model takes 223."""
PAUSE_MS, AROUND_MS = 1000, 300
"""Of speech: how long a pause in it may be, and what is left of the silence around it."""
HUB_NAME = re.compile(r"[\w.-]+(?:/[\w.-]+)?", re.ASCII)


class WhisperRecogniser:
    """Hears with one model, one recording after the other.

    Args:
        name: A folder of CTranslate2's format, or a name on the hub.
        folder: Where relative folders start.

    Raises:
        RecogniserError: The extra is not installed, or there is no such model.
    """

    def __init__(self, name: str, folder: Path) -> None:
        extra.require("faster_whisper")
        self._name, self._folder = name, folder
        self._lock = forks.Lock()
        self._model: Any = load(name, folder)
        self._silent = tuple(signs(self._model))
        forks.register(self)

    def transcribe(self, sound: Sound, languages: Sequence[str], hints: Sequence[str]) -> Transcript:
        """Return what was said, with the other texts of the beam.

        Raises:
            RecogniserError: Too many others came before, or the model fails.
        """
        left = deadline.left()
        if not self._lock.held.acquire(timeout=-1 if left == float("inf") else max(0.0, left)):
            raise RecogniserError("The recording was not heard in time: too many others came before it. Try again.")
        try:
            return self._heard(sound, languages, hints)
        finally:
            self._lock.held.release()

    def after_fork(self) -> None:
        """Leave the model, whose threads are not in this process, where it is, and load another one when needed."""
        LEFT.append(self._model)
        self._model = None

    def _heard(self, sound: Sound, languages: Sequence[str], hints: Sequence[str]) -> Transcript:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.vad import VadOptions, get_speech_timestamps

        if self._model is None:
            self._model = load(self._name, self._folder)
        wave = sound.wave()
        spoken = get_speech_timestamps(
            wave, VadOptions(min_silence_duration_ms=PAUSE_MS, speech_pad_ms=AROUND_MS, min_speech_duration_ms=100)
        )
        if not spoken:
            return Transcript("", confidence=0.0)
        wave = wave[spoken[0]["start"] : spoken[-1]["end"]]
        seconds = len(wave) / RATE
        model = self._model
        encoded = model.encode(window(model.feature_extractor(wave), seconds))
        language = self._language(encoded, languages)
        tokenizer = Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language)
        prompt = prompted(tokenizer, hints)
        (found,) = model.model.generate(
            encoded,
            [prompt],
            beam_size=BEAM,
            num_hypotheses=BEAM,
            max_length=min(len(prompt) + TOKENS + math.ceil(TOKENS_A_SECOND * seconds), model.max_length),
            suppress_tokens=[-1, *self._silent],
            return_scores=True,
        )
        texts: dict[str, tuple[str, float]] = {}
        for tokens, score in zip(found.sequences_ids, found.scores, strict=True):
            said = " ".join(tokenizer.decode([token for token in tokens if token < tokenizer.eot]).split())
            texts.setdefault(said.casefold(), (said, math.exp(min(0.0, score))))
        (best, confidence), *others = texts.values()
        return Transcript(best, language, confidence, dict(others))

    def _language(self, encoded: Any, languages: Sequence[str]) -> str:
        """Return which of some languages is spoken."""
        model = self._model.model
        if not model.is_multilingual:
            return "en"
        if len(languages) == 1:
            return languages[0]
        (likely,) = model.detect_language(encoded)
        return max(languages, key=lambda language: dict(likely).get(f"<|{language}|>", 0.0))


LEFT: list[Any] = []
"""Models of parents of this process: to let go of one would wait for threads that are not here."""


def window(features: Any, seconds: float) -> Any:
    """Return the features of some seconds of sound with silence behind them, as much as the model is made to hear."""
    import numpy as np

    wanted = FRAMES * next((window for window in WINDOWS if seconds + MARGIN <= window), WINDOWS[-1])
    features = features[:, :wanted]
    return np.pad(features, ((0, 0), (0, wanted - features.shape[1])))


def prompted(tokenizer: Any, hints: Sequence[str]) -> list[int]:
    """Return what the model is told before it writes: words, language and task."""
    told = tokenizer.encode(f" {', '.join(hints)}")[:PROMPT] if hints else []
    before = [tokenizer.sot_prev, *told] if told else []
    return [*before, *tokenizer.sot_sequence, tokenizer.no_timestamps]


def signs(model: Any) -> Iterator[int]:
    """Yield the tokens that are signs between words alone: without them the texts of a beam differ in their words."""
    words = model.hf_tokenizer
    for token in range(words.token_to_id("<|endoftext|>")):
        said = words.decode([token])
        if said.strip() and "\ufffd" not in said and not any(map(str.isalnum, said)):
            yield token


def load(name: str, folder: Path) -> Any:
    """Return a model.

    Raises:
        RecogniserError: There is none, or it is in another format.
    """
    from faster_whisper import WhisperModel

    local = folder / Path(name).expanduser()
    if local.is_dir():
        require_format(local)
        try:
            return WhisperModel(str(local), device="cpu", compute_type="int8", local_files_only=True)
        except Exception as error:  # of a C++ library, for a damaged file
            raise RecogniserError(
                f"The model in {shown(local)} cannot be loaded: {error}. Put it there again."
            ) from error
    if not HUB_NAME.fullmatch(name):
        raise RecogniserError(
            f"There is no model '{name}': expected a folder below {shown(folder)}, or a hub name such as 'base'."
        )
    try:
        return from_hub(name)
    except Exception as error:  # the hub's client has many kinds, faster-whisper a ValueError for a name
        raise RecogniserError(
            f"There is no Whisper model '{name}' on this machine, and the Hugging Face hub gave none "
            f"({type(error).__name__}). Download it where the hub can be reached and name its folder instead."
        ) from error


def from_hub(name: str) -> Any:
    """Return a model of the hub: from the hub's cache on this machine, else downloaded."""
    from faster_whisper import WhisperModel

    try:
        return WhisperModel(name, device="cpu", compute_type="int8", local_files_only=True)
    except Exception:  # not in the cache yet, or only in part
        return WhisperModel(name, device="cpu", compute_type="int8")


def require_format(folder: Path) -> None:
    """Require that a folder holds a model of CTranslate2's format, and all that would else be asked for at the hub.

    Raises:
        RecogniserError: It does not.
    """
    if (folder / "model.bin").is_file() and (folder / "tokenizer.json").is_file():
        return
    if any((folder / name).is_file() for name in ("model.safetensors", "pytorch_model.bin")):
        raise RecogniserError(
            f"The model in {shown(folder)} is in the format of transformers. Convert it with: "
            f"ct2-transformers-converter --model {shown(folder)} --output_dir FOLDER "
            "--copy_files tokenizer.json --quantization int8"
        )
    raise RecogniserError(
        f"There is no Whisper model in {shown(folder)}: expected model.bin, config.json and tokenizer.json, as "
        "CTranslate2 has them. Put them there."
    )
