"""Commands as trials: what a run costs, how fast metric lines are taken in, and how many at once.

    python3 benches/commands.py [true|lines|many] [--seconds 120]

Needs a release build. `true`: 1,000 runs of `true` with two jobs beside `xargs -P2` in the same round (three
rounds, medians). `lines`: one script that prints 1,000,000 metric lines. `many`: 64 scripts at once with 1,000
lines a second each; every point must be in the store. CPU is that of the whole tree of processes.
"""

import argparse
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DERBY = Path(__file__).resolve().parent.parent / "target" / "release" / "derby"

TRUE = """name = "true"
[command]
run = ["true"]
metrics = "exit_code"
[params]
x = { low = 0.0, high = 1.0 }
[search]
sampler = "random"
[budget]
trials = 1000
"""

LINES = """name = "lines"
[objective]
metric = "loss"
goal = "minimize"
[command]
run = ["python3", "script.py"]
[budget]
trials = 1
"""

MILLION = """import sys
for start in range(0, 1_000_000, 1000):
    lines = ('{"step": %d, "loss": %.6f}\\n' % (i, 1 / (i + 1)) for i in range(start, start + 1000))
    sys.stdout.write("".join(lines))
"""

MANY = """name = "many"
[objective]
metric = "loss"
goal = "minimize"
[command]
run = ["python3", "script.py", "{x}"]
[params]
x = { low = 0, high = 63 }
[search]
sampler = "grid"
grid_steps = 64
[resources]
jobs = 64
"""

PACED = """import sys, time
began = time.monotonic()
for tick in range(%d):
    lines = ('{"step": %%d, "loss": %%.6f}\\n' %% (i, 1 / (i + 1)) for i in range(tick * 100, tick * 100 + 100))
    sys.stdout.write("".join(lines))
    sys.stdout.flush()
    time.sleep(max(0.0, began + (tick + 1) * 0.1 - time.monotonic()))
"""


def measured(command, cwd):
    """Wall seconds, CPU seconds of the tree, and the peak memory of the command itself in MB."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, shell=isinstance(command, str))
    peak = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
            peak = max(peak, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")))
        except (OSError, TypeError):
            pass
        time.sleep(0.02)
    wall = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode != 0:
        sys.exit(f"{command} ended with {process.returncode}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, peak / 1024


def place(folder, sweep, script=None):
    folder = Path(folder)
    (folder / "sweep.toml").write_text(sweep)
    if script:
        (folder / "script.py").write_text(script)
    return folder


def sweep(*flags):
    return [str(DERBY), "sweep", "sweep.toml", "--quiet", "--store", ".derby", *flags]


def true():
    rounds = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            ours = measured(sweep("--jobs", "2"), place(folder, TRUE))
            xargs = measured("seq 1000 | xargs -P2 -I{} true {}", folder)
            rounds.append((ours, xargs))
    for name, side in (("derby", 0), ("xargs -P2", 1)):
        wall = statistics.median(pair[side][0] for pair in rounds)
        cpu = statistics.median(pair[side][1] for pair in rounds)
        print(f"true    {name:10} {wall:6.2f} s wall   {cpu:.2f} ms CPU a run")
    ratio = statistics.median(ours[0] / xargs[0] for ours, xargs in rounds)
    print(f"true    wall, derby / xargs: {ratio:.2f}")


def lines():
    with tempfile.TemporaryDirectory() as folder:
        place(folder, LINES, MILLION)
        alone = measured([sys.executable, "script.py"], folder)
        wall, cpu, peak = measured(sweep(), folder)
        (count,) = sqlite3.connect(Path(folder) / ".derby" / "derby.db").execute("SELECT count(*) FROM point").fetchone()
        assert count == 1_000_000, count
        print(f"lines   {wall:.2f} s wall, {1 / wall:.2f} M points/s   {cpu:.2f} s CPU (script alone {alone[1]:.2f})   peak {peak:.0f} MB")


def many(seconds):
    with tempfile.TemporaryDirectory() as folder:
        place(folder, MANY, PACED % (seconds * 10))
        wall, cpu, peak = measured(sweep(), folder)
        rows = sqlite3.connect(Path(folder) / ".derby" / "derby.db").execute(
            "SELECT run, count(*), max(step) FROM point p JOIN metric m ON m.id = p.metric WHERE m.name = 'loss' GROUP BY run"
        ).fetchall()
        wrong = [row for row in rows if row[1] != seconds * 1000]
        print(f"many    {len(rows)} runs, {sum(row[1] for row in rows):,} points, {len(wrong)} runs with another count than {seconds * 1000:,}")
        print(f"many    {wall:.1f} s wall   {cpu:.1f} s CPU with the scripts   peak {peak:.0f} MB")
        assert len(rows) == 64 and not wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="?", choices=["true", "lines", "many"])
    parser.add_argument("--seconds", type=int, default=120)
    args = parser.parse_args()
    os.environ.pop("DERBY_STORE", None)
    for name, run in (("true", true), ("lines", lines), ("many", lambda: many(args.seconds))):
        if args.what in (None, name):
            run()


main()
