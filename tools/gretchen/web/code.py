"""A request of the playground as a Python program with OpenAI's client: "view code".

    python_code({"model": "base", "prompt": "…"}, "http://127.0.0.1:8000", "token")

The program runs as it is while the playground does. Every value is written as a literal of Python.
"""

from collections.abc import Mapping
from typing import Any

CLIENT = """from openai import OpenAI

client = OpenAI(base_url="{address}/v1", api_key="{token}")
response = client.{method}(
{arguments})
print(response.choices[0].{content})
"""
EXTRA = ("best_of",)  # keys that OpenAI's client does not know for chats


def python_code(body: Mapping[str, Any], address: str, token: str) -> str:
    """Return the program for a request's body."""
    is_chat = "messages" in body
    extra = {key: body[key] for key in EXTRA if is_chat and key in body}
    arguments = {key: value for key, value in body.items() if key not in extra} | (
        {"extra_body": extra} if extra else {}
    )
    return CLIENT.format(
        address=address,
        token=token,
        method="chat.completions.create" if is_chat else "completions.create",
        arguments="".join(f"    {key}={literal(value)},\n" for key, value in arguments.items()),
        content="message.content" if is_chat else "text",
    )


def literal(value: Any) -> str:
    """Return a value as Python writes it; messages one to a line."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + "".join(f"        {item!r},\n" for item in value) + "    ]"
    return repr(value)
