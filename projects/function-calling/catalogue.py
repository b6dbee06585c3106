"""All functions, and which are held out: a test asks for functions that no training row calls or offers.

    split_of_function("convert_speed")     -> "test"
    offered("train")                       -> the functions that a training row may offer

The small catalogue (devices.py) is kept apart: rows of the small forms have its functions alone, others never.

The split is chosen by name, so that each form has functions in each split; a row's group keys carry it.
"""

from functools import cache

from gretchen.projects.splits import Split, official_key

from . import devices, functions_files, functions_home, functions_measure, functions_plan
from .registry import FUNCTIONS, Function

__all__ = ["FUNCTIONS", "devices", "functions_files", "functions_home", "functions_measure", "functions_plan"]

TEST = frozenset(
    [
        "convert_speed",
        "convert_area",
        "mean_of_numbers",
        "add_tip",
        "compound_interest",
        "move_event",
        "add_weekly_event",
        "snooze_alarm",
        "rain_probability",
        "book_train",
        "travel_time",
        "recipes_with",
        "order_food",
        "discounted_price",
        "remove_from_list",
        "set_blinds",
        "set_light_color",
        "add_to_playlist",
        "add_contact",
        "send_email",
        "book_doctor",
        "log_sleep",
        "share_file",
        "round_number",
    ]
)
VALIDATION = frozenset(
    [
        "convert_volume",
        "raise_to_power",
        "log_expense",
        "reserve_table",
        "weather_forecast",
        "create_group",
        "set_timer",
        "play_radio",
        "compress_files",
        "lock_door",
        "search_flights",
        "generate_password",
        "percentage_of",
    ]
)
# A tool may answer that the time of these is taken: function -> parameter.
REFUSABLE = {
    "book_train": "when", "book_doctor": "when", "reserve_table": "when", "create_event": "start",
    "move_event": "start", "search_flights": "day", "schedule_appliance": "time", "set_reminder": "when",
    "find_free_slot": "day", "add_weekly_event": "time",
}  # fmt: skip


# Nobody asks for these twice in one message.
ONCE = frozenset(
    [
        "set_step_goal", "log_weight", "log_sleep", "set_volume", "skip_tracks", "snooze_alarm", "set_sleep_timer",
        "play_song", "play_radio", "read_messages", "generate_password", "start_vacuum", "body_mass_index",
    ]
)  # fmt: skip


def split_of_function(name: str) -> Split:
    """Return the split that a function belongs to."""
    if name in devices.pairs():
        return devices.split_of(name)
    return "test" if name in TEST else "validation" if name in VALIDATION else "train"


def key_of(name: str) -> str:
    """Return a function's group key, which names its split."""
    return official_key(f"function:{name}", split_of_function(name))


@cache
def callable_in(split: Split, small: bool = False) -> tuple[Function, ...]:
    """Return the functions that rows of a split call: those of the small catalogue, or all others."""
    return tuple(
        function
        for name, function in sorted(FUNCTIONS.items())
        if split_of_function(name) == split and (function.domain == devices.DOMAIN) == small
    )


@cache
def offered(split: Split, small: bool = False) -> tuple[Function, ...]:
    """Return the functions that rows of a split offer: held-out rows may offer those of training too."""
    trained = callable_in("train", small)
    return trained if split == "train" else (*trained, *callable_in(split, small))
