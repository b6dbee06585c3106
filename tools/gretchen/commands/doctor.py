"""`make doctor [JSON=1]`: what this machine has, which profile fits and why, and problems, each with its fix.

It looks (lifecycle/diagnosis.py) and changes nothing.
"""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from gretchen.hardware import machine
from gretchen.lifecycle.diagnosis import Diagnosis, diagnose


def doctor(as_json: Annotated[bool, typer.Option("--json", help="the diagnosis as JSON")] = False) -> None:
    """Show what this machine has, which profile fits, and problems with their fixes."""
    diagnosis = diagnose(machine())
    print(json.dumps(asdict(diagnosis), indent=2, ensure_ascii=False) if as_json else report(diagnosis))


def report(diagnosis: Diagnosis) -> str:
    """Return the diagnosis as people read it."""
    machine = diagnosis.machine
    cards = ", ".join(f"{gpu.name} ({gpu.memory_gb:.0f} GB)" for gpu in machine.gpus)
    versions = [f"{name} {version}" for name, version in diagnosis.versions.items() if version]
    lines = [
        f"machine    {machine.platform}, {machine.cores} cores, {machine.memory_gb:.0f} GB of memory, "
        f"{machine.disk_free_gb:.0f} GB free on the disk",
        "processor  " + ("bf16 arithmetic" if machine.bf16 else "no bf16 arithmetic: trains in float32"),
        f"load       {diagnosis.load:.1f} processes wanted a core in the last minute",
        "GPU        " + (f"{cards}, driver {machine.driver}" if cards else "no NVIDIA GPU"),
        "versions   " + ", ".join(versions[:5]),
        "           " + ", ".join(versions[5:]),
    ]
    for name, service in diagnosis.services.items():
        state = "reachable" if service.reachable else "not reachable"
        lines.append(f"{name:10} {state}, {'logged in' if service.logged_in else 'not logged in'}")
    lines += [f"profile    {diagnosis.profile}: this machine has {diagnosis.why}", ""]
    lines += ["problems and fixes:"] if diagnosis.problems else ["no problems"]
    lines += [f"  {problem.what}\n      {problem.fix}" for problem in diagnosis.problems]
    return "\n".join(lines)
