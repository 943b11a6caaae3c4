"""Train the starter's tokenizer: a WordPiece vocabulary that covers Latin, kana and Han shop words."""

from __future__ import annotations

import random
import string

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from hybridsearch.align.lexicon import LANGUAGES, lexicon
from training.material import Material

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
VOCABULARY = 4000
KANA = "".join(chr(code) for code in (*range(0x3041, 0x3097), *range(0x30A1, 0x30FB), 0x30FC))


def train_tokenizer(stock: Material, seed: int, phrases: int = 60_000) -> PreTrainedTokenizerFast:
    """Learn the vocabulary from lexicon phrases; words that are held out of training are not among them."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=60))
    # Accents stay: stripping them the way BERT does would also turn the Japanese が into か.
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.BertNormalizer(strip_accents=False, lowercase=True)]
    )
    # 赤いワンピース has no spaces: a run of katakana is nearly always one word, so cut there.
    katakana = pre_tokenizers.Split(Regex("[\u30a1-\u30fa\u30fc]+"), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.BertPreTokenizer(), katakana])
    alphabet = [*string.ascii_lowercase, *string.digits, *KANA]
    trainer = trainers.WordPieceTrainer(
        vocab_size=VOCABULARY, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    rng = random.Random(seed)
    rows = (rng.randrange(len(stock.pixels)) for _ in range(phrases))
    tokenizer.train_from_iterator((_written(stock, row, rng) for row in rows), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")],
    )
    tokenizer.decoder = decoders.WordPiece()
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), SPECIAL, strict=True))
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, model_max_length=32, model_input_names=["input_ids", "attention_mask"], **names
    )


def _written(stock: Material, row: int, rng: random.Random) -> str:
    """Write a phrase about a picture, one time in ten some nonsense, so that every letter sequence has pieces."""
    if rng.random() < 0.1:
        return lexicon().nonsense(rng)
    return stock.subject(row, rng)(rng.choice(LANGUAGES), rng)[0]
