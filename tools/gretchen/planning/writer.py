"""Rows as the text and the tokens that a model reads.

    Writer(Path("projects/genome-chatbot/base"), resolved).row(row)

Text is rendered by the model's chat template (jinja2) and tokenized by the `tokenizers` library, as transformers does
both; neither transformers nor torch is imported.
"""

import bisect
import json
from pathlib import Path
from typing import Any

from gretchen.errors import UserError
from gretchen.models.chat_templates import END_MARKER, MARKER, OPENED, chat_template, sandbox
from gretchen.models.files import read_json, token_text
from gretchen.planning.rows import Row
from gretchen.recipes.resolve import Resolved


class Writer:
    """Writes rows as a model reads them, and counts their tokens."""

    def __init__(self, folder: Path, resolved: Resolved) -> None:
        """Load tokenizer.json and the chat template of a model's folder, or the template that the recipe names."""
        from tokenizers import Tokenizer

        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        config = read_json(folder / "tokenizer_config.json")
        self.special = {name: token_text(config.get(name)) or "" for name in ("bos_token", "eos_token")}
        template, self.template_file = chat_template(folder, resolved.values)
        self.template = compiled(template) if template else None
        self.marked = compiled(template, OPENED) if template else None
        self.field = resolved.values.get("dataset_text_field") or "text"
        self.chat = False

    def row(self, row: Row) -> str:
        """Return a row of SFT or pretraining as text: a conversation, a prompt with its completion, or plain text."""
        if isinstance(row.get("messages"), list):
            return self.render(row["messages"], row)
        if "prompt" in row and "completion" in row:
            return self.answered(row, "completion")
        if isinstance(row.get(self.field), str):
            return self.ended(row[self.field])
        raise UserError(f"a row has neither messages, nor prompt and completion, nor {self.field}: {sorted(row)}")

    def prompt(self, row: Row, **more: bool) -> str:
        """Return a row's prompt as text, the template told `more` than the row says."""
        prompt = row.get("prompt")
        if isinstance(prompt, list):
            return self.render(prompt, row, add_generation_prompt=True, **more)
        if not isinstance(prompt, str):
            raise UserError(f"a row has no prompt: {sorted(row)}", "chosen and rejected are answers to a prompt")
        return prompt

    def answered(self, row: Row, side: str, end: bool = True, **more: bool) -> str:
        """Return a row's prompt with one of its answers as text, a plain text with EOS at its `end`."""
        if side not in row:
            raise UserError(f"a row has no {side}: {sorted(row)}")
        if isinstance(row["prompt"], list):
            return self.render(row["prompt"] + row[side], row, **more)
        return self.ended(row["prompt"] + row[side]) if end else row["prompt"] + row[side]

    def answer(self, row: Row, side: str, before: str) -> str:
        """Return one of a row's answers behind its prompt (`before`), up to the token that ends it, as text."""
        whole = self.answered(row, side, enable_thinking=False)
        # Behind that token templates write a line break, which is no part of the answer.
        return whole.removeprefix(before).rstrip("\n") if whole.startswith(before) else row[side][-1]["content"]

    def first_trained(self, row: Row) -> int:
        """Return the place, in tokens from 0, of the first one of a conversation's first answer."""
        turns = row.get("messages") or [*row.get("prompt", []), *row.get("completion", [])]
        text, marked = self.render(turns, row), self.render(turns, row, marked=True)
        start = marked.find(OPENED)
        if start < 0:  # a template without marks, for which TRL has a marked one of its own
            first = next((n for n, turn in enumerate(turns) if turn["role"] == "assistant"), len(turns))
            start = len(self.render(turns[:first], row, add_generation_prompt=True))
        ends = [end for _, end in self.tokenizer.encode(text, add_special_tokens=False).offsets]
        return bisect.bisect_right(ends, start)

    def ended(self, text: str) -> str:
        """Return a plain text with EOS at its end, as both engines write it."""
        eos = self.special["eos_token"]
        return text if not eos or text.endswith(eos) else text + eos

    def render(
        self, messages: list[Row], row: Row, add_generation_prompt: bool = False, marked: bool = False, **more: bool
    ) -> str:
        """Return messages rendered by the chat template, its trained parts `marked` or not; `more` is told to it too.

        Raises UserError where there is no template, or it fails.
        """
        if self.template is None:
            raise UserError(f"{self.template_file}: no chat template to render the rows with", "chat_template_path: …")
        self.chat = True
        tools = row.get("tools")
        tools = json.loads(tools) if isinstance(tools, str) else tools
        shown = {
            "messages": messages,
            "tools": tools,
            "documents": None,
            "add_generation_prompt": add_generation_prompt,
        }
        template = self.marked if marked else self.template
        try:
            return template.render(**shown | self.special | (row.get("chat_template_kwargs") or {}) | more)
        except Exception as wrong:  # the template is a program: any error of it is a fault to be told
            problem = f"{self.template_file}: the template cannot render row {row.get('id', '')}: {wrong}"
            raise UserError(problem, "`make check` names what is wrong with template and rows") from None

    def lengths(self, texts: list[str]) -> list[int]:
        """Return each text's number of tokens; a template writes its own special tokens."""
        encoded = self.tokenizer.encode_batch_fast(texts, add_special_tokens=not self.chat)
        return [len(one.ids) for one in encoded]

    def tokens(self, texts: list[str]) -> list[list[int]]:
        """Return each text's tokens, without special ones."""
        return [one.ids for one in self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    def token(self, name: str) -> int | None:
        """Return the number of `bos_token` or `eos_token`, None for a tokenizer without it."""
        return self.tokenizer.token_to_id(self.special[name]) if self.special[name] else None


def compiled(template: str, mark: str = "") -> Any:
    """Return a chat template as jinja2's, set up as transformers does, `mark` where a trained part begins."""
    bare = MARKER.sub(lambda tag: block(tag[0], "if true") + mark, template)
    bare = END_MARKER.sub(lambda tag: block(tag[0], "endif"), bare)
    return sandbox().from_string(bare)


def block(tag: str, word: str) -> str:
    """Return a {% generation %} tag as another block that treats white space as the tag did."""
    return f"{{%{'-' * tag.startswith('{%-')} {word} {'-' * tag.endswith('-%}')}%}}"
