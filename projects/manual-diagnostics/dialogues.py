"""Forms in which a fault is looked for: they are held on with the technician until the diagnosis.

Each takes a Draw and returns a Problem of a device with one fault: nothing measured yet (dialogue), some readings
(next), all that are needed (diagnose, two), readings that contradict each other, one that says too little (vague).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from . import diagnosis
from .devices import Device, Test
from .manual import Manual, remedy, spec
from .problems import Draw, Mismatch, Problem, cited, meta_for
from .quantities import WRONG_UNITS, bad_value, good_value, high_value, level_value, reading, unit_in, weak_value

SECTIONS = ("causes", "wiring", "points", "components", "parts")
MEASURE = {"en": "Measure {test}.", "de": "{test} messen."}
MEASURE_OFF = {"en": "Measure {test} with the power off.", "de": "{test} spannungsfrei messen."}
CONCLUSION = {"en": "Diagnosis: {name}. {remedy} {id} ({spec}).", "de": "Diagnose: {name}. {id} {remedy} ({spec})."}
LEFT = {
    "en": "Diagnosis: {names}. No further test tells them apart.",
    "de": "Diagnose: {names}. Keine weitere Messung trennt sie.",
}
OR = {"en": " or ", "de": " oder "}
AGAIN = {
    "en": "{bad} is out of range, {good} behind it is in range: a contradiction. Measure {bad} again.",
    "de": "{bad} liegt außerhalb, {good} dahinter im Bereich: ein Widerspruch. {bad} noch einmal messen.",
}
UNIT = {
    "en": "Measure {test} again and give the value in {unit}.",
    "de": "{test} noch einmal messen, den Wert in {unit} angeben.",
}
VAGUE = {
    "en": ("{test} looks low", "{test} seems fine", "{test} is about right", "{test} is a bit strange"),
    "de": ("{test} sieht niedrig aus", "{test} scheint in Ordnung", "{test} passt ungefähr", "{test} ist komisch"),
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """A device, the part that has failed, and what the meter shows at each test."""

    device: Device
    cause: str
    values: dict[str, Decimal | None]

    def text(self, test: str, language: str) -> str:
        """Return what the meter shows at a test."""
        return reading(self.values[test], self.device.tests[test].limit.unit, language)

    def texts(self, tests: Iterable[str], language: str) -> str:
        """Return what the meter shows at some tests, as a technician writes it down."""
        return ", ".join(f"{test} {self.text(test, language)}" for test in tests)


def _fault(draw: Draw) -> Fault:
    """Return a device with a fault, drawn by the priors, and its readings."""
    device = draw.device()
    cause = draw.rng.choices(list(device.priors), list(device.priors.values()))[0]
    return Fault(device, cause, _values(draw, device, diagnosis.outcome(device, cause)))


def _values(draw: Draw, device: Device, wrong: dict[str, bool]) -> dict[str, Decimal | None]:
    """Return what the meter shows. Along a chain values fall a little; behind a fault all are gone, or all are weak."""
    rng = draw.rng
    level, weak, values = rng.uniform(0.3, 0.95), 0.0 if rng.random() < 0.6 else rng.uniform(0.45, 0.85), {}
    for place, (name, test) in enumerate(device.tests.items()):
        if not test.at_point:
            values[name] = _resistance(draw, test, wrong[name], is_open=weak == 0)
        elif wrong[name]:
            values[name] = weak_value(test.limit, weak)
        else:
            values[name] = level_value(test.limit, level - 0.04 * place)
    return values


def _resistance(draw: Draw, test: Test, is_wrong: bool, is_open: bool) -> Decimal | None:
    """Return what a part's own test shows: of a failed part an open circuit, or too much where it still conducts."""
    if not is_wrong:
        return good_value(draw.rng, test.limit)
    return None if is_open else high_value(draw.rng, test.limit)


def _problem(draw: Draw, fault: Fault, form: str, question: str, given: dict[str, bool], **more) -> Problem:
    """Return a problem from some readings on. `more`: `first`, its `check`, and slots of the wording."""
    device, language = fault.device, draw.language
    manual = draw.manual(device, SECTIONS)
    asking = {test: asking_for(device, manual, test, language) for test in device.tests}
    left = sorted(diagnosis.alike(device, fault.cause))
    meta = meta_for(
        draw, manual, "loop", priors=device.priors, truth=left, given=given, asking=asking,
        faults={test: sorted(parts) for test, parts in device.bad.items()},
        readings={test: fault.text(test, language) for test in device.tests},
        conclusion=conclusion_of(device, manual, left, language),
    )  # fmt: skip
    slots = {"code": device.code, "symptom": device.symptom(language), "device": device.title(language)} | more.pop(
        "slots", {}
    )
    expected = more.pop("expected")(manual, meta)
    meta |= expected
    meta["greedy"] = meta.pop("extra", 0) + len(diagnosis.path(device, fault.cause, meta.pop("from", given)))
    return Problem(form, question, device, manual, meta["first"], meta, slots)


def asking_for(device: Device, manual: Manual, test: str, language: str) -> str:
    """Return how a test is asked for."""
    at_point = device.tests[test].at_point
    text = (MEASURE if at_point else MEASURE_OFF)[language].format(test=test)
    return cited(text, manual.number("points" if at_point else "components"))


def conclusion_of(device: Device, manual: Manual, left: list[str], language: str) -> str:
    """Return the diagnosis: one part and its remedy, or all that no test tells apart."""
    if len(left) > 1:
        names = OR[language].join(device.parts[name].name(language) for name in left)
        return cited(LEFT[language].format(names=names), manual.number("wiring"))
    part = device.parts[left[0]]
    verb = remedy(part, language)
    text = CONCLUSION[language].format(
        name=part.name(language), id=part.id, spec=spec(part, language),
        remedy=verb.capitalize() if language == "en" else verb,
    )  # fmt: skip
    return cited(text, manual.number("parts"))


def dialogue(draw: Draw) -> Problem:
    """A code, nothing measured yet."""
    return _begun(draw, "dialogue", "start")


def symptom(draw: Draw) -> Problem:
    """What a customer noticed, no code, nothing measured yet."""
    return _begun(draw, "symptom", "symptom")


def _begun(draw: Draw, form: str, question: str) -> Problem:
    """Return a problem from the beginning on."""
    fault = _fault(draw)
    best = diagnosis.best_tests(fault.device, {})
    if not best:
        raise Mismatch
    return _problem(draw, fault, form, question, {}, expected=lambda _, meta: {"first": meta["asking"][best[0]]})


def next_test(draw: Draw) -> Problem:
    """Some readings, not all that are needed."""
    fault = _fault(draw)
    tests = draw.rng.sample(list(fault.device.tests), draw.rng.randint(1, max(1, len(fault.device.tests) - 1)))
    given = {test: diagnosis.outcome(fault.device, fault.cause)[test] for test in tests}
    best = diagnosis.best_tests(fault.device, given)
    if not best:
        raise Mismatch
    slots = {"readings": fault.texts(tests, draw.language)}

    def expected(_: Manual, meta: dict) -> dict:
        return {"first": meta["asking"][best[0]], "check": "ask", "tests": best}

    return _problem(draw, fault, "next", "so_far", given, expected=expected, slots=slots)


def _concluded(draw: Draw, form: str, several: bool) -> Problem:
    """Readings after which no test says more, of one part left or of several."""
    fault = _fault(draw)
    device = fault.device
    left = diagnosis.alike(device, fault.cause)
    tests = diagnosis.path(device, fault.cause)
    others = [test for test in device.tests if test not in tests]
    tests += draw.rng.sample(others, min(len(others), draw.rng.choice((0, 0, 1))))
    if (len(left) > 1) != several or len(left) > 3 or not tests:
        raise Mismatch
    draw.rng.shuffle(tests)
    given = {test: diagnosis.outcome(device, fault.cause)[test] for test in tests}
    slots = {"readings": fault.texts(tests, draw.language)}

    def expected(_: Manual, meta: dict) -> dict:
        return {"first": meta["conclusion"], "check": "diagnosis", "parts": meta["truth"]}

    return _problem(draw, fault, form, "so_far", given, expected=expected, slots=slots)


def diagnose(draw: Draw) -> Problem:
    """All readings that are needed: one part is left."""
    return _concluded(draw, "diagnose", several=False)


def two(draw: Draw) -> Problem:
    """All readings that can be taken, and still two or three parts are left."""
    return _concluded(draw, "two", several=True)


def contradiction(draw: Draw) -> Problem:
    """A point reads wrong and one behind it right: no single fault does that, so one of them was misread."""
    fault = _fault(draw)
    device = fault.device
    wrong = diagnosis.outcome(device, fault.cause)
    pairs = [
        (bad, good) for bad in device.tests for good in device.tests
        if device.tests[bad].at_point and device.tests[good].at_point and device.bad[bad] < device.bad[good]
        and wrong[bad] == wrong[good]
    ]  # fmt: skip
    if not pairs:
        raise Mismatch
    bad, good = draw.rng.choice(pairs)
    misread = good if wrong[bad] else bad
    value = (good_value if misread == good else bad_value)(draw.rng, device.tests[misread].limit)
    shown = {test: fault.text(test, draw.language) for test in (bad, good)}
    shown[misread] = reading(value, device.tests[misread].limit.unit, draw.language)
    order = draw.rng.sample((bad, good), 2)
    slots = {"readings": ", ".join(f"{test} {shown[test]}" for test in order)}

    def expected(manual: Manual, _: dict) -> dict:
        section = manual.number("wiring")
        first = cited(AGAIN[draw.language].format(bad=bad, good=good), section)
        return {
            "first": first, "check": "contradiction", "pair": [bad, good], "cites": [section],
            "extra": 1 if misread == bad else 2, "from": {test: wrong[test] for test in (bad, good)},
        }  # fmt: skip

    return _problem(draw, fault, "contradiction", "so_far", {bad: True, good: False}, expected=expected, slots=slots)


def vague(draw: Draw) -> Problem:
    """A reading that says too little: in words, without a unit, or of another quantity."""
    fault = _fault(draw)
    best = diagnosis.best_tests(fault.device, {})
    if not best:
        raise Mismatch
    test = best[0]
    limit = fault.device.tests[test].limit
    unit = unit_in(limit.unit, draw.language)
    number, sign = fault.text(test, draw.language).split()[0], draw.rng.choice(WRONG_UNITS.get(limit.unit, ("V",)))
    texts = [draw.choose(VAGUE).format(test=test), f"{test}: {number} {sign}"]
    if limit.unit not in ("Ω", "kΩ"):
        texts.append(f"{test}: {number}")
    slots = {"vague": draw.rng.choice(texts)}

    def expected(manual: Manual, _: dict) -> dict:
        section = manual.number("points" if fault.device.tests[test].at_point else "components")
        first = cited(UNIT[draw.language].format(test=test, unit=unit), section)
        known = {test: diagnosis.outcome(fault.device, fault.cause)[test]}
        more = {"tests": [test], "unit": unit, "cites": [section], "extra": 1, "from": known}
        return {"first": first, "check": "unit"} | more

    return _problem(draw, fault, "vague", "vague", {}, expected=expected, slots=slots)


FORMS = {
    "dialogue": dialogue,
    "symptom": symptom,
    "next": next_test,
    "diagnose": diagnose,
    "two": two,
    "contradiction": contradiction,
    "vague": vague,
}
