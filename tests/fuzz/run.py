"""Fuzz the targets one after the other, and say how far each came.

Ends with 1 if an input failed; it is written to a file, whose name is printed with the failure.
"""

import argparse
import hashlib
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.fuzz.targets import FOUND, TARGETS, Target

ROOT = Path(__file__).parents[2]
SLOW = 10
"""Seconds that one input may take."""
MEMORY = 2048
"""MiB that the fuzzer may take, its corpus included."""
SPARE = 60
"""Seconds for beginning and ending."""
SHOWN = 40
"""Lines that are printed of the end of a log."""


def main(arguments: list[str]) -> int:
    """Fuzz what the arguments name; return 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="nox -s fuzz --", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="target", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=20, help="how long for each target (20)")
    parser.add_argument(
        "--corpus", type=Path, default=ROOT / ".nox" / "fuzzed", help="where inputs are kept"
    )
    chosen = parser.parse_args(arguments)
    unknown = sorted({*chosen.targets} - {*TARGETS})
    if unknown:
        parser.error(f"there is no target {unknown[0]!r}, but {', '.join(TARGETS)}")
    names = chosen.targets or TARGETS
    return max([fuzz(TARGETS[name], chosen.corpus, chosen.seconds) for name in names])


def fuzz(target: Target, corpus: Path, seconds: int) -> int:
    """Fuzz one target, and say how it went; return 1 if it failed."""
    inputs, log = corpus / target.name, corpus / f"{target.name}.log"
    inputs.mkdir(parents=True, exist_ok=True)
    for data in target.starts():
        name = hashlib.sha256(data).hexdigest()[:40]
        (inputs / name).write_bytes(data)
    begun = time.monotonic()
    with log.open("wb") as output:
        try:
            ended = subprocess.run(
                [
                    *(sys.executable, "-m", "tests.fuzz.child", target.name, str(inputs)),
                    *(f"-artifact_prefix={corpus / target.name}-", f"-max_total_time={seconds}"),
                    *(f"-max_len={target.longest}", f"-timeout={SLOW}", f"-rss_limit_mb={MEMORY}"),
                    "-print_final_stats=1",
                ],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=seconds + SPARE,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            ended = None
    told = log.read_text(encoding="utf-8", errors="backslashreplace")
    count = figure(r"^stat::number_of_executed_units:\s+(\d+)", told)
    edges = figure(r" cov: (\d+)", told)
    taken = time.monotonic() - begun
    if ended or ended is None or not count or not edges:
        print("\n".join(told.splitlines()[-SHOWN:]))
        why = "came to no end" if ended is None else f"ended with {ended}"
        print(f"{target.name}: {why} after {taken:.0f} s; all it said is in {log}")
        print(f"An input that failed belongs into {FOUND.relative_to(ROOT) / target.name}/")
        return 1
    print(
        f"{target.name}: {count:,} inputs in {taken:.0f} s ({count / taken:,.0f} a second), "
        f"{edges:,} edges, a corpus of {len([*inputs.iterdir()]):,}; nothing found",
        flush=True,
    )
    return 0


def figure(pattern: str, text: str) -> int:
    """Return the last figure of a kind that the fuzzer told; 0 if it told none."""
    found = re.findall(pattern, text, re.MULTILINE)
    return int(found[-1]) if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
