"""Devices, diagnosis and manuals: a chain worked out by hand, and every excerpt read back."""

import random
from decimal import Decimal

import pytest

PRIORS = {"F1": 40, "K2": 30, "M3": 20, "B4": 10}


@pytest.fixture(scope="module")
def case(part):
    """F1, then MP1, then K2 (which waits for B4 too), then MP2, then M3, which has a test of its own."""
    bad = {"MP1": frozenset({"F1"}), "MP2": frozenset({"F1", "K2", "B4"}), "M3": frozenset({"M3"})}
    return part("loop").Case(PRIORS, bad)


def test_bayes_and_gain_worked_out_by_hand(part, case):
    diagnosis = part("diagnosis")
    assert diagnosis.possible(case, {"MP2": True}) == {"F1", "K2", "B4"}
    assert diagnosis.possible(case, {"MP2": True, "MP1": False}) == {"K2", "B4"}
    assert diagnosis.possible(case, {"MP1": True, "MP2": False}) == set(), "MP2 lies behind MP1"
    # 40 : 60 is worth 0.971 bits, 80 : 20 is worth 0.722
    assert diagnosis.gain(case, frozenset(PRIORS), "MP1") == pytest.approx(0.97095, abs=1e-5)
    assert diagnosis.gain(case, frozenset(PRIORS), "MP2") == pytest.approx(0.72193, abs=1e-5)
    assert diagnosis.best_tests(case, {}) == ["MP1"]
    assert diagnosis.best_tests(case, {"MP1": False}) == ["MP2", "M3"], "40 : 20 either way"
    assert diagnosis.path(case, "F1") == ["MP1"] and diagnosis.path(case, "K2") == ["MP1", "MP2"]
    assert diagnosis.alike(case, "K2") == {"K2", "B4"} and diagnosis.alike(case, "M3") == {"M3"}
    assert diagnosis.best_tests(case, {"MP1": True}) == []


def test_the_greedy_technician_never_asks_in_vain(part):
    rng, families = random.Random(4), part("catalogue").all_families()
    diagnosis, drawing = part("diagnosis"), part("drawing")
    for number in range(200):
        device = drawing.draw_device(rng, families[number % len(families)], drawing.Size(rng.choice((3, 5, 7))))
        assert sum(device.priors.values()) == 100 and min(device.priors.values()) >= 5
        for cause in device.priors:
            tests = diagnosis.path(device, cause)
            assert len(tests) == len(set(tests)) < 8
            evidence = {test: cause in device.bad[test] for test in tests}
            assert diagnosis.possible(device, evidence) == diagnosis.alike(device, cause)


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_excerpt_is_read_back(part, language):
    rng, families = random.Random(7), part("catalogue").all_families()
    manual, parsing, drawing = part("manual"), part("parsing"), part("drawing")
    sections = tuple(manual.TITLES)
    for number in range(90):
        device = drawing.draw_device(rng, families[number % len(families)], drawing.Size(5, number % 3 == 0))
        chosen = rng.choice(list(device.parts.values()))
        text = manual.write_manual(rng, device, sections, language, chosen).text
        parsed = parsing.parse(text, language)
        assert parsed.causes == device.priors and parsed.code == device.code
        assert parsed.codes == {code: meaning[language] for code, meaning in device.codes}
        assert [parsed.steps[i] for i in sorted(parsed.steps)] == manual.steps(chosen, language)
        assert parsed.limits.keys() == device.tests.keys()
        for name, test in device.tests.items():
            printed = parsed.limits[name]
            assert (printed.low, printed.high) == (test.limit.low, test.limit.high)
            if test.at_point:
                assert parsed.before(name) & set(device.parts) == device.bad[name]
        assert parsed.safety == {name: device.safety(p, language) for name, p in device.parts.items()}


def test_an_excerpt_of_no_known_form_is_refused(part):
    with pytest.raises(part("parsing").Unreadable):
        part("parsing").parse("Manual x\n§2.1 Recipes\nF1 | salt", "en")
    with pytest.raises(part("parsing").Unreadable):
        part("parsing").parse("Manual x\n§2.1 Measuring points\nMP1 | roughly 5 V", "en")


def test_limits_and_readings_in_both_languages(part):
    quantities = part("quantities")
    limit = quantities.Limit.of(12, 5, "V")
    assert limit.written("en") == "12 V ± 5 %" and limit.range("de") == "11,4 bis 12,6 V"
    assert limit.holds(Decimal("12.6")) and not limit.holds(Decimal("12.61")) and not limit.holds(None)
    assert quantities.Limit(Decimal(0), Decimal(1), "Ω").written("de") == "höchstens 1 Ω"
    assert quantities.Limit(Decimal(900), Decimal(1200), "rpm").range("de") == "900 bis 1200 1/min"
    assert quantities.reading(None, "Ω", "en") == "∞ Ω" and quantities.value_of("∞ Ω") is None
    assert quantities.value_of("3,15 V") == Decimal("3.15")


def test_what_makes_safe_depends_on_the_part_and_the_device(part):
    drawing, families = part("drawing"), {f.key: f for f in part("catalogue").all_families()}
    rng = random.Random(2)
    truck = drawing.draw_device(rng, families["forklift"], drawing.Size(5))
    notes = {truck.safety(p, "en") for p in truck.parts.values() if p.hazard == "voltage"}
    assert len(notes) == 1 and notes.pop().startswith("Pull the battery connector")
    press = drawing.draw_device(rng, families["hydraulic-press"], drawing.Size(6))
    pumps = [p for p in press.parts.values() if p.hazard == "pressure"]
    assert all("relieve the pressure to 0 bar" in press.safety(p, "en") for p in pumps)
