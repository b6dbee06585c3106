"""Rows as the text and the tokens that a model reads.

    Renderer(Path("projects/genome-chatbot/base"), resolved).row(row)

The model's chat template is rendered by jinja2 and the text tokenized by the `tokenizers` library, as transformers
does; neither transformers nor torch is imported.
"""

import bisect
from pathlib import Path
from typing import Any

from gretchen.errors import UserError
from gretchen.models.chat_templates import END_MARKER, MARKER, OPENED, chat_template, sandbox
from gretchen.models.files import read_json, token_text
from gretchen.planning.rows import Row
from gretchen.projects.rows import tools_of, turn_text
from gretchen.recipes.resolve import Resolved

MAX_SIZE = 2_000_000  # characters of a text in a template: rows may be long


class Renderer:
    """Renders rows as a model reads them, and counts their tokens."""

    def __init__(self, model_dir: Path, resolved: Resolved) -> None:
        """Load tokenizer.json, and the chat template of the model or the one that the recipe names."""
        from tokenizers import Tokenizer

        self.tokenizer = Tokenizer.from_file(str(model_dir / "tokenizer.json"))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        config = read_json(model_dir / "tokenizer_config.json")
        self.special_tokens = {name: token_text(config.get(name)) or "" for name in ("bos_token", "eos_token")}
        template, self.template_file = chat_template(model_dir, resolved.values)
        self.template = compile_template(template) if template else None
        self.marked_template = compile_template(template, OPENED) if template else None
        self.text_column = resolved.values.get("dataset_text_field") or "text"
        self.rendered_chat = False

    def row(self, row: Row) -> str:
        """Return a row of SFT or pretraining as text: a conversation, a prompt with its completion, or plain text."""
        if isinstance(row.get("messages"), list):
            return self.render(row["messages"], row)
        if "prompt" in row and "completion" in row:
            return self.with_completion(row, "completion")
        if isinstance(row.get(self.text_column), str):
            return self.with_eos(row[self.text_column])
        raise UserError(f"a row has neither messages, nor prompt and completion, nor {self.text_column}: {sorted(row)}")

    def prompt(self, row: Row, **template_kwargs: bool) -> str:
        """Return a row's prompt as text; `template_kwargs` go to the chat template."""
        prompt = row.get("prompt")
        if isinstance(prompt, list):
            return self.render(prompt, row, add_generation_prompt=True, **template_kwargs)
        if not isinstance(prompt, str):
            raise UserError(f"a row has no prompt: {sorted(row)}", "chosen and rejected are answers to a prompt")
        return prompt

    def with_completion(self, row: Row, side: str, end: bool = True, **template_kwargs: bool) -> str:
        """Return a row's prompt with one of its completions; `end`: EOS follows plain text."""
        if side not in row:
            raise UserError(f"a row has no {side}: {sorted(row)}")
        if isinstance(row["prompt"], list):
            return self.render(row["prompt"] + row[side], row, **template_kwargs)
        text = row["prompt"] + row[side]
        return self.with_eos(text) if end else text

    def completion(self, row: Row, side: str, prompt: str) -> str:
        """Return one of a row's completions after its rendered prompt, up to EOS."""
        full = self.with_completion(row, side, enable_thinking=False)
        # After EOS templates write a line break, which is not part of the completion.
        return full.removeprefix(prompt).rstrip("\n") if full.startswith(prompt) else turn_text(row[side][-1])

    def first_trained(self, row: Row) -> int:
        """Return the position, in tokens from 0, of the first token of a conversation's first answer."""
        turns = row.get("messages") or [*row.get("prompt", []), *row.get("completion", [])]
        text, marked = self.render(turns, row), self.render(turns, row, marked=True)
        start = marked.find(OPENED)
        if start < 0:  # a template without generation blocks, for which TRL has one with them
            first = next((n for n, turn in enumerate(turns) if turn["role"] == "assistant"), len(turns))
            start = len(self.render(turns[:first], row, add_generation_prompt=True))
        ends = [end for _, end in self.tokenizer.encode(text, add_special_tokens=False).offsets]
        return bisect.bisect_right(ends, start)

    def with_eos(self, text: str) -> str:
        """Return plain text with EOS at its end, as both engines write it."""
        eos = self.special_tokens["eos_token"]
        return text if not eos or text.endswith(eos) else text + eos

    def render(
        self,
        messages: list[Row],
        row: Row,
        add_generation_prompt: bool = False,
        marked: bool = False,
        **template_kwargs: bool,
    ) -> str:
        """Return messages rendered by the chat template, the start of trained parts marked where `marked`.

        Raises UserError where there is no template, or where it fails.
        """
        if self.template is None:
            problem = f"{self.template_file}: no chat template to render the rows with"
            raise UserError(problem, "chat_template_path: …")
        self.rendered_chat = True
        variables = {
            "messages": messages,
            "tools": tools_of(row),
            "documents": None,
            "add_generation_prompt": add_generation_prompt,
        }
        variables |= self.special_tokens | (row.get("chat_template_kwargs") or {}) | template_kwargs
        template = self.marked_template if marked else self.template
        try:
            return template.render(**variables)
        except Exception as failure:  # the template is a program and may raise anything
            problem = f"{self.template_file}: the template cannot render row {row.get('id', '')}: {failure}"
            raise UserError(problem, "`make check` reports what is wrong with template and rows") from None

    def lengths(self, texts: list[str]) -> list[int]:
        """Return the number of tokens of each text; a chat template writes special tokens itself."""
        encoded = self.tokenizer.encode_batch_fast(texts, add_special_tokens=not self.rendered_chat)
        return [len(encoding.ids) for encoding in encoded]

    def tokens(self, texts: list[str]) -> list[list[int]]:
        """Return the token ids of each text, without special tokens."""
        return [encoding.ids for encoding in self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    def token(self, name: str) -> int | None:
        """Return the id of `bos_token` or `eos_token`, None for a tokenizer without it."""
        text = self.special_tokens[name]
        return self.tokenizer.token_to_id(text) if text else None


def compile_template(template: str, mark: str = "") -> Any:
    """Return a chat template as jinja2's, set up as transformers does, with `mark` where a generation block begins."""
    plain = MARKER.sub(lambda tag: _block(tag[0], "if true") + mark, template)
    plain = END_MARKER.sub(lambda tag: _block(tag[0], "endif"), plain)
    return sandbox(MAX_SIZE).from_string(plain)


def _block(tag: str, word: str) -> str:
    """Return a {% generation %} tag as another block that treats white space as the tag did."""
    return f"{{%{'-' * tag.startswith('{%-')} {word} {'-' * tag.endswith('-%}')}%}}"
