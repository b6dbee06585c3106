"""How mistakes are planted in the project of fixtures/projects/sums: each function returns one that changes a root."""

import json
import shutil

PROJECT = "sums"
FOLDER = f"projects/{PROJECT}"
DATASET, EVALUATION, CARD = f"{FOLDER}/dataset.py", f"{FOLDER}/evaluation.py", f"{FOLDER}/project.yaml"
BASE = f"{FOLDER}/base"


def edit(file, *changes):
    """Return a function that replaces text in a file."""

    def plant(root):
        text = (root / file).read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        # Python's cache of compiled files compares times and sizes.
        (root / file).write_text(text + "#" * (len(text) % 7 + 1) if file.endswith(".py") else text, encoding="utf-8")

    return plant


def json_edit(file, **changes):
    """Return a function that changes keys of a JSON file of the base."""

    def plant(root):
        target = root / BASE / file
        content = json.loads(target.read_text(encoding="utf-8")) | changes
        target.write_text(json.dumps(content), encoding="utf-8")

    return plant


def built(row_format, rows, split="train"):
    """Return a function that writes built rows."""

    def plant(root):
        file = root / "build" / PROJECT / row_format / f"{split}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    return plant


def chat(number, question="What is {n} + 1?", answer="The sum is {n}.", **more):
    """Return a built chat row."""
    turns = [("user", question.format(n=number)), ("assistant", answer.format(n=number))]
    messages = [{"role": role, "content": content} for role, content in turns]
    return {"id": f"r{number}", "form": "sum", "group": [f"g{number}"], "messages": messages, "meta": "{}"} | more


def pair(number):
    """Return a built pair."""
    row = chat(number)
    prompt, answer = row.pop("messages")
    return row | {"prompt": [prompt], "chosen": [answer], "rejected": [answer | {"content": "It is 0."}]}


def with_recipe(name, plant):
    """Return a function that plants a mistake in a project with a recipe of its own."""

    def both(root):
        text = f"extends: [zephyr/{name}.yaml]\n"
        (root / FOLDER / "recipes" / f"{name}.zephyr.yaml").write_text(text, encoding="utf-8")
        plant(root)

    return both


def weights(change):
    """Return a function that changes the tensors of the base."""

    def plant(root):
        from safetensors.torch import load_file, save_file

        file = root / BASE / "model.safetensors"
        tensors = load_file(file)
        change(tensors)
        save_file(tensors, file, metadata={"format": "pt"})

    return plant


def copied_to(name):
    """Return a function that copies the base's weights to another file of its folder."""
    return lambda root: shutil.copy(root / BASE / "model.safetensors", root / BASE / name)
