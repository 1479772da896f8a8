"""What racing saves: the sweeps of sweeps/ with and without it.

    python3 benches/racing.py [--seeds N] [--trials N] [--derby PATH] [--samplers random,tpe,auto] [--out FILE.csv] [SWEEP…]
    python3 benches/racing.py --table FILE.csv…

Every sweep runs with one job and the same seeds without a pruner and with `pruner = "race"`. Counted are the folds that
were fitted, from the store, and CPU seconds (user and system). `same` says that both chose the same configuration. Samplers
that learn are told what a stopped trial would have come to, so they ask for other trials afterwards; with the sampler
`random` the trials are the same ones. The table has, for each sweep and sampler, the shares saved, how often the choice was
the same and how often another one was better or worse, and the mean difference of the best scores in standard deviations
over the folds of the best trial (positive: racing came out worse).
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
from collections import defaultdict

ROOT = pathlib.Path(__file__).resolve().parent.parent
SWEEPS = ["penguins", "digits", "diabetes", "breast_cancer", "weather"]
BEST = """
SELECT v.loss, t.params, s.sd FROM trial_value v JOIN trial t ON t.sweep = v.sweep AND t.number = v.trial
  JOIN run r ON r.sweep = t.sweep AND r.trial = t.number AND r.status = 'done'
  JOIN summary s ON s.run = r.id JOIN metric m ON m.id = s.metric AND m.name = ?
WHERE v.objective = 0 AND t.same_as IS NULL ORDER BY v.loss, v.trial LIMIT 1"""
FOLDS = """
SELECT count(*) FROM (SELECT DISTINCT p.run, p.context FROM point p JOIN metric m ON m.id = p.metric WHERE m.name = ?)"""


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
    (folds,) = db.execute(FOLDS, (metric,)).fetchone()
    status = dict(db.execute("SELECT status, count(*) FROM run GROUP BY status"))
    loss, params, sd = db.execute(BEST, (metric,)).fetchone()
    return {"folds": folds, "status": status, "loss": loss, "sd": sd, "params": json.loads(params)}


def compare(options, sweep, sampler, seed):
    """A row: the sweep without and with the pruner."""
    settings = [f"search.seed={seed}", f"search.sampler={sampler}"]
    settings += [f"budget.trials={options.trials}"] if options.trials else []
    plain = run(options.derby, sweep, settings)
    raced = run(options.derby, sweep, settings + [f"search.pruner={options.race}"])
    return {
        "sweep": sweep, "sampler": sampler, "seed": seed, "trials": sum(plain["status"].values()),
        "raced_trials": sum(raced["status"].values()), "stopped": raced["status"].get("pruned", 0),
        "folds": plain["folds"], "raced_folds": raced["folds"],
        "cpu": round(plain["cpu"], 2), "raced_cpu": round(raced["cpu"], 2),
        "loss": plain["loss"], "raced_loss": raced["loss"], "sd": plain["sd"],
        "same": int(plain["params"] == raced["params"]),
    }


def table(rows):
    """Prints a line for each sweep and sampler."""
    groups = defaultdict(list)
    for row in rows:
        groups[row["sweep"], row["sampler"]].append(row)
    print("| sweep | sampler | trials | stopped | folds saved | CPU saved | same choice | better | worse | difference, sd |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for (sweep, sampler), of in groups.items():
        total = lambda name: sum(float(row[name]) for row in of)
        saved = lambda name: f"{100 * (1 - total('raced_' + name) / total(name)):.0f} %"
        other = [float(row["raced_loss"]) - float(row["loss"]) for row in of if not int(row["same"])]
        better, worse = sum(x < 0 for x in other), sum(x > 0 for x in other)
        apart = sum((float(row["raced_loss"]) - float(row["loss"])) / float(row["sd"]) for row in of) / len(of)
        print(f"| {sweep} | {sampler} | {total('raced_trials') / len(of):.0f} | {total('stopped') / len(of):.0f} | {saved('folds')}"
              f" | {saved('cpu')} | {len(of) - len(other)} of {len(of)} | {better} | {worse} | {apart:+.3f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sweeps", nargs="*", default=SWEEPS)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int)
    parser.add_argument("--derby", default=str(ROOT / "target/release/derby"))
    parser.add_argument("--samplers", default="random,tpe,auto")
    parser.add_argument("--race", default='"race"', help="the pruner, as in a sweep file")
    parser.add_argument("--out")
    parser.add_argument("--table", nargs="+", metavar="FILE.csv", help="print the table of earlier figures")
    options = parser.parse_args()
    if options.table:
        return table([row for path in options.table for row in csv.DictReader(open(path, newline=""))])
    rows = []
    for sweep in options.sweeps:
        for sampler in options.samplers.split(","):
            for seed in range(1, options.seeds + 1):
                rows.append(compare(options, sweep, sampler, seed))
                print(*rows[-1].values(), file=sys.stderr, flush=True)
                if options.out:
                    with open(options.out, "w", newline="") as file:
                        writer = csv.DictWriter(file, rows[0])
                        writer.writeheader()
                        writer.writerows(rows)
    table(rows)


if __name__ == "__main__":
    main()
