"""Values of a recipe that a profile replaces, or that do not suit the profile's model.

    projects/p/recipes/sft.zephyr.yaml:4: 'learning_rate' 1e-3 has no effect under tiny: profiles.tiny in line 7 …

A recipe's own value counts on every profile (recipes/layers.py). A shared method states under `profiles:` what a
profile's model wants; a recipe's value that is far from it was meant for another model.
"""

from collections.abc import Iterator

from gretchen.recipes.layers import LayerKind
from gretchen.recipes.read import Override
from gretchen.recipes.resolve import Resolved

# The values that follow from a model's size; lengths of trainings and batches do not.
MODEL_SIZED = ("learning_rate",)
FAR = 5.0  # times larger or smaller


def effective_overrides(resolved: Resolved) -> list[Override]:
    """Return the overrides of a project's recipe whose upper value is the resolved one (SET may replace it)."""
    overrides = resolved.layers.overrides
    return [override for override in overrides if str(resolved.origins.get(override.key)) == override.location]


def far_from_profile(resolved: Resolved) -> Iterator[str]:
    """Yield a message for each value of a recipe that is far from what its method states for the profile's model."""
    for override in effective_overrides(resolved):
        value, usual = override.value, override.replaced
        if override.kind is not LayerKind.RECIPE or override.key not in MODEL_SIZED or not (value and usual):
            continue
        factor = max(value / usual, usual / value)
        if factor >= FAR:
            side = "above" if value > usual else "below"
            yield (
                f"{override.location}: '{override.key}' {value:g} is {factor:.0f} times {side} the {usual:g} that the "
                f"model of {resolved.profile} wants ({override.replaced_location}): a recipe's value counts on every "
                f"profile, one for other hardware stands under its `profiles:`"
            )


def replaced_by_profile(resolved: Resolved) -> Iterator[str]:
    """Yield a message for each value of a recipe that its own `profiles:` replaces."""
    for override in effective_overrides(resolved):
        if override.kind is LayerKind.RECIPE_PROFILE:
            line = override.location.rpartition(":")[2]
            yield (
                f"{override.replaced_location}: '{override.key}' {override.replaced} has no effect under "
                f"{resolved.profile}: profiles.{resolved.profile} in line {line} sets {override.value}"
            )
