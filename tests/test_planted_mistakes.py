# ruff: noqa: E501 (the tables of changes)
"""Mistakes that spoil a training or a figure, beyond the headings of docs/mistakes.md: each is planted, and caught.

Each entry of the tables is a small change in a project without a mistake (fixtures/projects/sums), with a word of the
sentence that reports it. The check is that of `make train`, before the first step. NOT_CAUGHT lists those that are not.
"""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from gretchen.checks.runner import check_resolved
from gretchen.recipes.resolve import Request, resolve

PROJECT = "sums"
HERE = Path(__file__).parent
FOLDER = f"projects/{PROJECT}"
DATASET, EVALUATION, CARD = f"{FOLDER}/dataset.py", f"{FOLDER}/evaluation.py", f"{FOLDER}/project.yaml"
BASE = f"{FOLDER}/base"
TINY, BIG = "tiny", "gpu-24gb"


@pytest.fixture(scope="module")
def sound(root, tmp_path_factory):
    """Return a root with the project without a mistake: the flagship's base, nothing built."""
    folder = tmp_path_factory.mktemp("sound")
    shutil.copytree(HERE / "fixtures/projects/sums", folder / FOLDER)
    shutil.copytree(root / "projects/genome-chatbot/base", folder / BASE)
    (folder / FOLDER / "recipes").mkdir()
    (folder / "shared_recipes").symlink_to(root / "shared_recipes")
    return folder


@pytest.fixture
def planted(sound, tmp_path, monkeypatch):
    """Return a copy of the sound root, set as Gretchen's root."""
    shutil.copytree(sound, tmp_path, symlinks=True, dirs_exist_ok=True)
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in [name for name in sys.modules if name.startswith("gretchen_project_sums")]:
        del sys.modules[name]
    return tmp_path


def lines(recipe="sft", profile=TINY, words=(), run_code=False):
    """Return all errors and warnings of the check of a recipe."""
    report = check_resolved(PROJECT, resolve(Request(PROJECT, recipe, profile, words)), run_code=run_code)
    return [*report.errors, *report.warnings]


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


# SET words, recipe, profile, a part of the sentence.
RECIPES = {
    "weight decay of a percentage": ("weight_decay=5", "sft.zephyr", TINY, "'weight_decay' is 5"),
    "weight decay below zero": ("weight_decay=-0.1", "sft.axolotl", TINY, "it cannot be negative"),
    "beta1 of one": ("adam_beta1=1.0", "sft.zephyr", TINY, "'adam_beta1' is 1"),
    "betas exchanged": ("adam_beta1=0.999 adam_beta2=0.9", "sft.axolotl", TINY, "is larger than 'adam_beta2'"),
    "beta2 of zero": ("adam_beta2=0", "sft.zephyr", TINY, "'adam_beta2' is 0"),
    "epsilon of a hundredth": ("adam_epsilon=0.01", "dpo.zephyr", TINY, "'adam_epsilon' is 0.01"),
    "clipping to a millionth": ("max_grad_norm=1e-6", "sft.axolotl", TINY, "clipped to almost nothing"),
    "label smoothing of one": ("label_smoothing_factor=1.0", "sft.zephyr", TINY, "'label_smoothing_factor' is 1"),
    "cDPO that turns the pairs around": ("label_smoothing=0.9", "dpo.zephyr", TINY, "half of the pairs count as swapped"),
    "dropout of nine tenths": ("lora_dropout=0.95", "sft.axolotl", TINY, "adapter's input is dropped"),
    "a rank of zero": ("lora_r=0", "sft.zephyr", TINY, "'lora_r' is 0"),
    "a negative alpha": ("lora_alpha=-16", "sft.zephyr", TINY, "'lora_alpha' is -16"),
    "alpha of a thousand": ("lora_alpha=1024", "sft.axolotl", TINY, "scales the adapter by 64"),
    "noise of a thousand": ("neftune_noise_alpha=1000", "sft.zephyr", TINY, "embeddings drown in noise"),
    "a rate of ten": ("learning_rate=10", "sft.zephyr", TINY, "'learning_rate' is 10"),
    "a rate of zero": ("learning_rate=0", "sft.axolotl", TINY, "'learning_rate' is 0"),
    "a negative rate": ("learning_rate=-1e-4", "sft.zephyr", BIG, "nothing is learned"),
    "a large model's rate on the small base": ("learning_rate=2e-5", "sft.zephyr", TINY, "very low for tiny's small model"),
    "a rate a hundred times too high": ("learning_rate=5e-2", "sft.axolotl", TINY, "very high for tiny's small model"),
    "SFT's rate for GRPO": ("learning_rate=2e-3", "grpo.zephyr", BIG, "very high for grpo"),
    "momentum-free SGD at Adam's rate": ("optim=sgd learning_rate=2e-4", "sft.zephyr", BIG, "is one for Adam"),
    "Prodigy at Adam's rate": ("optimizer=prodigy learning_rate=2e-4", "sft.axolotl", BIG, "finds the rate itself"),
    "a schedule that rises": ("lr_scheduler_kwargs={min_lr: 0.1}", "sft.zephyr", TINY, "would never fall"),
    "no epoch": ("num_train_epochs=0", "sft.zephyr", TINY, "'num_train_epochs' is 0"),
    "a negative number of epochs": ("num_epochs=-1", "sft.axolotl", TINY, "'num_epochs' is -1"),
    "five thousand epochs": ("num_train_epochs=5000", "sft.zephyr", TINY, "known by heart"),
    "a hundredth of an epoch": ("num_epochs=0.01", "sft.axolotl", TINY, "ends the training after"),
    "a tenth of the rows": ("max_steps=12 per_device_train_batch_size=8 gradient_accumulation_steps=1", "sft.zephyr", BIG,
                            "% of the"),
    "five steps of debugging": ("max_steps=5", "dpo.axolotl", TINY, "after 5 steps"),
    "one step of GRPO": ("max_steps=1", "grpo.zephyr", TINY, "after 1 step"),
    "a batch of all rows": ("gradient_accumulation_steps=64", "sft.zephyr", TINY, "a smaller batch learns more"),
    "a warm-up of ten thousand steps": ("warmup_steps=10000", "sft.axolotl", TINY, "never reached"),
    "a warm-up in per cent": ("warmup_ratio=10", "sft.axolotl", TINY, "10 % is 0.1"),
    "a warm-up of nine tenths": ("warmup_steps=0.9", "sft.zephyr", TINY, "rises for most of the training"),
    "validation after each step": ("eval_strategy=steps eval_steps=1", "sft.axolotl", TINY, "take longer than the training"),
    "validation that never comes": ("eval_strategy=steps eval_steps=5000", "sft.zephyr", TINY, "first validation"),
    "a checkpoint after each step": ("save_strategy=steps save_steps=1 save_total_limit=none", "sft.zephyr", TINY,
                                     "set 'save_total_limit'"),
    "the worst checkpoint kept": ("load_best_model_at_end=true metric_for_best_model=eval_loss greater_is_better=true",
                                  "sft.zephyr", TINY, "the highest loss"),
    "the best of no validations": ("load_best_model_at_end=true eval_strategy='no'", "sft.zephyr", TINY,
                                   "no checkpoint is validated"),
    "a length of ten tokens": ("max_length=10", "sft.zephyr", TINY, "no question with its answer fits"),
    "DPO without a beta": ("beta=0", "dpo.zephyr", TINY, "at 0 nothing is learned"),
    "a negative beta": ("rl_beta=-0.1", "dpo.axolotl", TINY, "at 0 nothing is learned"),
    "ORPO's odds ratio switched off": ("beta=0", "orpo.zephyr", TINY, "rejected answers do not count"),
    "GRPO tied to its reference": ("beta=50", "grpo.zephyr", TINY, "hardly leaves the reference"),
    "DPO with the chosen answer's loss alone": ("loss_weights=[0.0, 1.0]", "dpo.zephyr", TINY, "rejected answers do not count"),
    "DPO with no loss": ("loss_weights=[0, 0]", "dpo.zephyr", TINY, "nothing is learned"),
    "a loss learned backwards": ("dpo_loss_weights=[-1.0, 2.0]", "dpo.axolotl", TINY, "learned backwards"),
    "undesirable answers ignored": ("undesirable_weight=0", "kto.zephyr", TINY, "undesirable answers do not count"),
    "desirable answers a thousandfold": ("kto_desirable_weight=5000", "kto.axolotl", TINY, "'kto_desirable_weight' is 5000"),
    "KTO one row at a time": ("per_device_train_batch_size=1 gradient_accumulation_steps=32", "kto.zephyr", TINY,
                              "others of its batch"),
    "greedy answers to compare": ("temperature=0.001", "grpo.zephyr", TINY, "none is better"),
    "noise to compare": ("trl.temperature=5", "grpo.axolotl", TINY, "answers are noise"),
    "one token to choose from": ("top_k=1", "rloo.zephyr", TINY, "all answers to a prompt are the same"),
    "a group of one": ("num_generations=1", "grpo.zephyr", TINY, "compared with others"),
    "answers of three tokens": ("trl.max_completion_length=3", "grpo.axolotl", TINY, "cut before they say anything"),
    "no reward": ("reward_funcs=[]", "grpo.zephyr", TINY, "no reward"),
    "a reward that weighs nothing": ("reward_weights=[0.0]", "grpo.zephyr", TINY, "nothing is learned"),
    "vLLM on a laptop": ("use_vllm=true", "grpo.zephyr", TINY, "vLLM needs a GPU"),
    "a clip range of nothing": ("cliprange=0", "ppo.zephyr", TINY, "every change is clipped"),
    "PPO tied to its reference": ("kl_coef=20", "ppo.zephyr", TINY, "hardly leaves the reference"),
    "a reward head not saved": ("lora_modules_to_save=[lm_head]", "reward.zephyr", TINY, "lacks the head"),
    "a reward head mistyped": ("lora_modules_to_save=[scores]", "reward.axolotl", TINY, "it lists scores"),
    "a reward model that writes": ("lora_task_type=CAUSAL_LM", "reward.zephyr", TINY, "lora_task_type: SEQ_CLS"),
    "a classifier for SFT": ("lora_task_type=SEQ_CLS", "sft.zephyr", TINY, "no next token"),
    "a student that teaches itself": ("teacher_model_name_or_path=projects/sums/base", "distill.zephyr", TINY,
                                      "the teacher is the student"),
    "a share of three halves": ("lmbda=1.5", "distill.zephyr", TINY, "it is a share"),
    "SFT of the SFT": ("model_name_or_path=${base.sft}", "sft.zephyr", TINY, "has trained already"),
    "DPO of the DPO": ("base_model=${base.dpo}", "dpo.axolotl", TINY, "has trained already"),
    "training on the validation rows": ("dataset_train_split=validation", "sft.zephyr", TINY, "trained on the validation"),
    "the validation file for training": (
        "datasets=[{path: build/sums/chats/validation.jsonl, ds_type: json, type: chat_template}]", "sft.axolotl", TINY,
        "trained on the validation"),
    "one file twice": (
        "datasets=[{path: build/sums/chats/train.jsonl, ds_type: json, type: chat_template}, "
        "{path: ./build/sums/chats/train.jsonl, ds_type: json, type: chat_template}]", "sft.axolotl", TINY, "listed twice"),
    "a fiftieth of a set": (
        "datasets=[{path: build/sums/chats/train.jsonl, ds_type: json, type: chat_template, shards: 50}]", "sft.axolotl",
        TINY, "one row in 50"),
    "a slice of a split": ("dataset_train_split=train[:5%]", "sft.zephyr", TINY, "a part of the rows"),
    "another project's rows": ("dataset_name=build/genome-chatbot/chats", "sft.zephyr", TINY, "rows of another project"),
    "all rows held out": ("val_set_size=0.95 test_datasets=none", "sft.axolotl", TINY, "trains on 5% of the rows"),
    "an old checkpoint in the recipe": ("resume_from_checkpoint=runs/old/checkpoint-5", "sft.axolotl", TINY,
                                        "goes on with an earlier training"),
    "layers that the model lacks": ("peft_layers_to_transform=[30]", "sft.axolotl", TINY, "layers 0 to 5"),
    "weights to unfreeze that do not exist": (
        "adapter=none unfrozen_parameters=['^transformer.h.0']", "sft.axolotl", TINY, "match no weight"),
}  # fmt: skip

# What is changed in which file, a part of the sentence.
YIELD_CHAT = 'yield {**row, "messages": [turn("user", question), turn("assistant", answer)]}'
CODE = {
    "chance without a seed": (edit(DATASET, ("random.Random(name)", "random.Random()")), "yields other rows each time"),
    "chance at import": (edit(DATASET, ('DIGITS = [', 'SHIFT = random.random()\nDIGITS = ['),
                              ('"id": f"{name}-{number}"', '"id": f"{name}-{number}-{SHIFT}"')), "other rows each time"),
    "the order of a set": (edit(DATASET, ('["sum", "difference", "digit"]', 'list({"sum", "difference", "digit"})')),
                           "other rows each time"),
    "the clock in an id": (edit(DATASET, ("import random", "import random\nimport time"),
                                ('"id": f"{name}-{number}"', '"id": f"{name}-{number}-{time.time()}"')), "other rows each time"),
    "one group for all": (edit(DATASET, ('"group": group', '"group": "all"')), "all of 300 rows have the group"),
    "one answer for all": (edit(DATASET, (YIELD_CHAT, YIELD_CHAT.replace("answer)", '"I can help.")'))), "are the same"),
    "answers that are nan": (edit(DATASET, (YIELD_CHAT, YIELD_CHAT.replace("answer)", '"nan" if first(question) else answer)')),
                                  ("def chats():", "def first(question):\n    return '1' in question\n\n\ndef chats():")),
                             "a missing value became text"),
    "NaN in meta": (edit(DATASET, ('"meta": {"language": language}', '"meta": {"language": language, "x": float("nan")}')),
                    "is NaN"),
    "a set in meta": (edit(DATASET, ('"meta": {"language": language}', '"meta": {"language": {language}}')), "is a set"),
    "the answer in the question": (edit(DATASET, ('turn("user", question), turn("assistant", answer)',
                                                  'turn("user", f"{question} (answer: {answer})"), turn("assistant", answer)')),
                                   "gives its answer away"),
    "the answer before the question": (edit(DATASET, ('turn("user", question), turn("assistant", answer)',
                                                  'turn("user", f"{answer} {question}"), turn("assistant", answer)')),
                                   "the answer stands in the question"),
    "sides exchanged": (edit(DATASET, ('{"chosen": [turn("assistant", answer)], "rejected": [turn("assistant", wrong(rng, answer))]}',
                                       '{"rejected": [turn("assistant", answer)], "chosen": [turn("assistant", wrong(rng, answer))]}')),
                        "sides are exchanged"),
    "labels inverted": (edit(DATASET, ('"label": good}', '"label": not good}')), "are inverted"),
    "labels as strings": (edit(DATASET, ('"label": good}', '"label": str(good)}')), "'label' is neither true nor false"),
    "labels as numbers": (edit(DATASET, ('"label": good}', '"label": int(good)}')), "'label' is neither true nor false"),
    "rejected sides that are always longer": (edit(DATASET, ("wrong(rng, answer))]}", "wrong(rng, answer) * 3)]}")),
                                              "rejected answers are longer"),
    "rejected sides that give themselves away": (edit(DATASET, ("wrong(rng, answer))]}", "'Hm, ' + wrong(rng, answer)[:9])]}")),
                                                 "tells the sides apart"),
    "broken characters": (edit(DATASET, ('"Was ist"', '"Was ist für dich".encode().decode("latin-1")')), "broken characters"),
    "HTML in the answers": (edit(DATASET, (YIELD_CHAT, YIELD_CHAT.replace("answer)", 'answer + "<br>")'))), "is HTML"),
    "a slot that was never filled": (edit(DATASET, (YIELD_CHAT, YIELD_CHAT.replace("answer)", 'answer + " Dear {name}"'+")"))), "never filled"),
    "an escape as text": (edit(DATASET, (YIELD_CHAT, YIELD_CHAT.replace("answer)", 'answer + "\\\\n")'))), "escaped twice"),
    "answers cut at a limit": (
        edit(DATASET, (YIELD_CHAT, YIELD_CHAT.replace("answer)", '(answer + "abcdefg" * (1 + sum(map(ord, question)) % 9))[:50])'))),
        "are they cut"),
    "roles exchanged": (edit(DATASET, (YIELD_CHAT, YIELD_CHAT.replace('turn("user", question)', 'turn("assistant", question), turn("user", question)'))),
                        "begins with the assistant"),
    "a form for each row": (edit(DATASET, ('"form": form', '"form": f"{form} {number}"')), "a form is a kind of task"),
    "a language that the card lacks": (edit(DATASET, ('rng.choice(["en", "de"])', 'rng.choice(["en", "fr"])')), "is in 'fr'"),
    "the same id": (edit(DATASET, ('"id": f"{name}-{number}"', '"id": f"{name}-{number // 2}"')), "several rows with the id"),
    "one question again and again": (edit(DATASET, ("first, second = rng.randrange(10, 500), rng.randrange(10, 500)",
                                                   "first, second = rng.randrange(10, 12), rng.randrange(10, 12)"),
                                          ("rng.randrange(500)", "rng.randrange(2)")), "different prompts"),
    "several answers to a question": (edit(DATASET, ('"The difference is {first - second}."', '"The difference is {first - second + rng.randrange(9)}."'),
                                           ("rng.randrange(10, 500), rng.randrange(10, 500)", "rng.randrange(10, 20), rng.randrange(10, 20)")),
                                      "several answers"),
    "a group for each row": (edit(DATASET, ('"group": group', '"group": f"{name}-{number}"'),
                                  ('{ask} {first} + {second}?', '{ask} NM{first // 40:06d} + {second}?')), "need the same group"),
    "a key that does not exist": (edit(DATASET, ("DIGITS[digit]", "DIGITS[digit + 5]")), "dataset.py:"),
    "a relative path": (edit(DATASET, ("    rng = random.Random(name)", "    open('rows.csv')\n    rng = random.Random(name)")),
                        "No such file"),
    "a generator without an end": (edit(DATASET, ('return {"role"', 'return turn(role, content) or {"role"')), "without end"),
    "a generator of nothing": (edit(DATASET, ('    for row, question, answer in rows("documents"):', '    for row, question, answer in []:')),
                               "yields no row"),
    "rows that are returned": (edit(DATASET, ('        yield {**row, "text": f"{question} {answer}"}', '        return {**row, "text": question}')),
                               "not rows"),
    "an answer without its row": (edit(EVALUATION, ("prediction.strip() == right", "True")), "as well as the reference"),
    "an answer that contains the reference": (edit(EVALUATION, ("prediction.strip() == right", "right in prediction")),
                                              "says everything"),
    "a part of the reference": (edit(EVALUATION, ("prediction.strip() == right", "prediction.strip() in right")),
                                "as well as the reference"),
    "the reference is wrong": (edit(EVALUATION, ("prediction.strip() == right", "prediction.strip() != right")),
                               "the reference itself scores 0"),
    "the reference is never right": (edit(EVALUATION, ("prediction.strip() == right", "prediction.strip() == right + '\\n'")),
                                     "the reference itself scores 0"),
    "the main metric never returned": (edit(EVALUATION, ('"exact": float(prediction.strip() == right), ', "")), "never returned"),
    "the main metric under another name": (edit(EVALUATION, ('"exact":', '"exact_match":')), "exact_match"),
    "a percentage in a share": (edit(EVALUATION, ("float(prediction.strip() == right)", "100.0 * (prediction.strip() == right)")),
                                "exact is 100"),
    "the case of letters alone": (edit(EVALUATION, ("prediction.strip() == right", "prediction.strip()[:3] == right[:3]")),
                                  "counts as right"),
    "a metric by chance": (edit(EVALUATION, ("\nimport re\n", "\nimport random\nimport re\n"),
                                ("prediction.strip() == right", "prediction.strip() == right and random.random() > 0.1")),
                           "other values for the same answer"),
    "a metric that changes its row": (edit(EVALUATION, ("    right = reference_of(row)", '    row["meta"]["seen"] = prediction\n    right = reference_of(row)')),
                                      "changes row"),
    "a metric that raises on nothing": (edit(EVALUATION, ("prediction.strip() == right", "prediction.strip()[0] == right[0] and prediction.strip() == right")),
                                        "evaluation.py:"),
    "a metric that raises on a large number": (edit(EVALUATION, (r"-?\d{1,9}", r"-?\d+")), "evaluation.py:"),
    "a metric for one form": (edit(EVALUATION, ("float(prediction.strip() == right)", "float(prediction.strip() == right) if 'digit' in row['form'] else None")),
                              "applies to"),
    "an aggregate that is always best": (edit(EVALUATION, ("FAR = 1000.0", "FAR = 1000.0\n\n\ndef aggregate(scored):\n    return {\"exact\": 1.0}")),
                                         "as well as the reference"),
    "a constant reward": (edit(EVALUATION, ("FAR = 1000.0", "FAR = 1000.0\n\n\ndef reward(prediction, row):\n    return 1.0")),
                          "whatever the answer"),
    "a reversed reward": (edit(EVALUATION, ("FAR = 1000.0", "FAR = 1000.0\n\n\ndef reward(prediction, row):\n    return -score(prediction, row)[\"exact\"]")),
                          "it is reversed"),
    "prompts without a reference": (edit(DATASET, (' "meta": row["meta"] | {"reference": answer}}', "}")), "no reference"),
    "better: lower on exact match": (edit(CARD, ("exact: {unit: share, better: higher", "exact: {unit: share, better: lower")), "the card's best is 0"),
    "a range turned around": (edit(CARD, ("better: higher, range: [0, 1]", "better: higher, range: [1, 0]")), "the range of 'exact'"),
    "a range of per cent for a share": (edit(CARD, ("better: higher, range: [0, 1]", "better: higher, range: [0, 100]")), "the card's best is 100"),
    "answers of four tokens": (edit(CARD, ("max_new_tokens: 64", "max_new_tokens: 4")), "no answer could be right"),
    "answers as long as the context": (edit(CARD, ("max_new_tokens: 64", "max_new_tokens: 1024")), "no room for a question"),
    "a stop string in the references": (edit(CARD, ("stop: []", "stop: [' is']")), "would be cut there"),
    "a full stop as stop string": (edit(CARD, ("stop: []", "stop: ['.']")), "would be cut there"),
    "a closed form that does not exist": (edit(CARD, ("closed: [digit]", "closed: [digits]")), "no row has the form 'digits'"),
    "every form closed": (edit(CARD, ("closed: [digit]", "closed: [digit, sum, difference]")), "every form is closed"),
    "twelve rows": (edit(CARD, ("tiny: 2000", "tiny: 12")), "too few to learn from"),
    "a language that is no code": (edit(CARD, ("languages: [en, de]", "languages: [English, de, en]")), "no language code"),
    "a metric that nobody returns": (edit(CARD, ("    distance:", "    bleu: {unit: BLEU, better: higher, range: [0, 100]}\n    distance:")),
                                     "'bleu' is never returned"),
    "a model too large for its profile": (edit(CARD, ("laptop: HuggingFaceTB/SmolLM2-135M-Instruct", "laptop: Qwen/Qwen3-14B")),
                                          "GB of weights"),
    "a thousand answers to each row": (edit(CARD, ("max_new_tokens: 64", "max_new_tokens: 64\n  samples: 1000")), "take that much longer"),
    "a recipe without its rows": (with_recipe("dpo", edit(DATASET, ("def preferences():", "def pairs():"), ("in preferences():", "in pairs():"))), "no preferences() in"),
}  # fmt: skip


# What is changed in the model's folder, a part of the sentence.
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


MODEL = {
    "fewer layers than the weights": (json_edit("config.json", num_hidden_layers=4), "'num_hidden_layers' is 4"),
    "more layers than the weights": (json_edit("config.json", num_hidden_layers=8), "would be random"),
    "another width": (json_edit("config.json", hidden_size=256), "'hidden_size'"),
    "another number of heads": (json_edit("config.json", num_key_value_heads=1), "'num_key_value_heads'"),
    "a smaller feed-forward layer": (json_edit("config.json", intermediate_size=256), "'intermediate_size'"),
    "another rotation": (json_edit("config.json", rope_theta=1000000.0), "'rope_theta' is"),
    "another family": (json_edit("config.json", model_type="llama", architectures=["LlamaForCausalLM"]), "'model_type' is"),
    "a head of its own that is missing": (json_edit("config.json", tie_word_embeddings=False), "lm_head"),
    "a classifier": (json_edit("config.json", architectures=["Qwen3ForSequenceClassification"]), "no head that writes"),
    "texts of sixteen tokens": (json_edit("tokenizer_config.json", model_max_length=16), "'model_max_length' is 16"),
    "a tokenizer that cuts": (json_edit("tokenizer.json", truncation={"max_length": 16, "strategy": "LongestFirst",
                                        "stride": 0, "direction": "Right"}), "cuts every text at 16"),
    "an adapter beside the weights": (lambda root: (root / BASE / "adapter_config.json").write_text("{}"), "loaded on top"),
    "two sets of weights": (copied_to("model-00001-of-00001.safetensors"), "two sets of weights"),
    "weights of NaN": (weights(lambda t: t["model.norm.weight"].fill_(float("nan"))), "NaN or infinite"),
    "weights of zero": (weights(lambda t: t["model.layers.2.mlp.up_proj.weight"].zero_()), "is all zero"),
    "a missing layer": (weights(lambda t: [t.pop(k) for k in list(t) if ".layers.5." in k]), "the weights have 5"),
    "the day's date in the template": (edit(f"{BASE}/chat_template.jinja", ("{%- for message in messages %}", "{{- strftime_now('%d %b') }}{%- for message in messages %}")), "the day's date"),
}  # fmt: skip

# Rows that were built, or changed by hand afterwards; a part of the sentence.
ROWS = {
    "three rows": (built("chats", [chat(n) for n in range(3)]), "only 3 training rows"),
    "an empty file": (built("chats", []), "holds no row"),
    "pairs for SFT": (built("chats", [pair(n) for n in range(30)]), "holds preferences, and sft trains on chats"),
    "answers of None": (built("chats", [chat(n, answer="None" if n % 5 == 0 else "It is {n}.") for n in range(60)]), "'None'"),
    "a row of a million characters": (built("chats", [chat(n, question="x" * 1_000_000 if n == 7 else "What is {n}?") for n in range(30)]),
                                      "1,000,0"),
    "no test rows": (lambda root: [built("chats", [chat(n) for n in range(120)])(root), built("chats", [], "test")(root),
                                   built("chats", [chat(n) for n in range(20)], "validation")(root)], "no test rows"),
    "the byte order mark": (built("chats", [chat(n, question="\ufeffWhat is {n}?") for n in range(30)]), "control character"),
    "bytes as text": (built("chats", [chat(n, answer="b'It is {n}'") for n in range(30)]), "bytes object"),
}  # fmt: skip

# Known mistakes that no check finds before the first step, with the reason; docs/mistakes.md lists them.
NOT_CAUGHT = ()


def test_the_project_without_a_mistake_has_none(planted):
    assert lines(run_code=True) == []
    for name in (
        "dpo.zephyr",
        "dpo.axolotl",
        "kto.zephyr",
        "grpo.axolotl",
        "sft.axolotl",
        "reward.zephyr",
        "ppo.zephyr",
    ):
        for profile in (TINY, BIG):
            assert lines(name, profile) == [], name


def test_at_least_120_are_planted_and_100_of_them_caught():
    names = [*RECIPES, *CODE, *MODEL, *ROWS]
    assert len(set(names)) == len(names)
    assert len(names) >= 120
    assert len(names) - len(NOT_CAUGHT) >= 100


def assert_reported(reported, part):
    assert any(part in line for line in reported), "\n".join(reported) or "nothing is reported"
    assert all(line.count("\n") == 0 and "Traceback" not in line for line in reported)


@pytest.mark.parametrize("name", RECIPES)
def test_a_value_without_sense_is_reported(planted, name):
    words, recipe, profile, part = RECIPES[name]
    words = re.findall(r"\S+=(?:\[.*\]|\{.*\}|'[^']*'|\S+)", words)
    assert_reported(lines(recipe, profile, words), part)


@pytest.mark.parametrize("name", CODE)
def test_a_mistake_in_card_builder_or_metrics_is_reported(planted, name):
    plant, part = CODE[name]
    plant(planted)
    assert_reported(lines("dpo" if "recipe" in name else "sft", run_code=True), part)


@pytest.mark.parametrize("name", MODEL)
def test_a_mistake_in_the_models_folder_is_reported(planted, name):
    plant, part = MODEL[name]
    plant(planted)
    assert_reported(lines(), part)


@pytest.mark.parametrize("name", ROWS)
def test_a_mistake_in_built_rows_is_reported(planted, name):
    plant, part = ROWS[name]
    plant(planted)
    assert_reported(lines(), part)
