"""Converts warm-up, saving, evaluation, tracking and the hub, which the engines divide among keys differently."""

from typing import Any

from gretchen.converting.conversion import Conversion

TRACKERS = {"wandb": "use_wandb", "mlflow": "use_mlflow", "tensorboard": "use_tensorboard", "comet_ml": "use_comet",
            "trackio": "use_trackio"}  # fmt: skip
# axolotl's keys for W&B -> environment variables, which our recipes set in `env:`.
WANDB = {
    f"wandb_{name}": f"WANDB_{name.upper()}" for name in ("project", "entity", "mode", "watch", "log_model", "run_id")
}
AXOLOTL_SAVE_LIMIT = 4  # axolotl's default of save_total_limit
DECIMALS = 6


def to_axolotl(c: Conversion) -> None:
    """Write axolotl's keys."""
    warmup = c.take("warmup_steps", 0)
    is_fraction = 0 < warmup < 1
    c.put("warmup_ratio" if is_fraction else "warmup_steps", warmup if is_fraction else int(warmup), "warmup_steps")
    saving_to_axolotl(c)
    evaluation_to_axolotl(c)
    tracking_to_axolotl(c)
    if c.take("push_to_hub", False):
        c.carry("hub_model_id")
        c.carry("hub_strategy")
        c.carry("hub_revision")
        if not (c.take("hub_private_repo", False) and c.take("hub_always_push", False)):
            c.note("the hub: axolotl creates a private repository, and pushes without waiting for the previous push")
    else:
        for key in ("hub_model_id", "hub_strategy", "hub_revision", "hub_private_repo", "hub_always_push"):
            c.drop(key, "it has no effect without 'push_to_hub: true', but in axolotl it would push")


def saving_to_axolotl(c: Conversion) -> None:
    """Write when checkpoints are saved: by default axolotl saves each epoch, TRL every 500 steps."""
    strategy = c.take("save_strategy", "steps")
    steps = c.take("save_steps", 500)
    if strategy == "steps":
        c.put("save_steps", steps, "save_steps" if c.has("save_steps") else "save_strategy")
    else:
        c.put("save_strategy", strategy, "save_strategy", default="epoch")
    limit = c.take("save_total_limit")
    if limit:
        c.put("save_total_limit", limit, "save_total_limit")
    else:
        c.note(f"checkpoints: TRL keeps all without 'save_total_limit', axolotl the newest {AXOLOTL_SAVE_LIMIT}")


def evaluation_to_axolotl(c: Conversion) -> None:
    """Write when the held-out rows are evaluated."""
    strategy = c.take("eval_strategy", "no")
    steps = c.take("eval_steps", c.source_values.get("logging_steps", 10))
    on_start = c.take("eval_on_start", False)
    if strategy == "steps":
        c.put("eval_steps", steps, "eval_steps" if c.has("eval_steps") else "eval_strategy")
    else:
        c.put("eval_strategy", strategy, "eval_strategy", default="no")
    if strategy != "no" and not on_start:
        c.note("evaluation: axolotl also evaluates before the first step")
    size = c.take("per_device_eval_batch_size", 8)
    c.put("eval_batch_size", size, "per_device_eval_batch_size", c.source_values.get("per_device_train_batch_size", 8))


def tracking_to_axolotl(c: Conversion) -> None:
    """Write the experiment trackers."""
    trackers = c.take("report_to", [])
    trackers = trackers if isinstance(trackers, list) else [trackers]
    for name in trackers:
        if name in TRACKERS:
            c.put(TRACKERS[name], True, "report_to")
        elif name != "none":
            c.drop("report_to", f"axolotl has no key for '{name}'")
    environment = dict(c.take("env", {}))
    for key, name in WANDB.items():
        if name in environment:
            c.put(key, environment.pop(name), "env")
    if environment:
        c.drop("env", f"axolotl sets no environment variables: export {', '.join(environment)} before the training")
    if (run := c.take("run_name")) is not None:
        names = {"wandb": "wandb_name", "mlflow": "mlflow_run_name", "trackio": "trackio_run_name"}
        key = next((names[name] for name in trackers if name in names), "")
        if key:
            c.put(key, run, "run_name")
        else:
            c.drop("run_name", "no tracker reports the run")


def to_zephyr(c: Conversion) -> None:
    """Write TRL's keys."""
    steps, ratio = c.take("warmup_steps"), c.take("warmup_ratio")
    if steps is None and ratio is None:
        c.note("warm-up: axolotl's default is 0.03 of all steps, at most 100; the twin sets 0.03")
    origin = "warmup_steps" if steps is not None else "warmup_ratio"
    c.put("warmup_steps", steps if steps is not None else 0.03 if ratio is None else ratio, origin)
    saving_to_zephyr(c)
    evaluation_to_zephyr(c)
    tracking_to_zephyr(c)
    if c.has("hub_model_id"):
        c.put("push_to_hub", True, "hub_model_id")
        c.put("hub_private_repo", True, "hub_model_id")
        c.put("hub_always_push", True, "hub_model_id")
    for key in ("hub_model_id", "hub_strategy", "hub_revision"):
        c.carry(key)


def fraction_of_steps(c: Conversion, times_per_epoch: float) -> float:
    """Return a number of times per epoch as TRL's keys express it: a fraction of all steps."""
    return round(1 / (times_per_epoch * float(c.source_values.get("num_epochs") or 1.0)), DECIMALS)


def saving_to_zephyr(c: Conversion) -> None:
    """Write when checkpoints are saved."""
    strategy, steps, per_epoch = c.take("save_strategy", "epoch"), c.take("save_steps"), c.take("saves_per_epoch")
    if steps is None and per_epoch:
        steps = fraction_of_steps(c, per_epoch)
    if steps is not None and steps != 1.0:
        origin = "save_steps" if c.has("save_steps") else "saves_per_epoch"
        c.put("save_strategy", "steps", origin)
        c.put("save_steps", steps, origin, default=500)
    else:
        c.put("save_strategy", strategy, "save_strategy", default="steps")
    c.put("save_total_limit", c.take("save_total_limit", AXOLOTL_SAVE_LIMIT), "save_total_limit")


def evaluation_to_zephyr(c: Conversion) -> None:
    """Write when the held-out rows are evaluated; axolotl also evaluates before the first step."""
    strategy, steps, per_epoch = c.take("eval_strategy"), c.take("eval_steps"), c.take("evals_per_epoch")
    batch = c.take("eval_batch_size", c.source_values.get("micro_batch_size", 1))
    c.put("per_device_eval_batch_size", batch, "eval_batch_size", default=8)
    if not c.has("test_datasets") and not c.source_values.get("val_set_size"):
        for key in ("eval_strategy", "eval_steps", "evals_per_epoch"):
            c.drop(key, "there are no rows to evaluate on")
        return
    if steps is None and per_epoch:
        steps = fraction_of_steps(c, per_epoch)
    if steps is not None and steps != 1.0:
        origin = "eval_steps" if c.has("eval_steps") else "evals_per_epoch"
        c.put("eval_strategy", "steps", origin)
        c.put("eval_steps", steps, origin)
    elif strategy:
        c.put("eval_strategy", strategy, "eval_strategy", default="no")
    if c.values.get("eval_strategy", "no") != "no":
        c.put("eval_on_start", True, default=False)


def tracking_to_zephyr(c: Conversion) -> None:
    """Write the experiment trackers."""
    trackers = [name for name, key in TRACKERS.items() if c.take(key, False)]
    if c.has("wandb_project") and "wandb" not in trackers:  # axolotl then enables W&B
        trackers.insert(0, "wandb")
    if trackers:
        origin = TRACKERS[trackers[0]] if c.has(TRACKERS[trackers[0]]) else "wandb_project"
        c.put("report_to", trackers[0] if len(trackers) == 1 else trackers, origin)
    environment: dict[str, Any] = {}
    for key, name in WANDB.items():
        if (value := c.take(key)) is not None:
            environment[name] = str(value)
    if environment:
        c.put("env", environment, next(key for key in WANDB if c.has(key)))
    for key in ("wandb_name", "mlflow_run_name", "trackio_run_name"):
        c.carry(key, "run_name")
