"""From a video of any format to its frames, `kinds`, `limits` and `frames`; what is broken or too much is refused."""

from __future__ import annotations

import contextlib
import io
import random
import time
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hybridsearch.errors import ImageError, VideoError
from hybridsearch.sample import __file__ as sample
from hybridsearch.video.decode import decode_in_process
from hybridsearch.video.frames import Frame, distinct, spread
from hybridsearch.video.limits import CATALOGUE, LONGEST, QUERY
from hybridsearch.video.workers import QUERY_WORKERS, UnsafeVideo, pack, unpack
from tests.video.clips import FORMATS, SIZE, backgrounds, cuts, filmed, plain, scene, turning
from tests.voice.recordings import recorded, tone

SCENES = 4
CUTS = filmed(cuts(SCENES))
HAMMER = Path(sample).parent / "images" / "S0001.webp"


def alike(frame: Frame, picture: Image.Image) -> bool:
    """Tell whether a frame shows a picture, as well as a codec keeps it."""
    one, other = (np.asarray(each.resize((8, 8)), dtype=float) for each in (frame.picture, picture))
    return bool(abs(one - other).mean() < 12)


@pytest.mark.parametrize("gop", [5, 250])
@pytest.mark.parametrize("name", FORMATS)
def test_each_format_gives_one_frame_of_each_scene(name: str, gop: int) -> None:
    """With a key frame every half second these alone are decoded; with one or two what lies between is, too."""
    frames = decode_in_process(filmed(cuts(SCENES), name, gop=gop))
    assert len(frames) == SCENES
    assert all(alike(frame, scene(number)) for number, frame in enumerate(frames))
    assert [int(frame.second + 0.05) for frame in frames] == [0, 1, 2, 3]


def test_a_slow_turn_without_a_cut_is_seen_from_several_sides() -> None:
    with Image.open(HAMMER) as picture:
        frames = decode_in_process(filmed(turning(picture.convert("RGB"), backgrounds(1)), gop=9_999))
    assert 3 <= len(frames) <= CATALOGUE.frames
    assert frames[0].second < 0.5
    assert frames[-1].second > 4


def test_what_stands_still_is_seen_once_and_fading_in_from_black_not_at_all() -> None:
    assert len(decode_in_process(filmed([scene(1)] * 40))) == 1
    frames = decode_in_process(filmed([*[plain("black")] * 20, *[scene(1)] * 20]))
    assert len(frames) == 1
    assert alike(frames[0], scene(1))
    assert len(decode_in_process(filmed([plain("black")] * 20))) == 1


@pytest.mark.parametrize("name", FORMATS)
def test_a_video_of_one_picture_has_one_frame(name: str) -> None:
    (frame,) = decode_in_process(filmed([scene(3)], name))
    assert alike(frame, scene(3))
    assert frame.second == 0


def test_no_more_frames_are_kept_than_the_limit_says_and_they_reach_from_start_to_end() -> None:
    many = filmed(cuts(60, 2), gop=2)
    frames = decode_in_process(many)
    assert len(frames) == CATALOGUE.frames
    assert (alike(frames[0], scene(0)), alike(frames[-1], scene(59))) == (True, True)
    assert len(decode_in_process(many, limits=QUERY)) == QUERY.frames


def test_a_frame_is_no_larger_than_it_needs_to_be() -> None:
    assert decode_in_process(CUTS, 120)[0].picture.size == (160, 120)
    assert decode_in_process(CUTS, 5_000)[0].picture.size == SIZE
    long = filmed([scene(1, (2_000, 120))])
    assert decode_in_process(long, 60)[0].picture.size == (1_000, 60)


def test_a_telephone_held_upright_gives_upright_frames() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.set_display_rotation(-90)
        for _ in range(3):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(scene(1)), format="rgb24")))
        output.mux(stream.encode(None))
    (frame,) = decode_in_process(file.getvalue())
    assert frame.picture.size == (240, 320)
    turned = [scene(1).rotate(angle, expand=True) for angle in (90, -90)]
    assert [alike(frame, each) for each in turned] == [False, True]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The video is empty; expected a MP4, WebM, AVI or MOV file. Fetch or save it again."),
        (b"a text named .mp4", "The content is no video; expected a MP4, WebM, AVI or MOV file. Convert it"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "The content is no video"),
        (b"\0\0\0\x18ftypavif" + bytes(99), "The content is no video"),
        (b"\0\0\0\x18ftypmp42" + bytes(99), "The MP4 "),
        (b"\x1a\x45\xdf\xa3" + bytes(99), "The WebM video is damaged"),
        (b"RIFF\0\0\0\0AVI " + bytes(99), "The AVI "),
        (recorded(tone(1.0, 44_100), "mp4", "aac", 44_100), "The MP4 file has sound or nothing, but no pictures."),
        (
            recorded(tone(1.0, 48_000), "webm", "libopus", 48_000),
            "The WebM file has sound or nothing, but no pictures.",
        ),
    ],
)
def test_what_is_no_video_is_an_error_that_says_so(data: bytes, sentence: str) -> None:
    with pytest.raises(VideoError) as caught:
        decode_in_process(data)
    assert str(caught.value).startswith(sentence)


def test_what_would_cost_too_much_is_refused() -> None:
    with pytest.raises(VideoError, match=r"has more than 100 bytes, which is all that is read"):
        decode_in_process(CUTS, limits=replace(CATALOGUE, bytes=100))
    with pytest.raises(VideoError, match=r"has 320 × 240 pixels, at most 70,000 and 8,192 a side are decoded"):
        decode_in_process(CUTS, limits=replace(CATALOGUE, resolution=70_000))
    with pytest.raises(VideoError, match=r"has 1000 × 20 pixels, its sides may differ at most 20 times"):
        decode_in_process(filmed([scene(1, (1_000, 20))]))
    huge = filmed([plain("red", (8_000, 4_000))], "avi")
    with pytest.raises(VideoError, match=r"has 8000 × 4000 pixels"):
        decode_in_process(huge)


def test_a_codec_of_others_is_refused() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="avi") as output:
        stream = output.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        output.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        output.mux(stream.encode(None))
    with pytest.raises(VideoError, match=r"is coded as 'ffv1', which is not read. Save it as H.264"):
        decode_in_process(file.getvalue())


def test_a_file_without_a_single_frame_is_refused() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as output:
        stream = output.add_stream("libvpx", rate=10)
        stream.width = stream.height = 64
        output.start_encoding()
    with pytest.raises(VideoError, match=r"The WebM video (has no pictures in it|is damaged)"):
        decode_in_process(file.getvalue())


def test_only_the_first_minutes_of_a_long_video_are_looked_at() -> None:
    frames = decode_in_process(filmed((scene(number, (64, 64)) for number in range(30)), "mp4", rate=1, gop=1))
    assert frames[-1].second == 29
    slow = filmed((scene(number // 100, (64, 64)) for number in range(1_000)), "mp4", rate=1, gop=10)
    frames = decode_in_process(slow)
    assert LONGEST - 100 < frames[-1].second <= LONGEST
    assert len(frames) == 7


def test_of_a_large_video_with_few_key_frames_less_is_decoded_and_the_same_each_time() -> None:
    with Image.open(HAMMER) as picture:
        film = filmed(turning(picture.convert("RGB"), backgrounds(1)), gop=9_999)
    few = replace(CATALOGUE, forward=20 * SIZE[0] * SIZE[1])
    seconds = [[frame.second for frame in decode_in_process(film, limits=few)] for _ in range(2)]
    assert seconds[0] == seconds[1]
    assert seconds[0][-1] <= 2


@pytest.mark.parametrize("name", ["webm", "avi", "mkv"])
@pytest.mark.parametrize("share", [0.6, 0.9])
def test_a_video_that_breaks_off_is_seen_so_far(name: str, share: float) -> None:
    whole = filmed(cuts(SCENES, 30), name)
    frames = decode_in_process(whole[: round(share * len(whole))])
    assert 2 <= len(frames) <= SCENES
    assert all(alike(frame, scene(number)) for number, frame in enumerate(frames))


@pytest.mark.parametrize("name", FORMATS)
def test_of_a_video_whose_head_is_cut_or_that_lacks_its_table_of_contents_nothing_is_seen(name: str) -> None:
    whole = filmed(cuts(SCENES), name)
    with pytest.raises(VideoError):
        decode_in_process(whole[: len(whole) // 2 if name in ("mp4", "mov") else 200])


def test_noise_inside_of_a_file_never_raises_anything_else_and_takes_no_longer() -> None:
    noise = random.Random(7)
    started = time.monotonic()
    for name in FORMATS:
        whole = filmed(cuts(SCENES), name)
        for _ in range(8):
            broken = bytearray(whole)
            for _ in range(20):
                broken[noise.randrange(12, len(broken))] = noise.randrange(256)
            with contextlib.suppress(VideoError):
                decode_in_process(bytes(broken))
    assert time.monotonic() - started < 60


def test_half_a_minute_of_720p_is_decoded_in_a_moment() -> None:
    """Alone it takes .1 s with key frames, and half a second without; the machine may do other things besides."""
    film = filmed((scene(number // 75, (1_280, 720)) for number in range(750)), gop=50, rate=25, preset="ultrafast")
    started = time.perf_counter()
    assert len(decode_in_process(film)) == 10
    assert time.perf_counter() - started < 5


@given(items=st.lists(st.integers(), max_size=80), most=st.integers(1, 40))
def test_items_are_spread_from_the_first_to_the_last(items: list[int], most: int) -> None:
    kept = spread(items, most)
    assert len(kept) == min(most, len(items))
    assert len(kept) < 2 or (kept[0], kept[-1]) == (items[0], items[-1])


def test_frames_that_look_as_one_before_are_left_out_wherever_they_stand() -> None:
    frames = [Frame(second, scene(seed)) for second, seed in enumerate([1, 2, 1, 1, 3, 2])]
    assert [frame.second for frame in distinct(frames)] == [0, 1, 4]
    assert distinct([]) == []


def test_frames_come_from_the_other_process_as_they_were() -> None:
    frames = [Frame(0.5, scene(1)), Frame(2.0, scene(2, (60, 80)))]
    sent = bytearray(pack(frames))
    assert unpack(sent) == frames
    for broken in (sent[:-1], sent[:10], bytearray(40)):
        with pytest.raises(ValueError, match="did not answer with frames"):
            unpack(broken)


def test_a_decoder_that_takes_too_long_is_ended() -> None:
    film = filmed((scene(number // 25, (1_280, 720)) for number in range(250)), gop=250, rate=25, preset="ultrafast")
    QUERY_WORKERS.decode(CUTS, 448)
    started = time.perf_counter()
    with pytest.raises(UnsafeVideo, match=r"The video was not decoded within 0.0\d* s. Save it again as an ordinary"):
        QUERY_WORKERS.decode(film, 448, 0.01)
    assert time.perf_counter() - started < 2
    assert len(QUERY_WORKERS.decode(CUTS, 448)) == SCENES
    QUERY_WORKERS.close()


def test_what_is_wrong_with_a_video_is_wrong_with_its_pictures() -> None:
    assert issubclass(VideoError, ImageError)
    assert issubclass(UnsafeVideo, VideoError)
