"""A model folder's files, without loading any library: special tokens, chat template, pickles.

    template_faults(Path("projects/genome-chatbot/base"), {})   -> [] or sentences

What it renders, it renders by jinja2 as transformers sets it up. It does not tokenize: that is `make check DEEP=1`.
"""

import importlib.util
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from gretchen import paths

PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")
CONVERSATION = [
    {"role": "user", "content": "a question"},
    {"role": "assistant", "content": "an answer"},
    {"role": "user", "content": "another question"},
    {"role": "assistant", "content": "another answer"},
]
# What stands around an assistant's trained text after rendering.
OPENED, CLOSED = "\x02", "\x03"
MARKER, END_MARKER = (re.compile(rf"\{{%-?\s*{word}\s*-?%\}}") for word in ("generation", "endgeneration"))


def read_json(file: Path) -> dict[str, Any]:
    """Return a JSON file's content; {} where there is none."""
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def pickles(folder: Path) -> list[str]:
    """Return a fault for each pickled file in a model folder: loading one runs what its author wrote into it."""
    found = sorted(file for pattern in PICKLES for file in folder.glob(pattern))
    return [f"{paths.shown(file)}: a pickle, which runs code when it is loaded: use safetensors" for file in found]


def token_faults(folder: Path) -> list[str]:
    """Return what is wrong with a model folder's special tokens: EOS and padding, in all files that name them."""
    config, ids = read_json(folder / "tokenizer_config.json"), token_ids(folder)
    where = paths.shown(folder)
    if not ids:
        return [f"{where}/tokenizer.json: missing, or without a vocabulary"]
    eos, pad = text_of(config.get("eos_token")), text_of(config.get("pad_token"))
    if eos is None:
        return [f"{where}/tokenizer_config.json: 'eos_token' is missing: no answer would ever end"]
    found = [
        f"{where}/tokenizer_config.json: '{key}' is {token}, which is no token of tokenizer.json"
        for key, token in (("eos_token", eos), ("pad_token", pad))
        if token is not None and token not in ids
    ]
    if eos == pad:
        found.append(f"{where}/tokenizer_config.json: 'pad_token' is the EOS token {eos}: choose another one")
    return found + generation_faults(folder, eos, ids)


def generation_faults(folder: Path, eos: str, ids: dict[str, int]) -> list[str]:
    """Return what is wrong with the EOS tokens of generation_config.json: generation stops at these."""
    file = f"{paths.shown(folder)}/generation_config.json"
    said = read_json(folder / "generation_config.json").get("eos_token_id")
    stops = said if isinstance(said, list) else [said]
    if said is None:
        return [f"{file}: 'eos_token_id' is missing: generation would not stop at {eos}"]
    found = [
        f"{file}: 'eos_token_id' {stop} is no token of tokenizer.json" for stop in stops if stop not in ids.values()
    ]
    if eos in ids and ids[eos] not in stops:
        found.append(f"{file}: 'eos_token_id' {said} lacks {ids[eos]}, the tokenizer's EOS {eos}")
    return found


def template_faults(folder: Path, values: dict[str, Any]) -> list[str]:
    """Return what is wrong with the chat template that a recipe's values use with a model folder."""
    template, file = chat_template(folder, values)
    eos = text_of(read_json(folder / "tokenizer_config.json").get("eos_token"))
    if template is None:
        return [f"{file}: no chat template, neither here nor in tokenizer_config.json"]
    marked = bool(MARKER.search(template))
    if values.get("assistant_only_loss") and not marked and template not in known_to_trl():
        return [f"{file}: 'assistant_only_loss' needs {{% generation %}} around the assistant's turns"]
    try:
        text = render(template, CONVERSATION, eos)
    except Exception as wrong:  # the template is a program: any error of it is a fault to be told
        return [f"{file}: the template cannot be rendered: {wrong}"]
    answer = text.rsplit(OPENED, 1)[-1].split(CLOSED, 1)[0].rstrip()
    if not answer.endswith(tuple(stop_tokens(folder, eos))):
        part = "trained part" if marked else "text"
        return [f"{file}: the {part} of an assistant's turn does not end with EOS ({eos}): answers would never end"]
    return []


def stop_tokens(folder: Path, eos: str | None) -> list[str]:
    """Return the tokens at which generation stops: the tokenizer's EOS and those of generation_config.json."""
    said = read_json(folder / "generation_config.json").get("eos_token_id")
    stops = said if isinstance(said, list) else [said]
    return [*([eos] if eos else []), *(token for token, number in token_ids(folder).items() if number in stops)]


def chat_template(folder: Path, values: dict[str, Any]) -> tuple[str | None, str]:
    """Return the chat template that training uses, and the file it stands in; None where there is none."""
    if named := values.get("chat_template_path"):
        file = paths.root() / named
        file = file / "chat_template.jinja" if file.is_dir() else file
        return (file.read_text(encoding="utf-8") if file.is_file() else None), str(named)
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8"), paths.shown(file)
    said = read_json(folder / "tokenizer_config.json").get("chat_template")
    if isinstance(said, list):
        said = next((entry.get("template") for entry in said if entry.get("name") == "default"), None)
    return said, paths.shown(folder / ("tokenizer_config.json" if said else "chat_template.jinja"))


def known_to_trl() -> set[str]:
    """Return the templates without marks that TRL replaces by marked ones (read as files, TRL is not imported)."""
    spec = importlib.util.find_spec("trl")
    places = (spec.submodule_search_locations if spec else None) or []
    files = [file for place in places for file in (Path(place) / "chat_templates").glob("*.jinja")]
    return {file.read_text(encoding="utf-8") for file in files if file.with_stem(f"{file.stem}_training").is_file()}


def render(template: str, messages: list[dict[str, Any]], eos: str | None) -> str:
    """Return messages rendered by a chat template, with OPENED and CLOSED where {% generation %} stood."""
    return compiled(template).render(
        messages=messages, tools=None, documents=None, add_generation_prompt=False, eos_token=eos, bos_token=""
    )


@lru_cache
def compiled(template: str) -> Any:
    """Return a chat template as Jinja's, in the sandbox and with the names that transformers gives it."""
    marked = MARKER.sub(lambda tag: _as_text(tag[0], OPENED), template)
    marked = END_MARKER.sub(lambda tag: _as_text(tag[0], CLOSED), marked)
    return sandbox().from_string(marked)


def sandbox() -> Any:
    """Return Jinja's sandbox set up as transformers does it for chat templates; the day is always the same."""
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise ValueError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = lambda value, **_: json.dumps(value, ensure_ascii=False)
    environment.globals |= {"raise_exception": refuse, "strftime_now": lambda form: "1 January 2026"}
    return environment


def _as_text(tag: str, mark: str) -> str:
    """Return a {% generation %} tag as a block that writes `mark` and treats white space as the tag did."""
    start, end = "-" * tag.startswith("{%-"), "-" * tag.endswith("-%}")
    return f"{{%{start} if true %}}{mark}{{% endif {end}%}}"


def text_of(token: Any) -> str | None:
    """Return a special token's text: files hold it as a text, or as a mapping with `content`."""
    return token.get("content") if isinstance(token, dict) else token


def token_ids(folder: Path) -> dict[str, int]:
    """Return {token: id} of tokenizer.json, added tokens included."""
    whole = read_json(folder / "tokenizer.json")
    vocabulary = whole.get("model", {}).get("vocab", {})
    known = dict(vocabulary) if isinstance(vocabulary, dict) else {entry[0]: i for i, entry in enumerate(vocabulary)}
    return known | {token["content"]: token["id"] for token in whole.get("added_tokens", [])}
