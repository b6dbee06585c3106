"""What is wrong with YAML that cannot be parsed, in the words of the person who wrote it.

    yaml_fault(error, text)      -> (12, "a tab: YAML indents with blanks")

PyYAML reports where its scanner gave up: a tab is a "character that cannot start any token", a missing blank after a
colon is noticed on the next line.
"""

import re

import yaml

# A key with its value, and no blank between them. A URL or a time is none, and neither is a Windows path.
GLUED = re.compile(r"^\s*(?:- )?([A-Za-z_][\w.-]+):([^\s:/\\].*)$")


def yaml_fault(error: yaml.MarkedYAMLError, text: str) -> tuple[int, str]:
    """Return the line (from 1) and what is wrong there."""
    mark = error.problem_mark or error.context_mark
    line = mark.line if mark else 0
    lines = text.splitlines()
    first = error.context_mark.line if error.context_mark else line - 1
    for number in range(max(0, first), min(line + 1, len(lines))):
        if sentence := missing_blank(lines[number]):
            return number + 1, f"not YAML: {sentence}"
    if line < len(lines) and "\t" in lines[line][: len(lines[line]) - len(lines[line].lstrip())]:
        return line + 1, "not YAML: indented with a tab, YAML takes blanks alone"
    if error.problem == "but found another document":
        return line + 1, "several documents, expected one: remove '---'"
    return line + 1, f"not YAML: {error.problem}"


def missing_blank(line: str) -> str | None:
    """Return the sentence for a line whose key and value have no blank between them, None for any other."""
    glued = GLUED.match(line)
    return f"a blank is missing after the colon of '{glued[1]}:{glued[2].strip()}'" if glued else None
