"""The encoder's pruned vocabulary: a rule that looks at no label file, so that no fold leaks.

WordPiece ids run from frequent to rare. Kept are the special tokens, every single character of the
scripts that our users write, and the most frequent tokens; a word that is left out is spelled from
pieces.
"""

from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

MOST_FREQUENT = 14_000
"""Ids below this are kept; 30,522 are there."""

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_LAST_LATIN = 0x24F


def kept_ids(vocabulary: Path) -> list[int]:
    """The ids that stay, in order; `[PAD]` is the first of them."""
    tokens = vocabulary.read_text(encoding="utf-8").split("\n")
    if tokens and not tokens[-1]:
        tokens.pop()
    return [at for at, token in enumerate(tokens) if _stays(at, token)]


def pruned_tokenizer(vocabulary: Path, kept: list[int]) -> Tokenizer:
    """The uncased WordPiece tokenizer over the kept tokens."""
    tokens = vocabulary.read_text(encoding="utf-8").split("\n")
    ids = {tokens[old]: new for new, old in enumerate(kept)}
    unknown = "[UNK]"
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token=unknown, max_input_chars_per_word=40))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"])
    )
    return tokenizer


def _stays(at: int, token: str) -> bool:
    if token in _SPECIAL:
        return True
    if token.startswith("[unused"):
        return False
    piece = token.removeprefix("##")
    if all(ord(char) <= _LAST_LATIN for char in piece):
        return at < MOST_FREQUENT or len(piece) <= 2
    return False
