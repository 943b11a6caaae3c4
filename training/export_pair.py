"""Write a trained pair as the folder that `hybridsearch.encoders` loads."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn
from transformers import BertModel, CLIPImageProcessorPil, EfficientNetModel, PreTrainedTokenizerFast

from hybridsearch.encoders.models.blocks import BLOCK, NIBBLES, SCALES, Array, shorten
from hybridsearch.encoders.models.pair_model import Pair, PairConfig
from training.features import SIDE, Directions

LOCKED = ("text_model.", "vision_model.backbone.")

if TYPE_CHECKING:
    from training.train_pair import Joint


@torch.no_grad()
def assemble(joint: Joint, chosen: Directions, backbone: EfficientNetModel, bert: BertModel) -> Pair:
    """Put the towers and what was trained between them into one model that reads pixels and tokens."""
    config = PairConfig(
        bert.config.to_dict(),
        backbone.config.to_dict(),
        projection_dim=len(joint.text.weight),
        colours=joint.colours.count,
        places=joint.colours.attention.out_features,
        hidden=joint.projection.widen.out_features,
    )
    pair = Pair(config)
    pair.text_model.bert.load_state_dict(bert.state_dict())
    pair.vision_model.backbone.load_state_dict(backbone.state_dict())
    pair.vision_model.colours.palette.load_state_dict(joint.colours.palette.state_dict())
    attention = pair.vision_model.colours.attention
    attention.weight.copy_(joint.colours.attention.weight @ chosen.matrix.T)
    attention.bias.copy_(joint.colours.attention.bias - attention.weight @ chosen.mean)
    pair.visual_projection.load_state_dict(joint.projection.state_dict())
    for layer in (pair.visual_projection.straight, pair.visual_projection.widen):
        unscale(layer, joint.mean, joint.spread)
    pair.text_projection.load_state_dict(joint.text.state_dict())
    pair.logit_scale.copy_(joint.scale)
    pair.train(False)
    return pair


def unscale(layer: nn.Linear, mean: Tensor, spread: Tensor) -> None:
    """Let a layer take features as they come, of which the first were centred and scaled when it was trained."""
    first = layer.weight[:, : len(mean)]
    first /= spread
    layer.bias.sub_(first @ mean)


def stored(pair: Pair) -> dict[str, Array]:
    """Return the tensors of the file: four bits for the text tower, 16 for what has several axes, else 32."""
    tensors: dict[str, Array] = {}
    for name, tensor in pair.state_dict().items():
        array = tensor.contiguous().numpy()
        blocky = array.ndim == 2 and array.shape[1] % BLOCK == 0 and "position" not in name and "type" not in name
        if blocky and name.startswith("text_model."):
            tensors[name + NIBBLES], tensors[name + SCALES] = shorten(array)
        else:
            tensors[name] = array.astype(np.float16) if array.ndim > 1 else array
    return tensors


def export(
    joint: Joint,
    chosen: Directions,
    backbone: EfficientNetModel,
    bert: BertModel,
    tokenizer: PreTrainedTokenizerFast,
    folder: Path,
) -> None:
    """Write the folder beside the old one and swap it in at the end, keeping what was written by hand."""
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    pair = assemble(joint, chosen, backbone, bert)
    tensors = stored(pair)
    locked = {name for name in tensors if name.startswith(LOCKED)}
    for file, names in (("towers", locked), ("model", tensors.keys() - locked)):
        # Training again changes the small file alone.
        save_file({name: tensors[name] for name in sorted(names)}, fresh / f"{file}.safetensors", {"format": "pt"})
        (fresh / f"{file}.safetensors").chmod(0o644)  # safetensors writes it for the owner alone
    pair.config.save_pretrained(fresh)
    tokenizer.save_pretrained(fresh)
    described = json.loads((fresh / "tokenizer.json").read_text(encoding="utf-8"))
    compact = json.dumps(described, ensure_ascii=False, separators=(",", ":"))
    (fresh / "tokenizer.json").write_text(compact, encoding="utf-8")
    edges = {"height": SIDE, "width": SIDE}
    CLIPImageProcessorPil(
        size=edges, crop_size=edges, do_center_crop=False, image_mean=[0.5] * 3, image_std=[0.5] * 3
    ).save_pretrained(fresh)
    for kept in (*folder.glob("*.md"), *folder.glob("LICENSE*")):
        shutil.copy(kept, fresh)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
