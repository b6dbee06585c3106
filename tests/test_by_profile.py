"""Values of a recipe that a profile replaces or that do not suit its model, as `make check` reports them."""

import pytest

from gretchen.checks.recipes import profile_values, resolve_all
from gretchen.projects.card import load_card, project_slugs
from gretchen.recipes.find import find, recipes_of
from gretchen.recipes.resolve import Request, resolve

SLUG = "genome-chatbot"
FILE = f"projects/{SLUG}/recipes/sft.zephyr.yaml"


def checked(root, text, *set_words, profile="tiny"):
    """Return the check's outcome for SFT with this text as its recipe."""
    (root / FILE).write_text(f"extends: [zephyr/sft.yaml]\n{text}", encoding="utf-8")
    return profile_values(SLUG, [resolve(Request(SLUG, "sft.zephyr", profile, set_words))])


@pytest.mark.parametrize(
    ("value", "words"), [("2.0e-4", "15 times below"), ("5.0e-4", "6 times below"), ("0.03", "10 times above")]
)
def test_a_rate_far_from_what_the_profiles_model_wants_is_a_warning(copied, value, words):
    (line,) = checked(copied, f"learning_rate: {value}\n").warnings
    assert line.startswith(
        f"{FILE}:2: 'learning_rate' {float(value):g} is {words} the 0.003 that the model of tiny wants"
    )
    assert "(shared_recipes/zephyr/sft.yaml:" in line
    outcome = checked(copied, f"learning_rate: {value}\n", profile="gpu-24gb")
    assert not outcome.warnings, "the method states nothing for that profile"


@pytest.mark.parametrize("text", ["", "learning_rate: 1.0e-3\n", "num_train_epochs: 30\n"])
def test_a_rate_near_it_and_other_values_are_not(copied, text):
    outcome = checked(copied, text)
    assert (outcome.warnings, outcome.notes) == ((), ())


def test_a_value_that_the_recipes_own_profile_replaces_is_noted(copied):
    text = "learning_rate: 1.0e-3\nprofiles:\n  tiny: {learning_rate: 4.0e-3}\n"
    outcome = checked(copied, text)
    assert (outcome.state, outcome.warnings) == ("ok", ())
    assert outcome.notes == (
        f"{FILE}:2: 'learning_rate' 0.001 has no effect under tiny: profiles.tiny in line 4 sets 0.004",
    )
    assert checked(copied, text, "learning_rate=2e-3").notes == (), "SET replaces both"


def test_the_untouched_repository_has_neither():
    for slug in project_slugs():
        resolved, errors = resolve_all(slug, list(recipes_of(slug).values()), load_card(slug).profiles)
        outcome = profile_values(slug, resolved)
        assert (errors, outcome.warnings, outcome.notes) == ([], (), ())
    assert find(SLUG, "kto").is_shared
    assert not profile_values(SLUG, [resolve(Request(SLUG, "kto", "tiny"))]).warnings
