"""What racing saves: the sweeps of sweeps/ with and without it.

    python3 benches/racing.py [--seeds N] [--derby PATH] [--samplers own,random] [--out FILE.csv] [SWEEP…]

Every sweep runs with one job and the same seeds without a pruner and with `pruner = "race"`. Counted are the folds that
were fitted, from the store, and CPU seconds (user and system). `same` says that both chose the same configuration, `won`
that the racing sweep's best score is at least as good. Samplers that learn are told what a stopped trial would have come
to, so they ask for other trials afterwards; with the sampler `random` the trials are the same ones, and the choice must be.
"""
import argparse
import csv
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SWEEPS = ["quick", "penguins", "digits", "diabetes", "breast_cancer", "weather", "birdstrikes"]


def run(derby, sweep, settings):
    """Runs a sweep in a store of its own; what it cost and chose."""
    with tempfile.TemporaryDirectory() as store:
        command = [derby, "sweep", str(ROOT / "sweeps" / f"{sweep}.toml"), "--store", store, "-j", "1", "--quiet"]
        for setting in settings:
            command += ["--set", setting]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        text = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit(f"{' '.join(command)}: {text}")
        with sqlite3.connect(f"file:{store}/derby.db?mode=ro", uri=True) as db:
            return {**read(db), "cpu": usage.ru_utime + usage.ru_stime}


def read(db):
    """Folds, statuses and the best trial of the only sweep."""
    (metric,) = db.execute("SELECT json_extract(objectives, '$[0].metric') FROM sweep").fetchone()
    folds = db.execute(
        "SELECT count(*) FROM (SELECT DISTINCT p.run, p.context FROM point p JOIN metric m ON m.id = p.metric"
        " WHERE m.name = ?)", (metric,)).fetchone()[0]
    status = dict(db.execute("SELECT status, count(*) FROM run GROUP BY status"))
    best = db.execute(
        "SELECT v.loss, t.params FROM trial_value v JOIN trial t ON t.sweep = v.sweep AND t.number = v.trial"
        " WHERE v.objective = 0 AND t.same_as IS NULL ORDER BY v.loss, v.trial LIMIT 1").fetchone()
    return {"metric": metric, "folds": folds, "status": status, "loss": best[0], "params": json.loads(best[1])}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sweeps", nargs="*", default=SWEEPS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--derby", default=str(ROOT / "target/release/derby"))
    parser.add_argument("--samplers", default="own,random")
    parser.add_argument("--race", default='"race"', help="the pruner, as in a sweep file")
    parser.add_argument("--out")
    options = parser.parse_args()
    rows = []
    for sweep in options.sweeps:
        for sampler in options.samplers.split(","):
            for seed in range(1, options.seeds + 1):
                settings = [f"search.seed={seed}"] + ([] if sampler == "own" else [f"search.sampler={sampler}"])
                plain = run(options.derby, sweep, settings)
                raced = run(options.derby, sweep, settings + [f"search.pruner={options.race}"])
                row = {
                    "sweep": sweep, "sampler": sampler, "seed": seed, "trials": sum(plain["status"].values()),
                    "stopped": raced["status"].get("pruned", 0),
                    "folds": plain["folds"], "raced_folds": raced["folds"],
                    "cpu": round(plain["cpu"], 2), "raced_cpu": round(raced["cpu"], 2),
                    "loss": plain["loss"], "raced_loss": raced["loss"],
                    "same": plain["params"] == raced["params"],
                    "won": raced["loss"] <= plain["loss"],
                }
                rows.append(row)
                print(*row.values(), flush=True)
    if options.out:
        with open(options.out, "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
