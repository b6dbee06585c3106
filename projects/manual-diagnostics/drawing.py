"""Random devices of a family: which parts, where the measuring points are, limits, codes, priors.

    device = draw_device(rng, family, Size(parts=5))

One code means different things on different devices, and designations are drawn anew for each.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from .catalogue import LARGE_SUPPLIES, Family, Function, Kind, kinds, repairs
from .devices import SUPPLY, Device, Part, Test
from .quantities import Limit

# What comes out of these has no limits: chopped voltages, geared-down speeds.
UNMEASURED = ("inverter", "motor_controller", "gearbox")
BRANDS = (
    "Nova", "Terra", "Volta", "Delta", "Astra", "Corvo", "Lumo", "Primo", "Rondo", "Sirio", "Tavo", "Vento", "Kappa",
    "Orbit", "Polar", "Quanto", "Mistral", "Largo", "Pico", "Zenit", "Arkos", "Fjord", "Helix", "Juno",
)  # fmt: skip
LEAST_VOLTS = 100  # of a supply, for the windings of motors to be measured with a plain meter
PREFIXES = ("E", "F", "A", "ER", "AL")
# Codes that every device may have beside those of its functions.
GENERIC = (
    {"en": "supply voltage too low", "de": "Versorgungsspannung zu niedrig"},
    {"en": "cover open", "de": "Abdeckung offen"},
    {"en": "service due", "de": "Wartung fällig"},
    {"en": "communication with the display interrupted", "de": "Verbindung zur Anzeige unterbrochen"},
    {"en": "operating temperature exceeded", "de": "Betriebstemperatur überschritten"},
    {"en": "clock not set", "de": "Uhr nicht gestellt"},
)


@dataclass(frozen=True)
class Size:
    """How large a device is, and whether the page with one measuring point's limits is missing."""

    parts: int = 4
    page_missing: bool = False


class Plan:
    """A device being drawn: its parts and tests so far."""

    def __init__(self, rng: random.Random, family: Family) -> None:
        self.rng, self.family = rng, family
        self.parts: dict[str, Part] = {}
        self.tests: dict[str, Test] = {}
        self.scale = rng.choice((0.9, 1.0, 1.1, 1.2))  # of pressures and speeds

    def chain(self, keys: Sequence[str], is_side: bool) -> list[str]:
        """Return new parts of these kinds in a row, with measuring points behind some of them; of a main chain none
        behind the last part, where the function itself is noticed.
        """
        volts, chain = self.family.supply, []
        for number, key in enumerate(keys):
            kind = kinds()[key]
            chain.append(self._part(kind))
            volts = self.rng.choice([v for v in kind.volts if v < volts]) if kind.volts else volts
            limit = self._limit(kind, volts)
            if limit and (is_side or number < len(keys) - 1) and self.rng.random() < 0.65:
                point = self._new("MP", 19)
                self.tests[point] = Test(point, limit, at_point=True)
                chain.append(point)
        return chain

    def test_parts(self, last: str) -> None:
        """Add tests of some parts themselves, of the last one more often."""
        for part in self.parts.values():
            if part.limit and self.rng.random() < (0.7 if part.id == last else 0.35):
                self.tests[part.id] = Test(part.id, part.limit, at_point=False)

    def lose_page(self) -> bool:
        """Remove one measuring point's limits where there are several; return whether there were."""
        points = [name for name, test in self.tests.items() if test.at_point]
        if len(points) > 1:
            del self.tests[self.rng.choice(points)]
        return len(points) > 1

    def _new(self, letters: str, most: int) -> str:
        """Return letters with a number, not given before."""
        names = (f"{letters}{number}" for number in range(1, most + 1))
        return self.rng.choice([name for name in names if name not in self.parts and name not in self.tests])

    def _part(self, kind: Kind) -> str:
        """Add a part of a kind with a spare part's data; return its designation."""
        name = self._new(kind.letter, 9)
        is_large = bool(kind.large) and self.family.supply in LARGE_SUPPLIES
        all_specs = dict.fromkeys(kind.specs, kind.large) if is_large else kind.specs
        number = self.rng.randrange(len(all_specs["en"]))
        spec = {language: specs[number].format(control=self.family.control) for language, specs in all_specs.items()}
        self.parts[name] = Part(name, kind, spec, self._part_limit(kind, number, is_large))
        return name

    def _part_limit(self, kind: Kind, number: int, is_large: bool) -> Limit | None:
        """Return the limit of a part's own test, by its spare part; motors of low voltage have too few ohms."""
        tests = (kind.large_tests or kind.tests) if is_large else kind.tests
        if not tests or (
            self.family.supply < LEAST_VOLTS and kind.output in ("pressure", "speed") and kind.source == "voltage"
        ):
            return None
        low, high, unit = tests[number % len(tests)]
        return Limit(Decimal(str(low)), Decimal(str(high)), unit)

    def _limit(self, kind: Kind, volts: int) -> Limit | None:
        """Return the limit behind a part, None where nothing can be measured."""
        if kind.key in UNMEASURED or kind.output == "temperature":
            return None
        if kind.output == "voltage":
            return Limit.of(volts, 10 if volts > 12 else 5, "V")
        if kind.output == "control":
            return Limit.of(self.family.control, 10, "V")
        if kind.output == "signal":
            return Limit(Decimal(4), Decimal(20), "mA")
        if kind.output not in self.family.limits:
            return None
        low, high = self.family.limits[kind.output]
        digits = -1 if kind.output == "speed" and high >= 100 else 0 if high >= 12 else 1
        ends = (Decimal(f"{round(end * self.scale, digits):g}") for end in (low, high))
        return Limit(*ends, "rpm" if kind.output == "speed" else "bar")


def draw_device(rng: random.Random, family: Family, size: Size) -> Device:
    """Return a random device of a family. Devices whose tests say too little are drawn again."""
    while True:
        device = _draw(rng, family, size)
        signatures = {tuple(part in bad for bad in device.bad.values()) for part in device.parts}
        if len(device.tests) >= 2 and len(signatures) >= min(3, len(device.parts) - 1):
            return device


def _draw(rng: random.Random, family: Family, size: Size) -> Device:
    """Return a random device, useful or not."""
    function, plan = rng.choice(family.functions), Plan(rng, family)
    main, sides = _reduced(rng, family, function, size.parts)
    chain = plan.chain(main, is_side=False)
    by_key = dict(zip(main, plan.parts, strict=True))
    chains = [tuple(chain) if main[0] == "battery" else (SUPPLY, *chain)]
    chains += [(*plan.chain(side, is_side=True), by_key[fed]) for fed, side in sides.items()]
    plan.test_parts(last=chain[-1])
    page_missing = size.page_missing and plan.lose_page()
    code, codes = _codes(rng, family, function)
    return Device(
        family=family,
        model=f"{rng.choice(BRANDS)} {rng.randint(11, 990) * 10}",
        function=function,
        code=code,
        codes=codes,
        parts=plan.parts,
        chains=tuple(chains),
        tests=plan.tests,
        priors=_priors(rng, plan.parts),
        waits={key: rng.choice(entry["n"]) for key, entry in repairs()["safety"].items()},
        page_missing=page_missing,
    )


def _reduced(
    rng: random.Random, family: Family, function: Function, parts: int
) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """Return the main chain and the side chains of a function, without parts that it can do without."""
    main = [*family.trunk, *function.parts]
    sides = dict(function.needs) if rng.random() < 0.6 else {}
    num_sides = sum(map(len, sides.values()))
    if sum(not _is_free(main, i, sides) for i in range(len(main))) + num_sides > parts:
        sides, num_sides = {}, 0
    while len(main) + num_sides > parts and (free := [i for i in range(len(main)) if _is_free(main, i, sides)]):
        del main[rng.choice(free)]
    return main, sides


def _is_free(main: list[str], place: int, sides: dict[str, tuple[str, ...]]) -> bool:
    """Return whether a device can do without a part of its main chain: not the last, nor one with `sides`."""
    return place < len(main) - 1 and kinds()[main[place]].is_passage and main[place] not in sides


def _codes(
    rng: random.Random, family: Family, function: Function
) -> tuple[str, tuple[tuple[str, dict[str, str]], ...]]:
    """Return the code of a function's failure, and the device's code table in random order."""
    prefix, digits = rng.choice(PREFIXES), rng.choice((2, 3))
    meanings = [function.symptoms, *(f.symptoms for f in family.functions if f is not function)]
    meanings += rng.sample(GENERIC, 4 - min(len(meanings), 2))
    numbers = rng.sample(range(10 ** (digits - 1), 10**digits), len(meanings))
    table = [(f"{prefix}-{number}", meaning) for number, meaning in zip(numbers, meanings, strict=True)]
    code = table[0][0]
    rng.shuffle(table)
    return code, tuple(table)


def _priors(rng: random.Random, parts: dict[str, Part]) -> dict[str, int]:
    """Return how often each part is the cause, in percent: multiples of five, in random order."""
    weights = {name: part.kind.weight * rng.uniform(0.5, 1.6) for name, part in parts.items()}
    free = 20 - len(parts)  # of twenty parts of 5 % each has one; the others go by weight, largest remainders first
    quotas = {name: free * weight / sum(weights.values()) for name, weight in weights.items()}
    counts = {name: 1 + int(quota) for name, quota in quotas.items()}
    by_remainder = sorted(quotas, key=lambda name: int(quotas[name]) - quotas[name])
    for name in by_remainder[: 20 - sum(counts.values())]:
        counts[name] += 1
    names = list(counts)
    rng.shuffle(names)
    return {name: 5 * counts[name] for name in names}
