"""The small catalogue: one function for each device and what can be done with it, for the profile `tiny`.

    start_fan(minutes, quiet=False)        adjust_lamp(level)        rename_radio(name) …

What is held out is a pair (data/devices.yaml): training knows the action with other devices, and the device with other
actions. So a small model can serve a function that it has never seen. Names, actions and devices are the few concepts;
values are whole minutes, percentages, times of day, heights, colors, rooms and names. A function notes what it was
asked for.

Not covered: dates, places, persons; the results of a call.
"""

import dataclasses
import random
from datetime import datetime
from functools import cache
from typing import Any

from gretchen.projects.splits import Split

from .kinds import MINUTES, TIME, Kind, Value, enum, flag, noun, percent, several
from .numerals import data
from .registry import FUNCTIONS, Function, Parameter, State, noted

DOMAIN = "devices"
ONSETS, VOWELS = "bdfgklmnrstv", "aeiou"
# Actions whose requests could be served by one another, on the same device.
LIKE = ({"start", "switch_on", "use"}, {"adjust", "raise", "lower"}, {"start", "adjust"})


def _name(rng: random.Random, language: str, now: datetime) -> Value:
    """Return an invented name in plain quotation marks: it is cut into the same tokens in a request and in a call."""
    name = "".join(rng.choice(ONSETS) + rng.choice(VOWELS) for _ in range(rng.choice((2, 2, 3)))).capitalize()
    return Value(name, f'"{name}"', f'"{name}"')


LEVEL = dataclasses.replace(percent(1, 99), schema={"type": "number"})
HEIGHT = dataclasses.replace(noun("centimetres", 2, 90, decimals=True), asks="height")
QUIET, PACE, COLOR, ROOMS = flag("quiet"), enum("pace"), enum("glow"), several(enum("room"))
NAME = Kind({"type": "string"}, _name, "new_name")
# An action's parameters: kinds, with the default of one that may be left out.
PARAMETERS: dict[str, dict[str, Parameter]] = {
    "start": {"minutes": Parameter(MINUTES), "quiet": Parameter(QUIET, False)},
    "adjust": {"level": Parameter(LEVEL)},
    "color": {"color": Parameter(COLOR)},
    "switch_on": {"time": Parameter(TIME)},
    "switch_off": {"time": Parameter(TIME)},
    "raise": {"height": Parameter(HEIGHT), "speed": Parameter(PACE, "normal")},
    "lower": {"height": Parameter(HEIGHT), "speed": Parameter(PACE, "normal")},
    "rename": {"name": Parameter(NAME)},
    "use": {"rooms": Parameter(ROOMS), "minutes": Parameter(MINUTES, None)},
}


@cache
def pairs() -> dict[str, tuple[str, str]]:
    """Return {function: (action, device)}."""
    actions = data("devices")["actions"].items()
    return {f"{action}_{device}": (action, device) for action, about in actions for device in about["suits"]}


def split_of(name: str) -> Split:
    """Return the split that a function of a device belongs to."""
    held_out = data("devices")
    return "test" if name in held_out["test"] else "validation" if name in held_out["validation"] else "train"


@cache
def sentences() -> dict[str, dict[str, str]]:
    """Return {function: {language: sentence}}, with the device in its sentence."""
    return {name: _sentences(action, device) for name, (action, device) in pairs().items()}


def _sentences(action: str, device: str) -> dict[str, str]:
    """Return an action's sentences on a device."""
    about, names, written = data("devices")["actions"][action], data("devices")["devices"][device], {}
    for language, name in names.items():
        phrase, _, owner = name.partition(" | ")
        sentence = about[language].replace("{device}", phrase).replace("{owner}", owner)
        written[language] = sentence.replace(" de el ", " del ") if language == "es" else sentence
    return written


def is_close(one: Function, other: Function) -> bool:
    """Return whether two functions share action or device: the tools that are easily mistaken."""
    (action, device), (other_action, other_device) = pairs()[one.name], pairs()[other.name]
    return action == other_action or device == other_device


def overlap(one: str, other: str) -> bool:
    """Return whether a request for one function could be served by the other: same device, actions alike."""
    if one not in pairs() or other not in pairs():
        return False
    (action, device), (other_action, other_device) = pairs()[one], pairs()[other]
    return device == other_device and any({action, other_action} <= alike for alike in LIKE)


def _register(name: str, action: str, device: str) -> None:
    """Add the function of an action and a device."""
    described = data("devices")["actions"][action]["says"].format(device=data("devices")["devices"][device]["en"])

    def run(state: State, **arguments: Any) -> str:
        return noted(state, name, {key: value for key, value in arguments.items() if value is not None})

    assert name not in FUNCTIONS, f"{name} is defined twice"
    FUNCTIONS[name] = Function(name, DOMAIN, described, PARAMETERS[action], run)


for _function, (_action, _device) in pairs().items():
    _register(_function, _action, _device)
