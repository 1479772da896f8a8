#!/usr/bin/env python3
"""How fast `derby predict` streams: 1,000,000 x 30 rows of CSV through a logistic bundle, wall time and peak memory.

Needs Python alone and a release build (DERBY names another program). Data go to target/bench-data and are kept."""

import os
import random
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DERBY = os.environ.get("DERBY", str(ROOT / "target/release/derby"))
FOLDER = ROOT / "target/bench-data/predict"
COLUMNS = [f"x{i}" for i in range(30)]
SWEEP = """
name = "predict"
[objective]
metric = "accuracy"
[data]
path = "train.csv"
target = "y"
folds = 3
[preprocess]
scale = "standard"
[models.logistic]
C = 1.0
"""


def write(path, rows, with_target):
    """A table of normal numbers; the target is the sign of their sum with noise."""
    rng = random.Random(7)
    with open(path, "w", encoding="ascii") as out:
        out.write(",".join(COLUMNS + (["y"] if with_target else [])) + "\n")
        for _ in range(rows):
            x = [rng.gauss(0.0, 1.0) for _ in COLUMNS]
            cells = [f"{v:.6f}" for v in x]
            if with_target:
                cells.append("yes" if sum(x) + rng.gauss(0.0, 3.0) > 0 else "no")
            out.write(",".join(cells) + "\n")


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    FOLDER.mkdir(parents=True, exist_ok=True)
    os.chdir(FOLDER)
    if not Path("train.csv").exists():
        write("train.csv", 5_000, True)
    data = f"rows-{rows}.csv"
    if not Path(data).exists():
        write(data, rows, False)
    Path("predict.toml").write_text(SWEEP, encoding="ascii")
    for folder in (".derby", "bundle"):
        shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([DERBY, "sweep", "predict.toml", "-q"], check=True)
    subprocess.run([DERBY, "export", "predict", "-o", "bundle"], check=True, stdout=subprocess.DEVNULL)
    for attempt in range(3):
        started = time.perf_counter()
        subprocess.run([DERBY, "predict", "bundle", data, "-o", "out.csv"], check=True)
        seconds = time.perf_counter() - started
        print(f"run {attempt + 1}: {seconds:.2f} s, {rows / seconds:,.0f} rows/s")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"largest peak of a child: {peak:.0f} MB (training included)")


if __name__ == "__main__":
    main()
