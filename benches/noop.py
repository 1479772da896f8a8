"""1,000 empty trials with ten parameters: Optuna on its SQLite storage as shipped, and derby, in turns.

    python -m venv target/bench && target/bench/bin/pip install optuna
    cargo build --release && target/bench/bin/python benches/noop.py [ROUNDS]
"""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DERBY = ROOT / "target" / "release" / "derby"
PEER = """
import optuna, sys
optuna.logging.set_verbosity(optuna.logging.ERROR)
def objective(t):
    for name in "abc": t.suggest_float(name, 0, 1)
    for name in "de": t.suggest_float(name, 1e-5, 1e-1, log=True)
    for name in "fg": t.suggest_int(name, 1, 100)
    for name in "hi": t.suggest_categorical(name, ["x", "y", "z"])
    t.suggest_categorical("j", [True, False])
    return 0.0
sampler = optuna.samplers.RandomSampler(seed=0)
optuna.create_study(storage=f"sqlite:///{sys.argv[1]}/o.db", sampler=sampler).optimize(objective, n_trials=1000)
"""


def timed(command):
    start, before = time.perf_counter(), os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - start, cpu


def main(rounds):
    sides = {"optuna": [], "derby": []}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            sides["optuna"].append(timed([sys.executable, "-c", PEER, folder]))
            sweep = [DERBY, "--store", f"{folder}/store", "sweep", ROOT / "benches" / "noop.toml", "--quiet"]
            sides["derby"].append(timed(sweep))
    for name, times in sides.items():
        wall, cpu = (statistics.median(column) for column in zip(*times))
        print(f"{name:7} wall {wall:7.2f} s   CPU {cpu:6.2f} s   (median of {rounds})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
