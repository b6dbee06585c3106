"""Warm-up, saving, evaluation, tracking and the hub: the same decisions, cut into keys in other ways."""

from typing import Any

from gretchen.converting.conversion import Conversion

TRACKERS = {"wandb": "use_wandb", "mlflow": "use_mlflow", "tensorboard": "use_tensorboard", "comet_ml": "use_comet",
            "trackio": "use_trackio"}  # fmt: skip
# axolotl's keys for W&B -> the environment's, which TRL reads from `env:`.
WANDB = {
    f"wandb_{name}": f"WANDB_{name.upper()}" for name in ("project", "entity", "mode", "watch", "log_model", "run_id")
}
KEPT_CHECKPOINTS = 4  # axolotl's own default
ROUND = 6


def to_axolotl(c: Conversion) -> None:
    """Write axolotl's keys."""
    warmup = c.take("warmup_steps", 0)
    share = 0 < warmup < 1
    c.put("warmup_ratio" if share else "warmup_steps", warmup if share else int(warmup), "warmup_steps")
    saving_to_axolotl(c)
    evaluation_to_axolotl(c)
    tracking_to_axolotl(c)
    if c.take("push_to_hub", False):
        c.carry("hub_model_id")
        c.carry("hub_strategy")
        c.carry("hub_revision")
        if not (c.take("hub_private_repo", False) and c.take("hub_always_push", False)):
            c.note("the hub: axolotl makes a private repository, and pushes without waiting for the push before")
    else:
        for key in ("hub_model_id", "hub_strategy", "hub_revision", "hub_private_repo", "hub_always_push"):
            c.name(key, "without 'push_to_hub: true' it has no effect, and in axolotl it would push")


def saving_to_axolotl(c: Conversion) -> None:
    """Write when checkpoints are kept: axolotl's own default is each epoch, TRL's every 500 steps."""
    strategy = c.take("save_strategy", "steps")
    steps = c.take("save_steps", 500)
    if strategy == "steps":
        c.put("save_steps", steps, "save_steps" if c.says("save_steps") else "save_strategy")
    else:
        c.put("save_strategy", strategy, "save_strategy", default="epoch")
    most = c.take("save_total_limit")
    if most:
        c.put("save_total_limit", most, "save_total_limit")
    else:
        c.note(f"checkpoints: TRL keeps all without 'save_total_limit', axolotl the newest {KEPT_CHECKPOINTS}")


def evaluation_to_axolotl(c: Conversion) -> None:
    """Write when the held-out rows are looked at."""
    strategy = c.take("eval_strategy", "no")
    steps = c.take("eval_steps", c.said.get("logging_steps", 10))
    on_start = c.take("eval_on_start", False)
    if strategy == "steps":
        c.put("eval_steps", steps, "eval_steps" if c.says("eval_steps") else "eval_strategy")
    else:
        c.put("eval_strategy", strategy, "eval_strategy", default="no")
    if strategy != "no" and not on_start:
        c.note("evaluation: axolotl also evaluates before the first step")
    size = c.take("per_device_eval_batch_size", 8)
    c.put("eval_batch_size", size, "per_device_eval_batch_size", c.said.get("per_device_train_batch_size", 8))


def tracking_to_axolotl(c: Conversion) -> None:
    """Write who is told of the run."""
    told = c.take("report_to", [])
    told = told if isinstance(told, list) else [told]
    for name in told:
        if name in TRACKERS:
            c.put(TRACKERS[name], True, "report_to")
        elif name != "none":
            c.name("report_to", f"axolotl has no key for '{name}'")
    environment = dict(c.take("env", {}))
    for key, name in WANDB.items():
        if name in environment:
            c.put(key, environment.pop(name), "env")
    if environment:
        c.name("env", f"axolotl sets no environment: export {', '.join(environment)} before the training")
    if (run := c.take("run_name")) is not None:
        names = {"wandb": "wandb_name", "mlflow": "mlflow_run_name", "trackio": "trackio_run_name"}
        key = next((names[name] for name in told if name in names), "")
        if key:
            c.put(key, run, "run_name")
        else:
            c.name("run_name", "nobody is told of the run")


def to_zephyr(c: Conversion) -> None:
    """Write TRL's keys."""
    steps, share = c.take("warmup_steps"), c.take("warmup_ratio")
    if steps is None and share is None:
        c.note("warm-up: axolotl's default is 0.03 of all steps and no more than 100, the twin says 0.03")
    origin = "warmup_steps" if steps is not None else "warmup_ratio"
    c.put("warmup_steps", steps if steps is not None else 0.03 if share is None else share, origin)
    saving_to_zephyr(c)
    evaluation_to_zephyr(c)
    tracking_to_zephyr(c)
    if c.says("hub_model_id"):
        c.put("push_to_hub", True, "hub_model_id")
        c.put("hub_private_repo", True, "hub_model_id")
        c.put("hub_always_push", True, "hub_model_id")
    for key in ("hub_model_id", "hub_strategy", "hub_revision"):
        c.carry(key)


def every(c: Conversion, times_per_epoch: float) -> float:
    """Return a number of times an epoch as TRL says it: a share of all steps."""
    return round(1 / (times_per_epoch * float(c.said.get("num_epochs") or 1.0)), ROUND)


def saving_to_zephyr(c: Conversion) -> None:
    """Write when checkpoints are kept."""
    strategy, steps, often = c.take("save_strategy", "epoch"), c.take("save_steps"), c.take("saves_per_epoch")
    if steps is None and often:
        steps = every(c, often)
    if steps is not None and steps != 1.0:
        origin = "save_steps" if c.says("save_steps") else "saves_per_epoch"
        c.put("save_strategy", "steps", origin)
        c.put("save_steps", steps, origin, default=500)
    else:
        c.put("save_strategy", strategy, "save_strategy", default="steps")
    c.put("save_total_limit", c.take("save_total_limit", KEPT_CHECKPOINTS), "save_total_limit")


def evaluation_to_zephyr(c: Conversion) -> None:
    """Write when the held-out rows are looked at; axolotl then does so before the first step too."""
    strategy, steps, often = c.take("eval_strategy"), c.take("eval_steps"), c.take("evals_per_epoch")
    c.put(
        "per_device_eval_batch_size", c.take("eval_batch_size", c.said.get("micro_batch_size", 1)), "eval_batch_size", 8
    )
    if not c.says("test_datasets") and not c.said.get("val_set_size"):
        for key in ("eval_strategy", "eval_steps", "evals_per_epoch"):
            c.name(key, "there are no rows to evaluate on")
        return
    if steps is None and often:
        steps = every(c, often)
    if steps is not None and steps != 1.0:
        origin = "eval_steps" if c.says("eval_steps") else "evals_per_epoch"
        c.put("eval_strategy", "steps", origin)
        c.put("eval_steps", steps, origin)
    elif strategy:
        c.put("eval_strategy", strategy, "eval_strategy", default="no")
    if c.values.get("eval_strategy", "no") != "no":
        c.put("eval_on_start", True, default=False)


def tracking_to_zephyr(c: Conversion) -> None:
    """Write who is told of the run."""
    told = [name for name, key in TRACKERS.items() if c.take(key, False)]
    if c.says("wandb_project") and "wandb" not in told:  # which switches it on
        told.insert(0, "wandb")
    if told:
        origin = TRACKERS[told[0]] if c.says(TRACKERS[told[0]]) else "wandb_project"
        c.put("report_to", told[0] if len(told) == 1 else told, origin)
    environment: dict[str, Any] = {}
    for key, name in WANDB.items():
        if (value := c.take(key)) is not None:
            environment[name] = str(value)
    if environment:
        c.put("env", environment, next(key for key in WANDB if c.says(key)))
    for key in ("wandb_name", "mlflow_run_name", "trackio_run_name"):
        c.carry(key, "run_name")
