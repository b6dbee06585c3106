"""What a project's module defines at its top level, from its text: the module is parsed, never run.

offered_formats("genome-chatbot")     -> ("texts", "chats", "preferences", "feedback", "prompts")
"""

import ast
from functools import lru_cache

from gretchen import paths
from gretchen.projects.rows import FORMATS

# A name that is not a function has None: imported, or assigned.
Definitions = dict[str, ast.FunctionDef | None]


def top_level(tree: ast.Module) -> Definitions:
    """Return what a module defines at its top level."""
    names: Definitions = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            names[node.name] = node
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names |= {alias.asname or alias.name: None for alias in node.names}
        elif isinstance(node, ast.Assign):
            names |= {target.id: None for target in node.targets if isinstance(target, ast.Name)}
    return names


def offered_formats(project: str) -> tuple[str, ...]:
    """Return the row formats that a project's dataset.py defines a generator for; all of them where it is broken.

    A dataset.py that does not parse is reported by `make check` and by the build, with its line.
    """
    file = paths.projects() / project / "dataset.py"
    try:
        return _formats(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (SyntaxError, ValueError):  # ValueError: not UTF-8, or a null byte
        return tuple(FORMATS)


@lru_cache(maxsize=64)
def _formats(text: str) -> tuple[str, ...]:
    """Return the row formats that a module's text defines, parsed once per text."""
    names = top_level(ast.parse(text))
    return tuple(name for name in FORMATS if name in names)
