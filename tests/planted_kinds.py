# ruff: noqa: E501 (the tables of changes)
"""More mistakes of the tables' kinds, found by planting two hundred that nobody had written a check for."""

from planted import BASE, CARD, DATASET, EVALUATION, FOLDER, built, chat, edit, json_edit, weights

TINY, BIG = "tiny", "gpu-24gb"
# SET words, recipe, profile, a part of the sentence.
RECIPES = {
    "a scheduler without its setting": ("lr_scheduler_type=cosine_with_min_lr", "sft.zephyr", TINY, "needs min_lr"),
    "a thousand restarts": ("lr_scheduler_type=cosine_with_restarts lr_scheduler_kwargs={num_cycles: 1000}", "sft.zephyr", TINY, "never settles"),
    "a rank of the model's width": ("lora_r=256 lora_alpha=256", "sft.zephyr", TINY, "no less than the model's width"),
    "one weight for two losses": ("loss_weights=[1.0]", "dpo.zephyr", TINY, "one weight for each"),
    "a group that does not fill the batch": ("num_generations=7", "grpo.zephyr", TINY, "whole groups: 8"),
    "Lion at Adam's rate": ("optim=lion_32bit learning_rate=2e-4", "sft.zephyr", BIG, "steps by the sign alone"),
    "a loss of another stage": ("loss_type=simpo loss_weights=null", "dpo.zephyr", TINY, "no loss of DPO: RECIPE=simpo"),
    "a mistyped loss": ("dpo_loss_type=[sigmoyd,sft]", "dpo.axolotl", TINY, "no loss of DPO: sigmoid"),
    "a reference that follows an adapter": ("sync_ref_model=true", "dpo.zephyr", TINY, "nothing can follow"),
    "the best by the card's metric": ("load_best_model_at_end=true metric_for_best_model=exact", "sft.zephyr", TINY, "reports no such figure"),
    "checkpoints that nothing compares": ("load_best_model_at_end=true save_strategy=steps save_steps=50", "sft.zephyr", TINY, "the same for both"),
    "Liger without a GPU": ("use_liger_kernel=true", "sft.zephyr", TINY, "Liger's kernels need a GPU"),
    "a policy from a reward model": ("model_name_or_path=${base.reward}", "dpo.zephyr", TINY, "starts from a reward model"),
    "SFT after DPO": ("model_name_or_path=${base.dpo}", "sft.zephyr", TINY, "undoes that"),
    "a tied head trained apart": ("lora_modules_to_save=[lm_head]", "sft.zephyr", TINY, "they are one matrix"),
    "an adapter that starts at random": ("peft_init_lora_weights=false", "sft.axolotl", TINY, "before it has learned anything"),
    "a reward for the form alone": ("reward_funcs=[think_format_reward]", "grpo.zephyr", TINY, "form alone"),
    "a reward without its column": ("reward_funcs=[accuracy_reward]", "grpo.zephyr", TINY, "a column 'solution'"),
}  # fmt: skip

ANSWER = '{**row, "messages": [turn("user", question), turn("assistant", answer)]}'
LAST = "FAR = 1000.0"
RIGHT = "prediction.strip() == right"
EXACT = f"float({RIGHT})"


def answers(expression, question="question"):
    """Return a function that writes other questions and answers into the chats."""
    return edit(
        DATASET, (ANSWER, f'{{**row, "messages": [turn("user", {question}), turn("assistant", {expression})]}}')
    )


CODE = {
    "a loop that never yields": (edit(DATASET, ("    for row, question, answer in rows(\"documents\"):", "    while True:\n        pass\n    for row, question, answer in []:")), "a loop without end"),
    "blanks behind the answers": (answers('answer + "  "'), "white space"),
    "letters and accents apart": (answers('answer + " fu\\u0308r"'), "(NFD)"),
    "whole numbers as floats": (answers("(answer.split()[-1].rstrip('.') + '.0') if any(map(str.isdigit, answer)) else answer"), "became floats"),
    "questions for answers": (answers("question", "answer"), "exchanged?"),
    "answers that repeat their questions": (answers('question + " " + answer'), "repeats its question"),
    "named HTML entities": (answers('answer + " f&uuml;r"'), "is HTML"),
    "a frame around the questions": (answers("answer", '"### Instruction:\\n" + question'), "contains the template's own"),
    "documents that end with EOS": (edit(DATASET, ('f"{question} {answer}"}', 'f"{question} {answer}<|im_end|>"}')), "adds the EOS itself"),
    "letters lost in reading": (lambda root: [answers("answer * 3")(root), edit(CARD, ("languages: [en, de]", "languages: [de]"))(root)], "were these letters lost"),
    "labels by length": (edit(DATASET, ('"completion": pair["chosen" if good else "rejected"], "label": good}', '"completion": [turn("assistant", "It is so. " * (1 if good else 9))], "label": good}')), "the shorter ones"),
    "no value for wrong answers": (edit(EVALUATION, (EXACT, f"1.0 if {RIGHT} else None")), "left out of the mean"),
    "the letters in any order": (edit(EVALUATION, (RIGHT, "sorted(prediction) == sorted(right)")), "spelled backwards"),
    "digits that do not count": (edit(EVALUATION, (RIGHT, 're.sub("[0-9]", "0", prediction) == re.sub("[0-9]", "0", right)')), "a wrong number counts as right"),
    "every word right": (edit(EVALUATION, (RIGHT, "set(prediction.split()) == set(right.split())")), "a model that repeats itself"),
    "the best of all rows": (edit(EVALUATION, (LAST, f'{LAST}\n\n\ndef aggregate(scored):\n    return {{"exact": max(row.mean("exact") for row in scored)}}')), "every other answer empty"),
    "a reward by length": (edit(EVALUATION, (LAST, f"{LAST}\n\n\ndef reward(prediction, row):\n    return len(prediction) / 100")), "length is paid"),
    "a reward for any reference": (edit(EVALUATION, (LAST, f"{LAST}\n\n\ndef reward(prediction, row):\n    return float(3 < len(prediction) < 40)")), "a wrong answer is worth as much"),
    "an open form as a table": (lambda root: [edit(CARD, ("closed: [digit]", "closed: [digit, sum]"))(root), edit(DATASET, ("rng.randrange(10, 500), rng.randrange(10, 500)", "rng.randrange(10, 99_999), rng.randrange(10, 99_999)"))(root)], "no closed table"),
    "an address for a model": (edit(CARD, ("Qwen/Qwen3-4B", "https://huggingface.co/Qwen/Qwen3-4B")), "is an address"),
    "a model without its owner": (edit(CARD, ("Qwen/Qwen3-4B", "Qwen3-4B")), "owner/Qwen3-4B"),
    "a model for inference alone": (edit(CARD, ("Qwen/Qwen3-4B", "Qwen/Qwen3-4B-GGUF")), "quantized for inference"),
    "a model of embeddings": (edit(CARD, ("Qwen/Qwen3-4B", "Qwen/Qwen3-Embedding-4B")), "no model that writes"),
    "a tokenizer of small letters": (json_edit("tokenizer.json", normalizer={"type": "Lowercase"}), "changes texts"),
    "a tokenizer that pads": (json_edit("tokenizer.json", padding={"strategy": {"Fixed": 64}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "<|endoftext|>"}), "'padding' makes 64 tokens"),
    "EOS behind every text": (json_edit("tokenizer.json", post_processor={"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "<|im_end|>", "type_id": 0}}], "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}], "special_tokens": {"<|im_end|>": {"id": "<|im_end|>", "ids": [2], "tokens": ["<|im_end|>"]}}}), "ends every text with EOS"),
}  # fmt: skip


def untrained(tensors):
    """Set all weights to what they are before a training."""
    for name in tensors:
        tensors[name] = tensors[name] * 0 + 1 if "norm" in name else tensors[name].clamp(-0.05, 0.05)


MODEL = {
    "weights that were never trained": (weights(untrained), "ever trained?"),
    "weights a hundred times too large": (weights(lambda t: t["model.layers.1.mlp.up_proj.weight"].mul_(100)), "weights of 2 and more"),
    "attention that is dropped": (json_edit("config.json", attention_dropout=0.9), "'attention_dropout' is 0.9"),
    "attention to four tokens": (json_edit("config.json", use_sliding_window=True, sliding_window=4), "'use_sliding_window' is True"),
    "EOS forbidden": (json_edit("generation_config.json", suppress_tokens=[2]), "'suppress_tokens' forbids"),
    "answers of five tokens at most": (json_edit("generation_config.json", max_new_tokens=5), "'max_new_tokens' 5"),
    "a template of small letters": (edit(f"{BASE}/chat_template.jinja", ("'\\n' + message['content'] + '<|im_end|>\\n' }}\n    {%- endif %}\n{%- endfor", "'\\n' + message['content'] | lower + '<|im_end|>\\n' }}\n    {%- endif %}\n{%- endfor")), "changes a turn"),
}  # fmt: skip

CHATS = [chat(n) for n in range(120)]


def recipe_of(text):
    """Return a function that writes the project's SFT recipe for axolotl, which is checked as `sft`."""

    def plant(root):
        built("chats", CHATS)(root)
        edit(CARD, ("engine: zephyr", "engine: axolotl"))(root)
        (root / FOLDER / "recipes/sft.axolotl.yaml").write_text(
            f"extends: [axolotl/sft.yaml]\n{text}\n", encoding="utf-8"
        )

    return plant


def chat_set(**settings):
    """Return the recipe's data set with other settings."""
    values = {"path": "'${data.chats.train}'", "ds_type": "json", "split": "train", "type": "chat_template"} | settings
    return "datasets:\n  - {" + ", ".join(f"{key}: {value}" for key, value in values.items()) + "}"


def with_test(train, test, validation=()):
    """Return a function that writes train, test and validation rows."""

    def plant(root):
        for split, rows in (("train", train), ("test", test), ("validation", validation)):
            built("chats", list(rows), split)(root)

    return plant


def of_system(row):
    """Return a row with a system turn."""
    return row | {"messages": [{"role": "system", "content": "You add."}, *row["messages"]]}


def other_folder(root):
    """Write the training rows and the test rows into a folder of one's own, and train on it."""
    with_test(CHATS, [chat(n) for n in range(200, 220)], [chat(300)])(root)
    folder = root / "mine"
    folder.mkdir()
    lines = [(root / f"build/sums/chats/{split}.jsonl").read_text(encoding="utf-8") for split in ("train", "test")]
    (folder / "train.jsonl").write_text("".join(lines), encoding="utf-8")
    (root / FOLDER / "recipes/sft.zephyr.yaml").write_text(
        "extends: [zephyr/sft.yaml]\ndataset_name: mine\neval_strategy: 'no'\n", encoding="utf-8"
    )


ROWS = {
    "a type of other columns": (recipe_of(chat_set(type="alpaca")), "reads the column 'instruction'"),
    "turns under another name": (recipe_of(chat_set(field_messages="conversations")), "reads the column 'conversations'"),
    "a role that nobody has": (recipe_of(chat_set(roles_to_train="[bot]")), "no turn of"),
    "the questions are trained": (recipe_of(chat_set(roles_to_train="[user]")), "trains the questions"),
    "a file twice in itself": (built("chats", CHATS + CHATS), "count double"),
    "the validation file as test file": (with_test(CHATS, [chat(n) for n in range(200, 230)], [chat(n) for n in range(200, 230)]), "among the validation rows"),
    "a system turn in training alone": (with_test(map(of_system, CHATS), [chat(n) for n in range(200, 230)], [chat(300)]), "have none"),
    "test rows in a folder of one's own": (other_folder, "mine/train.jsonl:121: asks what a test row"),
}  # fmt: skip
