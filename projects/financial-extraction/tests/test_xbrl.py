"""The builder's facts as XBRL, validated by Arelle in an environment of its own: a second opinion on identities.

Skipped without a package index. Arelle's exit code is 0 even for an inconsistent report, so its messages are read.
"""

import dataclasses
import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from gretchen.lifecycle.installer import UNREACHABLE

ARELLE = "arelle-release==2.47.3"
INCONSISTENT = "calc11e:inconsistentCalculationUsingRounding"


@pytest.fixture(scope="module")
def messages(tmp_path_factory, part):
    """Return a function from facts to Arelle's messages on their report, as (code, message)."""
    folder = tmp_path_factory.mktemp("arelle")
    uv, bin_dir = str(Path(sys.executable).with_name("uv")), folder / "env" / "bin"
    for command in (
        [uv, "venv", "--quiet", "--python", sys.executable, str(folder / "env")],
        [uv, "pip", "install", "--quiet", "--python", str(bin_dir / "python"), ARELLE],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        if done.returncode and UNREACHABLE.search(done.stderr):
            pytest.skip("no package index answers")
        assert done.returncode == 0, done.stderr

    def validated(facts):
        report = part("xbrl").write_xbrl(folder / "report", facts)
        command = [bin_dir / "arelleCmdLine", "--file", report, "--validate", "--calc", "c11r",
                   "--internetConnectivity", "offline", "--logFormat", "[%(messageCode)s] %(message)s"]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        lines = re.findall(r"^\[(\S+)\] (.*)$", done.stdout + done.stderr, re.MULTILINE)
        assert any("loaded" in text for _, text in lines), done.stdout + done.stderr
        return [line for line in lines if line[0] != "info"]

    return validated


@pytest.mark.slow
def test_facts_are_valid_xbrl_and_add_up(messages, chats, part):
    """Units, periods, decimals, null and totals with all their parts: nothing to report."""
    tagged_facts = part("xbrl").tagged_facts
    rows = [row for row in chats if row["form"] in ("total", "per-share", "absent")]
    assert messages([fact for row in rows for fact in tagged_facts(row)]) == []


@pytest.mark.slow
def test_identity_errors_are_those_that_an_xbrl_processor_finds(messages, chats, evaluation, part):
    """Totals off by 0 to 4 printed digits: Calculations 1.1 compares the same rounding intervals as our metric."""
    facts, expected = [], set()
    for number, row in enumerate(row for row in chats if row["form"] == "total"):
        *parts, total = part("xbrl").tagged_facts(row)
        shifted = dataclasses.replace(total, value=total.value + number % 5 * 2 * total.half_digit)
        facts += [*parts, shifted]
        answer = [{"period": f.period, "concept": f.concept, "value": str(f.value), "unit": f.unit}
                  for f in (*parts, shifted)]  # fmt: skip
        if evaluation.score(json.dumps({"facts": answer}), row)["identity_errors"]:
            expected.add(row["id"])
    found = messages(facts)
    assert {code for code, _ in found} == {INCONSISTENT}
    assert {re.search(r"context c-(\S+?)_", text)[1] for _, text in found} == expected
    assert 0.3 < len(expected) / number < 0.7


def test_decimals_are_the_last_printed_digit(part):
    fact = part("xbrl").TaggedFact("e", "2025", "Cash", "EUR", Decimal(1), Decimal(50))
    assert fact.decimals == -2  # 1,204.5 thousand is exact to hundreds
    assert dataclasses.replace(fact, half_digit=Decimal("0.005")).decimals == 2
    assert dataclasses.replace(fact, half_digit=Decimal(500)).decimals == -3
