"""Seeded mutations of files: what an editor, a merge, a broken download or an attacker makes of them.

mutated(random.Random(7), b'{"a": 1}', ".json")     -> other bytes, the same ones for the same seed
"""

import json
import random
from typing import Any

import yaml

JUNK = (
    b"\x00", b"\x1b[2J", b"\xff\xfe", b"\xef\xbb\xbf", "\u202e\u2028".encode(), b"\t", b"\r\n", b"[" * 3000,
    b"{" * 3000, b"- " * 2000, b"&a [*a]", b"<<: *a", b"!!bool maybe", b"!!timestamp x", b"!!int ''", b"x: !!set {y}",
    b"!!python/object:os.system x", b"? [a, b]\n: c", b"1:" * 400, b"9" * 5000, b"1e999", b"-1", b"NaN", b"null", b"~",
    b"true", b"''", b"[]", b"{}", b"---\n", b"%", b"@", b"`", b"|", b"> ", b"${", b"${model}", b"${base.sft}",
    b"{{ 1 / 0 }}", b"{% for a in range(9999) %}", b"{% endfor %}", b"{{ 'a' * 10 ** 9 }}", b"<<<<<<< HEAD",
    b"version https://git-lfs.github.com/spec/v1", b"../../..", b"/", b"\xf0\x9f\x91\xa9", b"\xed\xa0\x80", b"a: &b 1",
    b"*b", b"2024-13-45", b".inf", b"0x", b"\\u0000",
)  # fmt: skip
VALUES = (
    None, True, 0, -1, 10**30, 0.5, float("inf"), float("nan"), "", " ", "x", "\x00\u202e", "x" * 10_000, [], {},
    [None], [[]], {"x": None}, [1, "a", {}], {"": ""}, "${model}", "../..", "1e-4", "none", ["x"] * 300, "\ud800",
)  # fmt: skip


def mutated(chance: random.Random, content: bytes, suffix: str) -> bytes:
    """Return a file's content with one to three changes; JSON and YAML are mostly changed in their values."""
    for _ in range(chance.randint(1, 3)):
        if suffix in (".json", ".jsonl", ".yaml") and chance.random() < 0.7:
            content = other_value(chance, content, suffix)
        else:
            content = other_bytes(chance, content)
    return content


def other_bytes(chance: random.Random, content: bytes) -> bytes:
    """Return content with a piece cut out, doubled, overwritten, cut off, or with junk put in."""
    start = chance.randrange(len(content) + 1)
    end = min(len(content), start + chance.choice((1, 3, 20, 200)))
    return chance.choice(
        (
            content[:start] + content[end:],
            content[:end] + content[start:],
            content[:start] + bytes(chance.randrange(256) for _ in range(end - start)) + content[end:],
            content[:start],
            content[:start] + chance.choice(JUNK) + content[start:],
            content[:start] + chance.choice(JUNK) + content[end:],
        )
    )


def other_value(chance: random.Random, content: bytes, suffix: str) -> bytes:
    """Return JSON (lines) or YAML with one value replaced or one key removed; other bytes where it is none any more."""
    if suffix == ".yaml":
        try:
            return yaml.safe_dump(replaced(chance, yaml.safe_load(content))).encode("utf-8", "surrogatepass")
        except (yaml.YAMLError, ValueError, RecursionError, KeyError, AttributeError, IndexError, TypeError):
            return other_bytes(chance, content)
    lines = content.splitlines() if suffix == ".jsonl" else [content]
    number = chance.randrange(len(lines)) if lines else 0
    try:
        value = json.loads(lines[number])
    except (ValueError, IndexError, RecursionError):
        return other_bytes(chance, content)
    lines[number] = json.dumps(replaced(chance, value)).encode()
    return b"\n".join(lines) + b"\n"


def replaced(chance: random.Random, value: Any) -> Any:
    """Return a value in which one part, at any depth, is another one or gone."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    if not keys or chance.random() < 0.2:
        return chance.choice(VALUES)
    key = chance.choice(keys)
    if chance.random() < 0.2:
        del value[key]
    else:
        value[key] = replaced(chance, value[key])
    return value
