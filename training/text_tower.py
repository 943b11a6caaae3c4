"""Cut multilingual-e5-small to six languages: fewer pieces in its vocabulary, the same vectors for what is left.

Four fifths of its 118 million weights are embeddings of pieces of a hundred languages. Kept are the special pieces, all
of Japanese and Chinese characters, and of the Latin ones the frequent, those without letters, single characters, and
whatever the words of lists need.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from torch import Tensor
from transformers import AutoModel, BertConfig, BertModel, PreTrainedTokenizerFast

from hybridsearch.align.lexicon import lexicon

PROMPT = "query:"
"""What E5 wants before a query, with a space that the text's first piece has; the tokenizer adds it by itself."""
EAST = re.compile(r"[\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]")
LATIN = re.compile(r"[\u0000-\u024f\u2010-\u2122▁]+")
LETTER = re.compile(r"[^\W\d_]")
FREQUENT = (
    45_000  # pieces are in the order of their frequency; of the first ones all Latin ones stay, for names and brands
)
LISTS = ("en", "de", "fr", "es")
WORDS_OF_A_LIST = 60_000


def listed_words(folder: Path) -> list[str]:
    """Return the most usual words of each list of pyspellchecker, as they are and capitalised.

    Args:
        folder: `spellchecker/resources` of the package, with en.json.gz and others: {word: how often}.
    """
    words: list[str] = []
    for language in LISTS:
        counts = json.loads(gzip.decompress((folder / f"{language}.json.gz").read_bytes()))
        usual = sorted(counts, key=lambda word: (-counts[word], word))[:WORDS_OF_A_LIST]
        words += usual + [word.capitalize() for word in usual]
    return words


def lexicon_words() -> list[str]:
    """Return every word and every form of the lexicon, also in lower case."""
    words = [
        text
        for concepts in lexicon().concepts.values()
        for concept in concepts.values()
        for some in concept.words.values()
        for word in some
        for text in (word.text, *word.forms)
    ]
    return words + [word.lower() for word in words]


def kept_pieces(tokenizer: Tokenizer, vocabulary: list[list[Any]], texts: Iterable[str]) -> list[int]:
    """Return the numbers of the pieces that stay, in order."""
    used = {number for encoding in tokenizer.encode_batch(list(texts)) for number in encoding.ids}
    for number, (piece, _) in enumerate(vocabulary):
        latin = LATIN.fullmatch(piece)
        frequent = number < FREQUENT or len(piece.strip("▁")) <= 1 or not LETTER.search(piece)
        if number < 4 or piece == "<mask>" or EAST.search(piece) or (latin and frequent):
            used.add(number)
    return sorted(used)


def cut_tokenizer(source: Path, kept: list[int]) -> PreTrainedTokenizerFast:
    """Return the tokenizer with these pieces alone; it begins every text with the prompt."""
    described = json.loads(source.read_text(encoding="utf-8"))
    vocabulary = described["model"]["vocab"]
    number_of = {vocabulary[old][0]: new for new, old in enumerate(kept)}
    prompt = Tokenizer.from_file(str(source)).encode(PROMPT, add_special_tokens=False).tokens
    described["model"]["vocab"] = [vocabulary[old] for old in kept]
    for token in described["added_tokens"]:
        token["id"] = number_of[token["content"]]
    begin = [{"SpecialToken": {"id": piece, "type_id": 0}} for piece in ("<s>", *prompt)]
    end = [{"SpecialToken": {"id": "</s>", "type_id": 0}}]
    described["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [*begin, {"Sequence": {"id": "A", "type_id": 0}}, *end],
        "pair": [*begin, {"Sequence": {"id": "A", "type_id": 0}}, *end, {"Sequence": {"id": "B", "type_id": 0}}, *end],
        "special_tokens": {
            piece: {"id": piece, "ids": [number_of[piece]], "tokens": [piece]} for piece in ("<s>", *prompt, "</s>")
        },
    }
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=Tokenizer.from_str(json.dumps(described)),
        model_max_length=128,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_input_names=["input_ids", "attention_mask"],
    )


def text_tower(folder: Path, lists: Path, more: Iterable[str]) -> tuple[BertModel, PreTrainedTokenizerFast]:
    """Return multilingual-e5-small with fewer pieces, and its tokenizer.

    Args:
        folder: The model, in the Hugging Face format.
        lists: As `listed_words` takes it.
        more: Further texts whose pieces are to stay.
    """
    whole = Tokenizer.from_file(str(folder / "tokenizer.json"))
    vocabulary = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    kept = kept_pieces(whole, vocabulary, [*listed_words(lists), *lexicon_words(), *more, PROMPT])
    model = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True, add_pooling_layer=False)
    state: dict[str, Tensor] = model.state_dict()
    table = "embeddings.word_embeddings.weight"
    state[table] = state[table][kept]
    config = BertConfig(**{**model.config.to_dict(), "vocab_size": len(kept)})
    cut = BertModel(config, add_pooling_layer=False)
    cut.load_state_dict(state)
    cut.train(False)
    return cut, cut_tokenizer(folder / "tokenizer.json", kept)
