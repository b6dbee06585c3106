"""Chat templates of model folders, rendered by jinja2 as transformers sets it up, without loading transformers.

template_problems(Path("projects/genome-chatbot/base"), {})   -> [] or sentences
"""

import importlib.util
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from gretchen import paths
from gretchen.models.bounded_template import bound
from gretchen.models.files import read_json, stop_tokens, token_text

# With capitals and marks, which a template must not change.
CONVERSATION = [
    {"role": "user", "content": "What is A?"},
    {"role": "assistant", "content": "It is B."},
    {"role": "user", "content": "And C, please?"},
    {"role": "assistant", "content": "That would be D."},
]
MAX_SIZE = 10_000  # of the texts and lists in a rendering of CONVERSATION
# These surround the trained part of an assistant's turn after rendering.
OPENED, CLOSED = "\x02", "\x03"
MARKER, END_MARKER = (re.compile(rf"\{{%-?\s*{word}\s*-?%\}}") for word in ("generation", "endgeneration"))


def template_problems(folder: Path, values: dict[str, Any]) -> list[str]:
    """Return the problems of the chat template that a recipe's values use with a model folder."""
    template, file = chat_template(folder, values)
    eos = token_text(read_json(folder / "tokenizer_config.json").get("eos_token"))
    if template is None:
        return [f"{file}: no chat template, nor one in tokenizer_config.json"]
    marked = bool(MARKER.search(template))
    if values.get("assistant_only_loss") and not marked and template not in patched_by_trl():
        return [f"{file}: 'assistant_only_loss' needs {{% generation %}} around the assistant's turns"]
    try:
        text = render(template, CONVERSATION, eos)
    except Exception as error:  # the template is a program: it may raise anything
        return [f"{file}: the template cannot be rendered: {error}"]
    answer = text.rsplit(OPENED, 1)[-1].split(CLOSED, 1)[0].rstrip()
    if not answer.endswith(tuple(stop_tokens(folder, eos))):
        part = "trained part" if marked else "text"
        return [f"{file}: the {part} of an assistant's turn does not end with EOS ({eos}): answers would never end"]
    return []


def chat_template(folder: Path, values: dict[str, Any]) -> tuple[str | None, str]:
    """Return the chat template that training uses, and its file; None where there is none."""
    if named := values.get("chat_template_path"):
        if not paths.is_path(str(named)):
            return None, f"{named!s:.40}…"
        file = paths.root() / named
        file = file / "chat_template.jinja" if file.is_dir() else file
        return (file.read_text(encoding="utf-8") if file.is_file() else None), str(named)
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8"), paths.shown(file)
    configured = read_json(folder / "tokenizer_config.json").get("chat_template")
    if isinstance(configured, list):
        configured = next((entry.get("template") for entry in configured if entry.get("name") == "default"), None)
    return configured, paths.shown(folder / ("tokenizer_config.json" if configured else "chat_template.jinja"))


def patched_by_trl() -> set[str]:
    """Return the templates that TRL replaces by ones with {% generation %} markers (read as files, without TRL)."""
    spec = importlib.util.find_spec("trl")
    folders = (spec.submodule_search_locations if spec else None) or []
    files = [file for folder in folders for file in (Path(folder) / "chat_templates").glob("*.jinja")]
    return {file.read_text(encoding="utf-8") for file in files if file.with_stem(f"{file.stem}_training").is_file()}


def render(template: str, messages: list[dict[str, Any]], eos: str | None) -> str:
    """Return messages rendered by a chat template, with OPENED and CLOSED in place of {% generation %} markers."""
    return compiled(template).render(
        messages=messages, tools=None, documents=None, add_generation_prompt=False, eos_token=eos, bos_token=""
    )


def generation_prompt(template: str, messages: list[dict[str, Any]], eos: str | None) -> str:
    """Return what a model is given to answer messages: rendered, with the beginning of the assistant's turn."""
    return compiled(template).render(
        messages=messages, tools=None, documents=None, add_generation_prompt=True, eos_token=eos, bos_token=""
    )


@lru_cache
def compiled(template: str) -> Any:
    """Return a compiled chat template, in the sandbox and with the names that transformers defines."""
    marked = MARKER.sub(lambda tag: _as_text(tag[0], OPENED), template)
    marked = END_MARKER.sub(lambda tag: _as_text(tag[0], CLOSED), marked)
    return sandbox().from_string(marked)


def sandbox(max_size: int = MAX_SIZE) -> Any:
    """Return Jinja's sandbox as transformers sets it up for chat templates, with a fixed date.

    A template that takes too many steps, or a text or a list beyond `max_size`, raises ValueError in it.
    """
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise ValueError(message)

    environment = bound(
        ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]),
        max_size,
    )
    environment.filters["tojson"] = lambda value, **_: json.dumps(value, ensure_ascii=False)
    environment.globals |= {"raise_exception": refuse, "strftime_now": lambda form: "1 January 2026"}
    return environment


def _as_text(tag: str, mark: str) -> str:
    """Return a block that writes `mark` and handles white space like the {% generation %} tag it replaces."""
    start, end = "-" * tag.startswith("{%-"), "-" * tag.endswith("-%}")
    return f"{{%{start} if true %}}{mark}{{% endif {end}%}}"
