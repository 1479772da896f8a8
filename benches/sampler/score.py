#!/usr/bin/env python3
"""Summarise results/*.csv: normalised simple regret, ranks, Mann-Whitney wins.

  score.py [--problems all|dev|tag:NAME] [--ref optuna:tpe] [--ours ext:NAME] [--files ...]

Normalised regret = (f(incumbent) - fopt) / (fref - fopt); fref is the median of
random points, so 1 is "as bad as one random guess" and 0 the optimum.  It is
floored at 1e-9.  A win at a budget is p < 0.05 of a two-sided Mann-Whitney U
test over seeds AND the better median; ties are the rest.
"""
import argparse
import csv
import glob
import json
import math
import os
from collections import defaultdict

import numpy as np
from scipy.stats import mannwhitneyu, rankdata

import problems

HERE = os.path.dirname(os.path.abspath(__file__))
BUDGETS = (25, 50, 100, 300)


def read(files, batch):
    """{sampler: {problem: {seed: {budget: normalised regret}}}} and CPU seconds."""
    sc = json.load(open(os.path.join(HERE, "scales.json")))
    reg = defaultdict(lambda: defaultdict(dict))
    secs = defaultdict(lambda: defaultdict(list))
    low = {}
    for f in files:
        for r in csv.DictReader(open(f)):
            if int(r["batch"]) != batch:
                continue
            s = sc[r["problem"]]
            pts = [(int(a), float(b)) for a, b in (x.split(":") for x in r["traj"].split(";") if x)]
            m = min(v for _, v in pts)
            if m < s["fopt"] - 1e-9 * max(1, abs(s["fopt"])):
                low[r["problem"]] = min(m, low.get(r["problem"], m))
            out = {}
            for b in BUDGETS:
                if int(r["budget"]) >= b:
                    v = [v for i, v in pts if i < b][-1]
                    out[b] = max((v - s["fopt"]) / (s["fref"] - s["fopt"]), 1e-9)
                if r.get(f"secs{b}"):
                    secs[r["sampler"]][b].append(float(r[f"secs{b}"]))
            old = reg[r["sampler"]][r["problem"]].get(int(r["seed"]))
            if old is None or len(out) > len(old):
                reg[r["sampler"]][r["problem"]][int(r["seed"])] = out
    for p, m in low.items():
        print(f"note: {p} was beaten below its stored fopt: {m!r} < {sc[p]['fopt']!r} (update scales.json)")
    return reg, secs


def values(reg, s, p, b):
    return np.array([d[b] for d in reg.get(s, {}).get(p, {}).values() if b in d])


def compare(a, b):
    """+1 a is better, -1 b is better, 0 tie, None: too few seeds to ever reach p < 0.05."""
    if min(len(a), len(b)) < 3 or 2 / math.comb(len(a) + len(b), len(a)) >= 0.05:
        return None
    if np.all(a == a[0]) and np.all(b == a[0]):
        return 0
    if mannwhitneyu(a, b).pvalue >= 0.05:
        return 0
    ma, mb = np.median(a), np.median(b)
    return 1 if ma < mb else -1 if mb < ma else 0


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--problems", default="all")
    ap.add_argument("--ref", default="optuna:tpe")
    ap.add_argument("--ours")
    ap.add_argument("--samplers", help="only these, comma-separated")
    ap.add_argument("--common", action="store_true", help="only problems where each of --samplers has 3 seeds")
    ap.add_argument("--batch", type=int, default=1)
    ap.add_argument("--per-problem", action="store_true")
    ap.add_argument("--files", nargs="*", default=sorted(glob.glob(os.path.join(HERE, "results", "*.csv"))))
    ap.add_argument("--json", help="write the summary here too")
    a = ap.parse_args()
    reg, secs = read(a.files, a.batch)
    if a.problems.startswith("tag:"):
        t = a.problems[4:]
        probs = [p.name for p in problems.load("all")
                 if t in p.tags or t == p.group or (t == "numeric" and not set(p.tags) & {"categorical", "conditional"})]
    else:
        probs = [p.name for p in problems.load(a.problems)]
    names = a.samplers.split(",") if a.samplers else sorted(reg)
    summary = {}
    allprobs = probs
    for b in BUDGETS:
        if a.common:
            probs = [p for p in allprobs if all(len(values(reg, s, p, b)) >= 3 for s in names)]
        med = {s: {p: np.median(v) for p in probs if len(v := values(reg, s, p, b)) >= 3} for s in names}
        full = [s for s in names if med[s]]
        if not full:
            continue
        print(f"\n== {b} trials; {a.problems} ({len(probs)} problems)")
        print(f"{'sampler':22}{'probs':>6}{'seeds':>6}{'mean nreg':>11}{'gmean nreg':>12}{'avg rank':>9}"
              f"{'w/t/l vs ' + a.ref:>24}{'w/t/l vs best peer':>20}{'secs':>9}")
        rk = defaultdict(list)
        for p in probs:
            have = [s for s in full if p in med[s]]
            for s, r in zip(have, rankdata([round(np.log10(med[s][p]), 3) for s in have])):
                rk[s].append((r - 1) / max(len(have) - 1, 1))
        for s in sorted(full, key=lambda s: np.mean(rk[s])):
            v = np.array(list(med[s].values()))
            nseed = [len(values(reg, s, p, b)) for p in med[s]]
            wtl, wtb = [0, 0, 0, 0], [0, 0, 0, 0]
            for p in med[s]:
                c = compare(values(reg, s, p, b), values(reg, a.ref, p, b)) if s != a.ref else None
                wtl[3 if c is None else 1 - c] += 1
                peers = [q for q in full if q not in (s, a.ours) and p in med[q] and len(values(reg, q, p, b)) >= 3]
                if peers:
                    best = min(peers, key=lambda q: med[q][p])
                    c = compare(values(reg, s, p, b), values(reg, best, p, b))
                    wtb[3 if c is None else 1 - c] += 1
            t = np.mean(secs[s][b]) if secs[s].get(b) else float("nan")
            row = dict(problems=len(v), seeds=int(np.median(nseed)), mean=float(v.mean()),
                       gmean=float(np.exp(np.mean(np.log(np.maximum(v, 1e-6))))), rank=float(np.mean(rk[s])),
                       wtl_ref=wtl[:3], wtl_best=wtb[:3], secs=None if np.isnan(t) else float(t))
            summary.setdefault(str(b), {})[s] = row
            print(f"{s:22}{row['problems']:6}{row['seeds']:6}{row['mean']:11.4f}{row['gmean']:12.5f}{row['rank']:9.3f}"
                  f"{'/'.join(map(str, wtl[:3])):>24}{'/'.join(map(str, wtb[:3])):>20}{t:9.2f}")
        if a.per_problem:
            print(f"{'':18}" + "".join(f"{s[-12:]:>13}" for s in full))
            for p in probs:
                print(f"{p:18}" + "".join(f"{med[s][p]:13.5f}" if p in med[s] else f"{'-':>13}" for s in full))
    if a.json:
        json.dump(summary, open(a.json, "w"), indent=1)


if __name__ == "__main__":
    main()
