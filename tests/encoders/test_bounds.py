"""A configuration with numbers that no model has is refused before anything is built from them."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import hybridsearch
from hybridsearch.encoders.models.bounds import require_possible
from hybridsearch.encoders.models.folder import open_model
from hybridsearch.errors import EncoderError

STARTER = Path(hybridsearch.__file__).parent / "models" / "starter"


@pytest.mark.parametrize(
    ("tower", "key", "value"),
    [
        ("vision_config", "depths", [2, 10**9, 2, 2]),
        ("text_config", "num_hidden_layers", 10**9),
        ("text_config", "num_hidden_layers", 10**300),
        ("text_config", "max_position_embeddings", 10**9),
    ],
    ids=["depths", "layers", "300 digits", "positions"],
)
def test_a_number_that_no_model_has_is_an_encoder_error(tmp_path: Path, tower: str, key: str, value: Any) -> None:
    """Attack: a number of layers that never ends."""
    folder = tmp_path / "model"
    shutil.copytree(STARTER, folder)
    file = folder / "config.json"
    config = json.loads(file.read_text())
    config[tower][key] = value
    file.write_text(json.dumps(config))
    with pytest.raises(EncoderError, match=f"'{key}' is "):
        open_model(folder)


@pytest.mark.parametrize(
    "config",
    [
        {"vocab_size": 262_208, "max_position_embeddings": 10_485_760, "rope_theta": 50_000_000},
        {"num_hidden_layers": 128, "num_experts": 512, "moe_shared_expert_intermediate_size": 16_384},
        {"text_config": {"eos_token_id": [1, 106]}, "image_size": 512, "layer_norm_eps": 1e-12, "use_cache": True},
    ],
)
def test_what_models_have_is_possible(config: dict[str, Any]) -> None:
    require_possible(config)
