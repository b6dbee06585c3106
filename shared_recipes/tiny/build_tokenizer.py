"""Make the tokenizer that all embedded bases share: shared_recipes/tiny/architecture/tokenizer.json.

    .venv/bin/python shared_recipes/tiny/build_tokenizer.py

Byte-level BPE of 2,048 tokens, trained on the word frequencies of six languages (wordfreq) and a few lines of markup.
The pre-tokenizer is Qwen2's, which llama.cpp and vLLM know; it makes every digit a token. No line of the training
corpus has two capitals side by side, so no merge ever joins two: in `ATG` or `MKP` every letter is a token of its own.
It does not touch a base that is already trained: those carry their own copy.
"""

from collections.abc import Iterator
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from wordfreq import get_frequency_dict

VOCABULARY = 2048
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MARKERS = ["<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"]
# Shares of the corpus: the courses' projects are mostly English and German.
LANGUAGES = {"en": 0.45, "de": 0.25, "fr": 0.09, "es": 0.09, "tr": 0.06, "ar": 0.06}
WORDS = 2_000_000
MARKUP = [
    '{"name": "a", "value": 1, "list": [{"type": "b"}, true, false, null]}',
    "    if (a == b) {\n        return c;\n    }\n",
    "```python\ndef a(b, c):\n    return b\n```\n",
    "- a: b\n- c: d\n\n1. a\n2. b\n",
    "| a | b |\n| --- | --- |\n| 1 | 2 |\n",
    '<a b="c">d</a>\n<e/>\n',
    "a;b;c\n1;2;3\n2026-01-02T03:04:05Z\n",
    "a -> b => c != d >= e <= f += g && h || i; // j \"k\": 'l', (m) [n] {o}\n",
]
# From the release of Qwen2; llama.cpp calls it "qwen2".
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def corpus() -> Iterator[str]:
    """Yield the training lines: each word as often as its language uses it, small, capitalised and without a space."""
    for language, share in LANGUAGES.items():
        for word, frequency in get_frequency_dict(language, wordlist="best").items():
            count = round(frequency * share * WORDS)
            if count == 0 or not word.isalpha():
                continue
            yield f" {word}" * count
            yield f" {word.capitalize()}" * (count // 4)
            # Words that open a line have no space before them.
            yield from [word, word.capitalize()] * (count // 10)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    yield from [" ".join(["", *letters, ""])] * (WORDS // 500)
    yield from [line for line in MARKUP for _ in range(WORDS // 2000)]


def build() -> Tokenizer:
    """Return the trained tokenizer."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(MARKERS),
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus(), trainer)
    tokenizer.add_tokens([AddedToken(marker, normalized=False, special=False) for marker in MARKERS])
    return tokenizer


if __name__ == "__main__":
    target = Path(__file__).parent / "architecture" / "tokenizer.json"
    build().save(str(target))
    print(f"wrote {target}")
