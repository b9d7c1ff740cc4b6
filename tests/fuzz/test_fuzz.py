"""No input gives a traceback or a hang: YAML, carriers' headers, ARI, AMI, call records."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter.settings import PROJECT
from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
SEEDS = sorted(CORPUS.glob("*/*"))
HANG_SECONDS = 10
RUNS = {
    "ami": 10_000,
    "ari": 10_000,
    "attacks": 10_000,
    "call_records": 20_000,
    "headers": 3_000,
    "plan_file": 400,
    "yaml": 10_000,
}
LONG = 60
"""So many times more of them with script/test --long."""


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"{seed.parent.name}/{seed.name}")
def test_a_known_input_does_no_harm(seed: Path) -> None:
    """The usual ones, and each that did harm once."""
    TARGETS[seed.parent.name](seed.read_bytes())


def test_every_target_has_seeds() -> None:
    assert {seed.parent.name for seed in SEEDS} == TARGETS.keys() == RUNS.keys()


def look_for_harm(target: str, runs: int, folder: Path) -> None:
    """Seeded: the same program finds the same inputs."""
    options = {
        "-seed": 12345,
        "-runs": runs,
        "-max_len": 2_000,
        "-timeout": HANG_SECONDS,
        "-rss_limit_mb": 2_000,
        "-print_final_stats": 1,
        "-artifact_prefix": f"{folder}/found-",
    }
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.fuzz.run", target),
            *(f"{name}={value}" for name, value in options.items()),
            *(str(folder), str(CORPUS / target)),
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-6_000:]
    assert f"stat::number_of_executed_units: {runs}" in done.stderr


if platform.machine() == "x86_64":  # atheris is made for no other

    @pytest.mark.parametrize("target", TARGETS)
    def test_no_input_does_harm(target: str, tmp_path: Path) -> None:
        look_for_harm(target, RUNS[target], tmp_path)

    @pytest.mark.long
    @pytest.mark.timeout(1_200)
    @pytest.mark.parametrize("target", TARGETS)
    def test_nor_does_any_of_many_more(target: str, tmp_path: Path) -> None:
        look_for_harm(target, LONG * RUNS[target], tmp_path)
