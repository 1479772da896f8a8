#!/usr/bin/env python3
"""Run (sampler, problem, seed, budget) and append incumbent trajectories.

  run.py --samplers optuna:tpe,random --problems dev --seeds 0-9 --budget 300 --out results/raw.csv
  run.py --samplers ext:tpe --cmd 'derby sampler' --problems dev ...

Rows already in --out are skipped, so a run can be resumed.
"""
import argparse
import csv
import json
import os
import sys
import time
import zlib

import numpy as np

import problems
import samplers
from samplers import make
from space import validate

FIELDS = ["sampler", "problem", "seed", "budget", "batch", "secs", "secs25", "secs50", "secs100", "secs300", "traj"]


def run_one(name, prob, seed, budget, batch=1, cmd=None, max_secs=None):
    s = make(name, prob.space, seed, budget, cmd)
    rng = np.random.default_rng([zlib.crc32(prob.name.encode()), seed])
    # CPU seconds, so that a busy machine does not matter; wall for another process
    clock = time.perf_counter if name.startswith("ext:") else time.process_time
    best_told, traj, secs, marks, done, t_start = float("inf"), [], 0.0, {}, 0, time.perf_counter()
    try:
        while done < budget:
            t0 = clock()
            asked = [s.ask() for _ in range(min(batch, budget - done))]
            secs += clock() - t0
            for id, params in asked:
                validate(prob.space, params)
                true = prob(params)
                told = true + prob.noise * rng.standard_normal() if prob.noise else true
                t0 = clock()
                s.tell(id, told)
                secs += clock() - t0
                if told < best_told:
                    best_told = told
                    traj.append((done, true))
                done += 1
                if done in (25, 50, 100, 300):
                    marks[done] = secs
            if max_secs and time.perf_counter() - t_start > max_secs:
                break
    finally:
        s.close()
    row = {"sampler": name, "problem": prob.name, "seed": seed, "budget": done, "batch": batch, "secs": f"{secs:.4g}",
           "traj": ";".join(f"{i}:{v:.10g}" for i, v in traj)}
    row.update({f"secs{k}": f"{v:.4g}" for k, v in marks.items()})
    return row


def seeds(text):
    a, _, b = text.partition("-")
    return range(int(a), int(b or a) + 1)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--samplers", required=True)
    ap.add_argument("--problems", default="dev")
    ap.add_argument("--seeds", default="0-9")
    ap.add_argument("--budget", type=int, default=300)
    ap.add_argument("--batch", type=int, default=1, help="trials asked before any is told")
    ap.add_argument("--cmd", help="command of the external sampler process (for ext:...)")
    ap.add_argument("--options", help="control parameters for ext:..., as JSON")
    ap.add_argument("--label", help="name to record instead of the sampler's")
    ap.add_argument("--out", default="results/raw.csv")
    ap.add_argument("--max-secs", type=float, help="stop one run early after this many seconds")
    ap.add_argument("--stop-after", type=float, help="start no further run after this many seconds")
    a = ap.parse_args()
    if a.options:
        samplers.EXTRA["options"] = json.loads(a.options)
    have = set()
    if os.path.exists(a.out):
        with open(a.out) as f:
            have = {(r["sampler"], r["problem"], int(r["seed"]), int(r["batch"])) for r in csv.DictReader(f)
                    if int(r["budget"]) >= a.budget}
    new = not os.path.exists(a.out)
    t0 = time.time()
    with open(a.out, "a", newline="") as f:
        w = csv.DictWriter(f, FIELDS)
        if new:
            w.writeheader()
        for seed in seeds(a.seeds):
            for name in a.samplers.split(","):
                for prob in problems.load(a.problems):
                    label = a.label or name
                    if (label, prob.name, seed, a.batch) in have:
                        continue
                    if a.stop_after and time.time() - t0 > a.stop_after:
                        return
                    try:
                        row = run_one(name, prob, seed, a.budget, a.batch, a.cmd, a.max_secs)
                    except Exception as e:  # a peer's crash is a result: say so and go on
                        print(f"FAILED {name} {prob.name} {seed}: {type(e).__name__}: {e}", file=sys.stderr, flush=True)
                        continue
                    w.writerow({**row, "sampler": label})
                    f.flush()
            print(f"seed {seed} done at {time.time() - t0:.0f} s", flush=True)


if __name__ == "__main__":
    main()
