"""The tokenizer of a standalone recipe: another one than the model's, or with the chat template of the handbook.

    write_tokenizer(recipe, values, run_dir)       -> run_dir/tokenizer/, where the engine looks for it first

Where neither recipe nor tokenizer had a chat template, the handbook set one: its own until 2025 (recipes with
`dataset_mixer`), ChatML since. For ChatML it made <|im_start|> and <|im_end|> tokens of their own, of which the latter
ends an answer; the engine adds their embeddings to the model.
"""

from pathlib import Path
from typing import Any

from gretchen.errors import UserError
from gretchen.models.locate import loadable
from gretchen.recipes.edits import Translation
from gretchen.recipes.layers import Values
from gretchen.recipes.schema import MODEL
from gretchen.recipes.standalone import StandaloneRecipe

# <|user|>, the message, EOS; as the handbook's own default renders it.
HANDBOOK = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message['content'] + eos_token + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
START, END = "<|im_start|>", "<|im_end|>"
# The stages in which the handbook made tokens of these; its DPO started from a model that has them.
WITH_NEW_TOKENS = ("sft", "orpo")


def write_tokenizer(recipe: StandaloneRecipe, values: Values, run_dir: Path) -> list[str]:
    """Write the tokenizer into a run's folder where it is not the model's own, and return a line on each difference.

    The rows must be mixed. Raises UserError where the tokenizer does not load.
    """
    translation = recipe.translation
    template = None if "chat_template_path" in values else translation.template
    is_chat = translation.mixture is not None and has_conversations(run_dir / "data")
    if not (translation.tokenizer or template or is_chat):
        return []
    tokenizer = load_tokenizer(translation.tokenizer or str(values[MODEL["zephyr"]]))
    notes = []
    if translation.template is not None:
        tokenizer.chat_template = translation.template
    elif is_chat and tokenizer.chat_template is None:
        tokenizer.chat_template = default_template(translation)
        name = "ChatML" if tokenizer.chat_template == CHATML else "<|user|>, message, EOS"
        notes.append(f"neither recipe nor tokenizer has a chat template: the handbook's default, {name}")
    if is_chat and recipe.stage in WITH_NEW_TOKENS and add_chat_tokens(tokenizer):
        notes.append(f"{START} and {END} are new tokens, and {END} is the EOS token, as in the handbook")
    if translation.tokenizer or template or notes:
        tokenizer.save_pretrained(run_dir / "tokenizer")
    return notes


def default_template(translation: Translation) -> str:
    """Return the template that the handbook set in the time of a recipe."""
    return HANDBOOK if "dataset_mixer" in translation.original else CHATML


def add_chat_tokens(tokenizer: Any) -> bool:
    """Make tokens of ChatML's markers where the template has them and the vocabulary has not; return whether it did."""
    vocabulary = tokenizer.get_vocab()
    if START not in (tokenizer.chat_template or "") or (START in vocabulary and END in vocabulary):
        return False
    tokenizer.add_special_tokens({"additional_special_tokens": [START, END], "eos_token": END})
    return True


def has_conversations(folder: Path) -> bool:
    """Return whether mixed rows are conversations, and not plain text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pq.read_schema(folder / "train.parquet")
    return any(name in schema.names and pa.types.is_list(schema.field(name).type) for name in ("messages", "chosen"))


def load_tokenizer(name: str) -> Any:
    """Return a tokenizer. Raises UserError where it does not load."""
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(loadable(name))
    except (OSError, ValueError) as error:
        raise UserError(f"tokenizer '{name}' does not load: {str(error).splitlines()[0]}") from None
