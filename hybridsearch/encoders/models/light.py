"""Text towers without torch, which takes seconds and half a gigabyte to load: the vector of a query, in NumPy.

The same vectors as `towers` to 1e-5, for models that are a BERT, a RoBERTa or a DistilBERT inside, as most sentence
encoders and the starter are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hybridsearch.encoders.models.folder import Model, Module, read_modules
from hybridsearch.encoders.models.transformer import Linear, Rows, Transformer, UnknownKind, Weights
from hybridsearch.errors import EncoderError
from hybridsearch.inputs.json_text import read_json

Step = Callable[[Rows], Rows]
POOLED: dict[str, Step] = {
    "cls": lambda tokens: tokens[0],
    "max": lambda tokens: tokens.max(axis=0),
    "mean": lambda tokens: tokens.mean(axis=0),
}
MODES = {"cls": "pooling_mode_cls_token", "max": "pooling_mode_max_tokens", "mean": "pooling_mode_mean_tokens"}
"""In the old spelling."""
ACTIVATIONS: dict[str, Step] = {"Tanh": np.tanh, "Identity": lambda row: row}


class LightTexts:
    """The text tower of a model."""

    def __init__(self, tokenizer: Any, transformer: Transformer, steps: Sequence[Step], longest: int) -> None:
        tokenizer.no_padding()
        tokenizer.enable_truncation(longest)
        self._tokenizer, self._transformer, self._steps = tokenizer, transformer, steps

    def texts(self, batch: Sequence[str], prompt: str = "") -> Rows:
        """Return one row for each text behind the prompt, of any length; what is too long for the model is cut."""
        return np.stack([self._row(prompt + text) for text in batch])

    def _row(self, text: str) -> Rows:
        row = self._transformer(self._tokenizer.encode(text).ids)
        for step in self._steps:
            row = step(row)
        return row


def open_light(model: Model) -> LightTexts | None:
    """Return the text tower of a model; None where it is of a kind that is not known here, or is damaged.

    What is damaged is told by torch, which then reads it.
    """
    try:
        return read_light(model)
    except (UnknownKind, ImportError, OSError, ValueError, LookupError, TypeError, EncoderError):
        return None
    except Exception as error:
        if type(error).__name__ == "SafetensorError" or type(error) is Exception:  # so tokenizers raise
            return None
        raise


def read_light(model: Model) -> LightTexts:
    """Return what `open_light` does; damage shows as whatever the parsers raise."""
    from tokenizers import Tokenizer

    modules = read_modules(model.path)
    folder = modules[0].path
    config = modules[0].config
    weights = Weights(folder)
    written = read_json(folder / "tokenizer_config.json", plain=False)
    longest = int(min(written.get("model_max_length", 10**9), 10**9))
    if model.reads_pictures:
        transformer = Transformer(weights, {"model_type": "bert", **config["text_config"]})
        steps = projected(weights, config)
    else:
        given = read_json(folder / "sentence_bert_config.json", plain=False)
        if given.get("do_lower_case"):
            raise UnknownKind("texts in lower case")
        longest = int(given.get("max_seq_length") or longest)
        transformer = Transformer(weights, config)
        steps = [step for module in modules[1:] for step in step_of(module)]
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    light = LightTexts(tokenizer, transformer, steps, min(longest, transformer.longest))
    if light.texts(["a"]).shape != (1, model.dims):
        raise UnknownKind("vectors of another length")
    return light


def projected(weights: Weights, config: dict[str, Any]) -> list[Step]:
    """Return what a pair of towers does with the tokens of its BERT.

    Raises:
        UnknownKind: It is a CLIP of another kind.
    """
    projection = Linear(weights["text_projection.weight"], weights.get("text_projection.bias"))
    if config["model_type"] == "hybridsearch-pair":
        return [POOLED["mean"], normalised, projection]
    if config["model_type"] != "vision-text-dual-encoder":
        raise UnknownKind(f"a {config['model_type']}")
    pooler = Linear(weights["text_model.pooler.dense.weight"], weights["text_model.pooler.dense.bias"])
    return [POOLED["cls"], pooler, np.tanh, projection]


def step_of(module: Module) -> list[Step]:
    """Return what one step of a sentence encoder does behind its transformer.

    Raises:
        UnknownKind: It is of another kind, or does more than is known here.
    """
    config = module.config
    if module.kind == "Normalize":
        return [normalised]
    if module.kind == "Pooling" and config.get("include_prompt", True):
        modes = config.get("pooling_mode") or [mode for mode, old in MODES.items() if config.get(old)]
        mode = modes if isinstance(modes, str) else modes[0] if len(modes) == 1 else ""
        others = [key for key, value in config.items() if key.startswith("pooling_mode_") and value is True]
        if mode in POOLED and not set(others) - {MODES[mode]}:
            return [POOLED[mode]]
    activation = str(config.get("activation_function", "")).rpartition(".")[2]
    if module.kind == "Dense" and activation in ACTIVATIONS:
        weights = Weights(module.path)
        return [Linear(weights["linear.weight"], weights.get("linear.bias")), ACTIVATIONS[activation]]
    raise UnknownKind(f"a {module.kind} of this kind")


def normalised(row: Rows) -> Rows:
    """Return a row of length 1; one of zeros stays."""
    return np.asarray(row / max(float(np.linalg.norm(row)), 1e-12), np.float32)
