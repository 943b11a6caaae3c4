"""From a recording of any format to sound, `kinds`, `limits` and `sound`; what is broken or too much is refused.

So is any recording where the `extra` is not installed (`media`).
"""

from __future__ import annotations

import contextlib
import io
import struct
import wave
from dataclasses import replace

import numpy as np
import pytest

from hybridsearch.errors import AudioError
from hybridsearch.voice.decode import decode_in_process
from hybridsearch.voice.limits import QUERY, RATE
from hybridsearch.voice.sound import Sound
from tests.voice.recordings import FORMATS, recorded, tone, wav

SECOND = tone(1.0)


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_becomes_the_same_sound(name: str) -> None:
    container, codec, rate = FORMATS[name]
    sound = decode_in_process(recorded(tone(1.0, rate), container, codec, rate), 30_000)
    assert sound.seconds == pytest.approx(1.0, abs=0.1)  # MP3, Opus and AAC have some silence around it
    spectrum = np.abs(np.fft.rfft(sound.wave()))
    assert np.argmax(spectrum) / sound.seconds == pytest.approx(440, abs=4)
    assert not sound.goes_on


@pytest.mark.parametrize("rate", [8_000, 96_000])
def test_a_telephone_and_a_studio_are_heard(rate: int) -> None:
    assert decode_in_process(recorded(tone(1.0, rate), "wav", "pcm_s16le", rate), 30_000).seconds == pytest.approx(
        1.0, abs=0.01
    )


def test_a_file_that_this_program_wrote_is_read_back_to_the_sample() -> None:
    assert decode_in_process(wav(SECOND), 30_000) == Sound(SECOND.tobytes())
    with wave.open(io.BytesIO(wav(SECOND))) as read:
        assert (read.getframerate(), read.getnchannels(), read.readframes(RATE)) == (RATE, 1, SECOND.tobytes())


def test_only_the_beginning_of_a_long_recording_is_decoded() -> None:
    sound = decode_in_process(wav(tone(120.0)), 2_500)
    assert (sound.seconds, sound.goes_on) == (2.5, True)


def test_a_recording_of_exactly_the_limit_is_whole() -> None:
    assert not decode_in_process(wav(SECOND), 1_000).goes_on


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The recording is empty; expected a WAV, FLAC, MP3, Ogg, WebM or MP4 file. Record it again."),
        (b"red umbrella", "The content is no recording; expected"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "The content is no recording; expected"),
        (b"RIFF\0\0\0\0WAVE" + bytes(99), "The WAV recording is damaged"),
        (b"fLaC" + bytes(99), "The FLAC recording is damaged"),
        (b"OggS" + bytes(99), "The Ogg recording is damaged"),
        (b"\x1a\x45\xdf\xa3" + bytes(99), "The WebM recording is damaged"),
        (b"\0\0\0\x18ftypmp42" + bytes(99), "The MP4 "),
        (b"ID3" + bytes(99), "The MP3 "),
        (wav(SECOND[:0]), "The WAV "),
    ],
)
def test_what_is_no_recording_is_an_error_that_says_so(data: bytes, sentence: str) -> None:
    with pytest.raises(AudioError) as caught:
        decode_in_process(data, 30_000)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_recording_that_breaks_off_is_heard_so_far_or_refused(name: str, share: float) -> None:
    container, codec, rate = FORMATS[name]
    whole = recorded(tone(2.0, rate), container, codec, rate)
    try:
        sound = decode_in_process(whole[: round(share * len(whole))], 30_000)
    except AudioError:
        return
    assert 0.0 < sound.seconds < 2.2


def test_noise_inside_of_a_file_never_raises_anything_else() -> None:
    random = np.random.default_rng(7)
    for container, codec, rate in FORMATS.values():
        whole = recorded(tone(0.5, rate), container, codec, rate)
        for _ in range(10):
            broken = bytearray(whole)
            for place in random.integers(12, len(broken), 20):
                broken[place] = random.integers(256)
            with contextlib.suppress(AudioError):
                decode_in_process(bytes(broken), 30_000)


def test_what_would_cost_too_much_is_refused() -> None:
    data = wav(SECOND)
    with pytest.raises(AudioError, match=r"has more than 100 bytes, which is all that is read"):
        decode_in_process(data, 1_000, replace(QUERY, bytes=100))
    odd = bytearray(data)
    struct.pack_into("<H", odd, 22, 9)
    with pytest.raises(AudioError, match="has 9 channels of 16,000 samples a second, expected at most 8 of 4,000"):
        decode_in_process(bytes(odd), 1_000)


def test_a_video_without_sound_and_a_codec_of_others_are_refused() -> None:
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="webm") as output:
        stream = output.add_stream("libvpx", rate=10)
        stream.width = stream.height = 64
        for _ in range(3):
            output.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        output.mux(stream.encode(None))
    with pytest.raises(AudioError, match="The WebM file has no sound in it"):
        decode_in_process(file.getvalue(), 1_000)
    with pytest.raises(AudioError, match="is coded as 'adpcm_ms', which is not read"):
        decode_in_process(recorded(tone(1.0), "wav", "adpcm_ms", RATE), 1_000)


def test_silence_is_told_from_a_whisper() -> None:
    assert Sound(bytes(32_000)).is_silent()
    assert Sound(b"").is_silent()
    assert not Sound((SECOND // 100).astype(np.int16).tobytes()).is_silent()
