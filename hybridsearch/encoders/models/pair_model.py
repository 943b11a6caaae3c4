"""A text tower and a picture tower that were trained apart, and what brings both into one space.

The texts go through a BERT whose tokens are averaged, the pictures through an EfficientNet and beside it a small
network that sees colours alone, of which a classifier's late features say little. `AutoModel` of transformers loads it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.numpy import load_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    AutoConfig,
    AutoModel,
    BertConfig,
    BertModel,
    EfficientNetConfig,
    EfficientNetModel,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.modeling_outputs import BaseModelOutputWithPooling

from hybridsearch.encoders.models.blocks import expanded

PAIR = "hybridsearch-pair"
"""The `model_type`."""
CELL = 8
"""Edge of the squares, in pixels, whose mean colours are looked at."""


class PairConfig(PreTrainedConfig):  # type: ignore[no-untyped-call]
    """Settings of both towers and of what joins them.

    Attributes:
        text_config: Of the BERT, as transformers names its settings.
        vision_config: Of the EfficientNet.
        projection_dim: Length of the vectors.
        colours: How many numbers the colour network gives for each place of attention.
        places: How many weightings of the picture it looks with: the product, what is around it.
        hidden: Width of the layer between pictures' features and their vectors.
    """

    model_type = PAIR

    def __init__(
        self,
        text_config: dict[str, Any] | None = None,
        vision_config: dict[str, Any] | None = None,
        projection_dim: int = 256,
        colours: int = 64,
        places: int = 2,
        hidden: int = 512,
        **others: Any,
    ) -> None:
        self.text_config = BertConfig(**(text_config or {}))
        self.vision_config = EfficientNetConfig(**(vision_config or {}))
        self.projection_dim, self.colours, self.places, self.hidden = projection_dim, colours, places, hidden
        super().__init__(**others)

    def to_dict(self) -> dict[str, Any]:
        """Return what `config.json` holds."""
        towers = {"text_config": self.text_config.to_dict(), "vision_config": self.vision_config.to_dict()}
        return super().to_dict() | towers


class Colours(nn.Module):
    """Says which colours a picture has, and where: on what the features attend to."""

    def __init__(self, features: int, colours: int, places: int) -> None:
        super().__init__()
        self.count = colours
        self.attention = nn.Linear(features, places)
        self.palette = nn.Sequential(nn.Linear(3, colours), nn.GELU(), nn.Linear(colours, colours), nn.ReLU())

    def forward(self, fractions: Tensor, features: Tensor) -> Tensor:
        """Weigh colours by place.

        Args:
            fractions: Mean colours of the cells, (n, 3, rows, columns) in 0..1.
            features: Of coarser cells, (n, channels, fewer rows, fewer columns).

        Returns:
            Shape (n, places x colours).
        """
        logits = self.attention(features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        size = fractions.shape[-2:]
        weights = functional.interpolate(logits, size=size, mode="bilinear").flatten(2).softmax(dim=2)
        seen = self.palette(fractions.flatten(2).transpose(1, 2) * 2 - 1)
        weighed: Tensor = weights @ seen
        return weighed.flatten(1)


class Pictures(nn.Module):
    """The picture tower: pooled features of an EfficientNet, and colours."""

    def __init__(self, config: PairConfig) -> None:
        super().__init__()
        width = config.vision_config.hidden_dim
        self.backbone = EfficientNetModel(config.vision_config)
        self.colours = Colours(width, config.colours, config.places)

    def forward(self, pixel_values: Tensor) -> BaseModelOutputWithPooling:
        """Read pictures in -1..1, shape (n, 3, edge, edge), as one row of features and colours each."""
        features = self.backbone(pixel_values).last_hidden_state
        fractions = functional.avg_pool2d((pixel_values + 1) / 2, CELL)
        rows = torch.cat([features.mean(dim=(2, 3)), self.colours(fractions, features)], dim=1)
        return BaseModelOutputWithPooling(last_hidden_state=features, pooler_output=rows)


class Texts(nn.Module):
    """The text tower: a BERT, its tokens averaged."""

    def __init__(self, config: PairConfig) -> None:
        super().__init__()
        self.bert = BertModel(config.text_config, add_pooling_layer=False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, **_: Tensor) -> BaseModelOutputWithPooling:
        """Read texts as one row each, of unit length."""
        tokens = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(2).to(tokens.dtype)
        rows = functional.normalize((tokens * mask).sum(dim=1), dim=1)
        return BaseModelOutputWithPooling(last_hidden_state=tokens, pooler_output=rows)


class Projection(nn.Module):
    """From features of a picture to the common space: a straight way, and one over a hidden layer."""

    def __init__(self, width: int, hidden: int, dims: int) -> None:
        super().__init__()
        self.straight = nn.Linear(width, dims)
        self.widen, self.narrow = nn.Linear(width, hidden), nn.Linear(hidden, dims)

    def forward(self, rows: Tensor) -> Tensor:
        """Project (n, width) to (n, dims)."""
        projected: Tensor = self.straight(rows) + self.narrow(functional.gelu(self.widen(rows)))
        return projected


class Pair(PreTrainedModel):  # type: ignore[no-untyped-call]
    """Both towers and their projections, with the names that a CLIP of transformers has."""

    config_class = PairConfig
    base_model_prefix = "pair"

    def __init__(self, config: PairConfig) -> None:
        super().__init__(config)
        width = config.vision_config.hidden_dim + config.places * config.colours
        self.text_model = Texts(config)
        self.vision_model = Pictures(config)
        self.text_projection = nn.Linear(config.text_config.hidden_size, config.projection_dim)
        self.visual_projection = Projection(width, config.hidden, config.projection_dim)
        self.logit_scale = nn.Parameter(torch.tensor(2.7))
        self.post_init()  # type: ignore[no-untyped-call]

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls, folder: str | Path, *, output_loading_info: bool = False, **options: Any
    ) -> Any:
        """Load a folder; weights in blocks of four bits are expanded.

        Raises:
            OSError, ValueError, RuntimeError: A file is damaged, or lacks some of the weights.
        """
        model = cls(options.get("config") or PairConfig.from_pretrained(folder))
        state: dict[str, Tensor] = {}
        for file in sorted(Path(folder).glob("*.safetensors")):  # the towers, and what lies between them
            state |= {name: torch.from_numpy(tensor) for name, tensor in expanded(load_file(file)).items()}
        model.load_state_dict(state)
        model.to(options.get("dtype", torch.float32)).eval()
        return (model, {"missing_keys": set()}) if output_loading_info else model

    def get_text_features(self, input_ids: Tensor, attention_mask: Tensor, **_: Tensor) -> BaseModelOutputWithPooling:
        """Return texts in the common space, as `pooler_output`."""
        output = self.text_model(input_ids, attention_mask)
        return BaseModelOutputWithPooling(pooler_output=self.text_projection(output.pooler_output))

    def get_image_features(self, pixel_values: Tensor) -> BaseModelOutputWithPooling:
        """Return pictures in the common space, as `pooler_output`."""
        return BaseModelOutputWithPooling(
            pooler_output=self.visual_projection(self.vision_model(pixel_values).pooler_output)
        )


AutoConfig.register(PAIR, PairConfig)
AutoModel.register(PairConfig, Pair)
