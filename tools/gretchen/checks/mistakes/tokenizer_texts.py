"""What a tokenizer does to a text, by its effect: a text must come back from its tokens, without padding or an end.

    tokenizer_mistakes(Path("projects/genome-chatbot/base"))      -> problems

It loads the library tokenizers, not transformers.
"""

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from gretchen import paths
from gretchen.checks.mistakes.problems import Problem, error
from gretchen.models.files import read_json, stop_tokens, token_ids, token_text

TEXT = 'Größe: 12.5 % (x = 3), "ACGT acgt" – naïve?\nZweite Zeile; 2nd line!'
SHORT, MAX_TOKENS = "Hello", 16
SHOWN = 16


def tokenizer_mistakes(folder: Path) -> Iterator[Problem]:
    """Report a tokenizer that changes texts, pads them, or ends each of them."""
    from tokenizers import Tokenizer

    file = folder / "tokenizer.json"
    if not file.is_file():
        return
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception:  # a damaged file, which the check of the model reports
        return
    name = paths.shown(file)
    ids = tokenizer.encode(SHORT, add_special_tokens=True).ids
    if len(ids) > MAX_TOKENS:
        yield error(f"{name}: 'padding' makes {len(ids)} tokens of one word: set it to null, trainers pad batches")
        return
    stops = {token_ids(folder).get(token) for token in stop_tokens(folder, eos_of(folder))}
    if ids and ids[-1] in stops:
        yield error(
            f"{name}: 'post_processor' ends every text with EOS, a question too, and nothing is answered behind it: "
            "the chat template writes EOS"
        )
    yield from changed(name, tokenizer.decode(tokenizer.encode(TEXT, add_special_tokens=False).ids, False))


def eos_of(folder: Path) -> str | None:
    """Return the EOS token of a model's folder."""
    return token_text(read_json(folder / "tokenizer_config.json").get("eos_token"))


def changed(name: str, text: str) -> Iterator[Problem]:
    """Report a text that does not come back as it was, but for white space."""
    before, after = ("".join(words.split()) for words in (TEXT, text))
    if before == after:
        return
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    start = max(0, same - 4)
    yield error(
        f"{name}: the tokenizer changes texts: '{before[start : start + SHOWN]}' comes back as "
        f"'{after[start : start + SHOWN]}': look at 'normalizer', 'pre_tokenizer' and 'decoder'"
    )
