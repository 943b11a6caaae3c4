"""Transformers in NumPy: BERT, RoBERTa and DistilBERT. A text at a time: nothing is padded, and nothing masked.

Source: Devlin et al., "BERT" (2018), and Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hybridsearch.encoders.models.blocks import NIBBLES, SCALES, lengthen

Rows = NDArray[np.float32]
WORD_EMBEDDINGS = "embeddings.word_embeddings.weight"


class Names(NamedTuple):
    """What the weights of a layer are called."""

    layer: str
    query: str
    key: str
    value: str
    attended: str
    attended_norm: str
    widen: str
    narrow: str
    norm: str


BERT = Names(
    "encoder.layer.{}.",
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "attention.output.LayerNorm",
    "intermediate.dense",
    "output.dense",
    "output.LayerNorm",
)
DISTILBERT = Names(
    "transformer.layer.{}.",
    "attention.q_lin",
    "attention.k_lin",
    "attention.v_lin",
    "attention.out_lin",
    "sa_layer_norm",
    "ffn.lin1",
    "ffn.lin2",
    "output_layer_norm",
)
KINDS = {"bert": BERT, "roberta": BERT, "xlm-roberta": BERT, "distilbert": DISTILBERT}
"""By `model_type`."""


class UnknownKind(Exception):  # noqa: N818 - no error: torch does it then
    """A model is of a kind, or has a setting, that is not known here."""


class Weights:
    """The tensors of a folder, read when they are asked for; those of words a row at a time."""

    def __init__(self, folder: Path) -> None:
        from safetensors import safe_open

        files: list[Any] = [safe_open(path, "np") for path in sorted(folder.glob("*.safetensors"))]
        self._files = {name: file for file in files for name in file.keys()}  # noqa: SIM118

    def before(self, ending: str) -> str:
        """Return what stands before an ending in the name of a tensor."""
        names: list[str] = [name.removesuffix(NIBBLES) for name in self._files]
        found = [name for name in names if name.endswith(ending)]
        if len(found) != 1:
            raise UnknownKind(f"{len(found)} tensors are called {ending}")
        return found[0].removesuffix(ending)

    def __getitem__(self, name: str) -> Rows:
        if name not in self._files:
            return lengthen(*(self._files[name + part].get_tensor(name + part) for part in (NIBBLES, SCALES)))
        return np.asarray(self._files[name].get_tensor(name), np.float32)

    def get(self, name: str) -> Rows | None:
        """Return a tensor, if there is one of this name."""
        return self[name] if name in self._files or name + NIBBLES in self._files else None

    def table(self, name: str, count: int) -> Callable[[Sequence[int]], Rows]:
        """Return what looks up rows of a large tensor, of which there are so many; of the file only these are read."""
        if name not in self._files:
            whole = self[name]
            return lambda numbers: whole[list(numbers)]
        rows = self._files[name].get_slice(name)
        if rows.get_shape()[0] != count:
            raise UnknownKind(f"{count} words")
        return lambda numbers: np.concatenate([rows[number : number + 1] for number in numbers]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights, (outputs, inputs), and perhaps what is added."""

    weight: Rows
    bias: Rows | None

    def __call__(self, rows: Rows) -> Rows:
        """Return (n, outputs) for (n, inputs)."""
        product: Rows = rows @ self.weight.T
        return product if self.bias is None else product + self.bias


@dataclass(frozen=True, slots=True)
class Norm:
    """Brings each row to mean 0 and variance 1, then scales and shifts it."""

    weight: Rows
    bias: Rows
    epsilon: float

    def __call__(self, rows: Rows) -> Rows:
        """Return rows of the same shape."""
        centred = rows - rows.mean(axis=-1, keepdims=True)
        variance = np.square(centred).mean(axis=-1, keepdims=True)
        scaled: Rows = centred / np.sqrt(variance + np.float32(self.epsilon)) * self.weight + self.bias
        return scaled


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a transformer that normalises what it has added."""

    heads: int
    query: Linear
    key: Linear
    value: Linear
    attended: Linear
    attended_norm: Norm
    widen: Linear
    narrow: Linear
    norm: Norm

    def __call__(self, tokens: Rows) -> Rows:
        """Return (tokens, width) for the same."""
        tokens = self.attended_norm(tokens + self.attended(self._mixed(tokens)))
        return self.norm(tokens + self.narrow(gelu(self.widen(tokens))))

    def _mixed(self, tokens: Rows) -> Rows:
        """Return what each token sees of all."""
        shape = len(tokens), self.heads, -1
        query, key, value = (part(tokens).reshape(shape).swapaxes(0, 1) for part in (self.query, self.key, self.value))
        logits = query @ key.swapaxes(1, 2) / np.float32(np.sqrt(query.shape[2]))
        weights = np.exp(logits - logits.max(axis=2, keepdims=True))
        weights /= weights.sum(axis=2, keepdims=True)
        mixed: Rows = (weights @ value).swapaxes(0, 1).reshape(len(tokens), -1)
        return mixed


class Transformer:
    """Tokens of a text in, one row each out."""

    def __init__(self, weights: Weights, config: dict[str, Any]) -> None:
        names = KINDS.get(config.get("model_type", ""))
        usual = config.get("position_embedding_type", "absolute") == "absolute"
        if not names or not usual or config.get("hidden_act", config.get("activation", "gelu")) != "gelu":
            raise UnknownKind(f"a {config.get('model_type')} of this kind")
        self._epsilon = float(config.get("layer_norm_eps", 1e-12))
        self._weights, self._start = weights, weights.before(WORD_EMBEDDINGS)
        self._words = weights.table(self._start + WORD_EMBEDDINGS, int(config["vocab_size"]))
        self._padding = int(config["pad_token_id"]) if config["model_type"].endswith("roberta") else None
        self._places = self._named("embeddings.position_embeddings.weight")
        kinds = weights.get(self._start + "embeddings.token_type_embeddings.weight")
        if kinds is not None:  # a text that is asked for is of the first kind throughout
            self._places = self._places + kinds[0]
        self._norm = self._a_norm("embeddings.LayerNorm")
        heads = config.get("num_attention_heads", config.get("n_heads"))
        count = config.get("num_hidden_layers", config.get("n_layers"))
        self._layers = [self._layer(names, number, int(str(heads))) for number in range(int(str(count)))]
        del self._weights

    @property
    def longest(self) -> int:
        """Tokens that a text may have."""
        return len(self._places) - (0 if self._padding is None else self._padding + 1)

    def __call__(self, numbers: Sequence[int]) -> Rows:
        """Return one row for each token, (tokens, width)."""
        tokens = self._norm(self._words(numbers) + self._places[self._placed(np.array(numbers))])
        for layer in self._layers:
            tokens = layer(tokens)
        return tokens

    def _placed(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the place of each token; a RoBERTa counts from behind the number of its padding, and not that."""
        if self._padding is None:
            return np.arange(len(numbers))
        counted = (numbers != self._padding).astype(np.int64)
        return np.asarray(np.cumsum(counted) * counted + self._padding)

    def _named(self, name: str) -> Rows:
        return self._weights[self._start + name]

    def _a_linear(self, name: str) -> Linear:
        return Linear(self._named(f"{name}.weight"), self._named(f"{name}.bias"))

    def _a_norm(self, name: str) -> Norm:
        return Norm(self._named(f"{name}.weight"), self._named(f"{name}.bias"), self._epsilon)

    def _layer(self, names: Names, number: int, heads: int) -> Layer:
        called = [names.layer.format(number) + name for name in names[1:]]
        parts = (self._a_norm(name) if name.endswith(("norm", "Norm")) else self._a_linear(name) for name in called)
        return Layer(heads, *parts)  # type: ignore[arg-type]


def gelu(values: Rows) -> Rows:
    """Return each value times the share of a normal distribution that lies below it, to 1e-6."""
    root = np.float32(np.sqrt(0.5))
    return values * (np.float32(0.5) + np.float32(0.5) * erf(values * root))


def erf(values: Rows) -> Rows:
    """Return the error function, to 5e-7.

    Source: Abramowitz and Stegun, "Handbook of Mathematical Functions" (1964), 7.1.26.
    """
    size = np.abs(values)
    near = np.float32(1) / (np.float32(1) + np.float32(0.3275911) * size)
    rest = np.full_like(size, 1.061405429)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        rest = np.asarray(rest * near + np.float32(factor), np.float32)
    return np.asarray(np.copysign(1 - rest * near * np.exp(-size * size), values), np.float32)
