"""Rules that are added to a contract: who may call, how much, when, how often, what is kept and what is logged.

    draw_design(random.Random(7), "train")      -> Design(contract, rules, key="contract:vault+min+event", …)

A combination of a family and its features is what a row is held out by. Some pairs of features (HARD_PAIRS) occur in
no contract of training: they are the hard set.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations

from gretchen.projects.splits import official_key, split_of

from .contracts import (
    ADDRESS,
    BOOL,
    FLAGS,
    UINT,
    UINTS,
    Assign,
    Binary,
    Compare,
    Contract,
    Emit,
    Event,
    Flag,
    Function,
    Item,
    Not,
    Num,
    Param,
    State,
)
from .families import FAMILIES, NOW, SENDER, VALUE, Draft, denied

HARD_PAIRS = (
    {"owner", "count"}, {"min", "wait"}, {"max", "closes"}, {"cap", "once"}, {"opens", "event"}, {"fee", "event"},
    {"pause", "max"}, {"ban", "min"}, {"once", "closes"}, {"ban", "count"}, {"wait", "event"}, {"pause", "cap"},
)  # fmt: skip
MOST_FEATURES = 3
TIMES, WAITS = (86_400, 172_800, 604_800, 2_592_000), (3600, 21_600, 43_200, 86_400)


@dataclass(frozen=True)
class Design:
    """A contract, what its rules say, and the key that holds it out."""

    contract: Contract
    smaller: Contract  # without the last feature
    rules: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]  # key of data/words.yaml, function, slots
    family: str
    features: tuple[str, ...]
    main: str
    key: str

    @property
    def is_hard(self) -> bool:
        """Whether two features are a pair that training never has."""
        return is_hard(self.features)


def is_hard(features: tuple[str, ...]) -> bool:
    """Return whether two of the features are a pair that training never has."""
    return any(pair <= set(features) for pair in HARD_PAIRS)


def _owner(draft: Draft, rng: random.Random) -> dict[str, str]:
    """Only the owner may call."""
    draft.need_owner()
    message = denied(rng)
    draft.guard(draft.main, Compare("==", SENDER, State("owner")), message, "owner")
    return {"m": message}


def _min(draft: Draft, rng: random.Random) -> dict[str, str]:
    """An amount has a minimum."""
    number, message = rng.choice((2, 5, 8, 10, 15, 20, 30)), rng.choice(("low", "too little", "minimum"))
    draft.guard(draft.main, Compare(">=", draft.amount, Num(number)), message, "min")
    return {"n": str(number), "m": message}


def _max(draft: Draft, rng: random.Random) -> dict[str, str]:
    """An amount has a maximum."""
    number, message = rng.choice((40, 60, 75, 90, 120, 150)), rng.choice(("high", "too much", "maximum"))
    draft.guard(draft.main, Compare("<=", draft.amount, Num(number)), message, "max")
    return {"n": str(number), "m": message}


def _cap(draft: Draft, rng: random.Random) -> dict[str, str]:
    """All amounts together have a maximum."""
    number, message = rng.choice((100, 160, 200, 250, 300)), rng.choice(("cap", "full", "limit"))
    name = "used" if "total" in draft.variables else "total"
    draft.variables[name] = UINT
    draft.guard(draft.main, Compare("<=", Binary("+", State(name), draft.amount), Num(number)), message, "cap")
    draft.ends.setdefault(draft.main, []).append(Assign(State(name), "+=", draft.amount, "cap"))
    return {"n": str(number), "m": message, "s": name}


def _opens(draft: Draft, rng: random.Random) -> dict[str, str]:
    """Calls are refused for a time after deployment."""
    draft.need_start()
    number, message = rng.choice(TIMES), rng.choice(("early", "closed", "too early"))
    draft.guard(draft.main, Compare(">=", NOW, Binary("+", State("start"), Num(number))), message, "opens")
    return {"n": str(number), "m": message}


def _closes(draft: Draft, rng: random.Random) -> dict[str, str]:
    """Calls are refused from a time on."""
    draft.need_start()
    number, message = rng.choice(TIMES), rng.choice(("late", "over", "too late"))
    draft.guard(draft.main, Compare("<", NOW, Binary("+", State("start"), Num(number))), message, "closes")
    return {"n": str(number), "m": message}


def _fee(draft: Draft, rng: random.Random) -> dict[str, str]:
    """The first credit of the ether sent is less the fee."""
    number = rng.choice((1, 2, 5, 10, 20))
    fee = Binary("/", Binary("*", VALUE, Num(number)), Num(100))
    main = draft.functions[draft.main]
    credit = next(i for i, node in enumerate(main.body) if isinstance(node, Assign) and node.value == VALUE)
    node = main.body[credit]
    less = Assign(node.target, node.operator, Binary("-", VALUE, fee), "fee")
    body = (*main.body[:credit], less, *main.body[credit + 1 :])
    draft.functions[draft.main] = replace(main, body=body)
    draft.variables["fees"] = UINT
    draft.ends.setdefault(draft.main, []).append(Assign(State("fees"), "+=", fee, "fee"))
    return {"n": str(number), "s": node.target.name}


def _event(draft: Draft, rng: random.Random) -> dict[str, str]:
    """An event is logged."""
    name = rng.choice(("Done", "Called", "Noted", draft.main.replace("_", "").capitalize() + "Event"))
    if draft.amount is None:
        draft.events.append(Event(name, (("user", ADDRESS),)))
        node, shown = Emit(name, ("user",), (SENDER,), "event"), "user"
    else:
        draft.events.append(Event(name, (("user", ADDRESS), ("amount", UINT))))
        node, shown = Emit(name, ("user", "amount"), (SENDER, draft.amount), "event"), "user, amount"
    draft.ends.setdefault(draft.main, []).append(node)
    return {"e": f"{name}({shown})"}


def _pause(draft: Draft, rng: random.Random) -> dict[str, str]:
    """The owner can switch the function off."""
    draft.need_owner()
    refusal, message = denied(rng), rng.choice(("paused", "stopped", "off"))
    draft.variables["paused"] = BOOL
    draft.guard(draft.main, Not(State("paused")), message, "pause")
    function = rng.choice(("pause", "halt", "stop"))
    node = Assign(State("paused"), "=", Param("on"), "pause")
    draft.functions[function] = Function(function, (("on", BOOL),), (node,))
    draft.guard(function, Compare("==", SENDER, State("owner")), refusal, "owner")
    return {"m": message, "g": function, "d": refusal}


def _ban(draft: Draft, rng: random.Random) -> dict[str, str]:
    """The owner can exclude accounts."""
    draft.need_owner()
    refusal, message = denied(rng), rng.choice(("banned", "blocked", "barred"))
    draft.variables["banned"] = FLAGS
    draft.guard(draft.main, Not(Item("banned", SENDER)), message, "ban")
    function = rng.choice(("ban", "bar", "exclude"))
    node = Assign(Item("banned", Param("user")), "=", Flag(True), "ban")
    draft.functions[function] = Function(function, (("user", ADDRESS),), (node,))
    draft.guard(function, Compare("==", SENDER, State("owner")), refusal, "owner")
    return {"m": message, "g": function, "d": refusal}


def _once(draft: Draft, rng: random.Random) -> dict[str, str]:
    """Each account may call once."""
    name, message = rng.choice(("done", "called", "served")), rng.choice(("again", "once", "already"))
    draft.variables[name] = FLAGS
    draft.guard(draft.main, Not(Item(name, SENDER)), message, "once")
    draft.ends.setdefault(draft.main, []).append(Assign(Item(name, SENDER), "=", Flag(True), "once"))
    return {"s": name, "m": message}


def _wait(draft: Draft, rng: random.Random) -> dict[str, str]:
    """Each account waits between two calls."""
    number, message = rng.choice(WAITS), rng.choice(("wait", "too soon", "slow down"))
    draft.variables["last"] = UINTS
    draft.guard(draft.main, Compare(">=", NOW, Binary("+", Item("last", SENDER), Num(number))), message, "wait")
    draft.ends.setdefault(draft.main, []).append(Assign(Item("last", SENDER), "=", NOW, "wait"))
    return {"n": str(number), "m": message}


def _count(draft: Draft, rng: random.Random) -> dict[str, str]:
    """Calls are counted."""
    name = rng.choice(("calls", "times", "rounds"))
    draft.variables[name] = UINT
    draft.ends.setdefault(draft.main, []).append(Assign(State(name), "+=", Num(1), "count"))
    return {"s": name}


# In the order in which a function checks and does things.
FEATURES: dict[str, Callable[[Draft, random.Random], dict[str, str]]] = {
    "owner": _owner, "pause": _pause, "ban": _ban, "opens": _opens, "closes": _closes, "once": _once, "wait": _wait,
    "min": _min, "max": _max, "cap": _cap, "fee": _fee, "count": _count, "event": _event,
}  # fmt: skip
OF_AMOUNTS = frozenset({"min", "max", "cap"})
UNFIT = {
    "setting": {"cap"}, "counter": {"cap"}, "shop": {"count"}, "token": {"cap"}, "fund": {"cap"}, "faucet": {"owner"},
}  # fmt: skip
WITH_FEE = ("vault", "stake")


@cache
def combinations_in(split: str, hard: bool) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the (family, features) of a split; hard ones have a pair of features that training never has."""
    found = []
    for family in FAMILIES:
        has_amount = FAMILIES[family](random.Random(0)).amount is not None
        fitting = [
            name for name in FEATURES
            if name not in UNFIT.get(family, ()) and (has_amount or name not in OF_AMOUNTS)
            and (name != "fee" or family in WITH_FEE)
        ]  # fmt: skip
        for count in range(1, MOST_FEATURES + 1):
            for features in combinations(fitting, count):
                if is_hard(features) == hard and (hard or split_of(key_of(family, features)) == split):
                    found.append((family, features))
    return tuple(found)


def key_of(family: str, features: tuple[str, ...]) -> str:
    """Return the group key of a combination; hard ones are held out whatever their hash."""
    key = f"contract:{'+'.join((family, *features))}"
    return official_key(key, "test") if is_hard(features) else key


@cache
def _by_size(split: str, hard: bool, size: int) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the combinations of a split with so many features."""
    return tuple(combination for combination in combinations_in(split, hard) if len(combination[1]) == size)


def draw_design(rng: random.Random, split: str, hard: bool = False, most: int = MOST_FEATURES) -> Design:
    """Return a random contract of a split with at most so many features."""
    size = 2 if hard and most == 2 else rng.choice([n for n in (1, 1, 2, 2, 2, 3) if n <= most and (n > 1 or not hard)])
    family, features = rng.choice(_by_size(split, hard, size))
    draft = FAMILIES[family](rng)
    for name in features:
        smaller = draft.contract()
        slots = {"f": draft.main, **FEATURES[name](draft, rng)}
        draft.rules.append(
            (f"rule.{name}", slots.get("g", draft.main) if name in ("pause", "ban") else draft.main, slots)
        )
    rules = tuple((key, function, tuple(sorted(slots.items()))) for key, function, slots in draft.rules)
    return Design(draft.contract(), smaller, rules, family, features, draft.main, key_of(family, features))
