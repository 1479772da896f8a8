#!/usr/bin/env python3
"""The tables of README.md: derby's samplers beside their peers, as Markdown.

  table.py [--problems dev|unseen] [--files results/*.csv] [--ours auto,gp,tpe,cma-es]

Figures per problem are medians over seeds of the normalised regret (score.py says how it is made). The row
`optuna:AutoSampler` is put together by AutoSampler's published rule from the runs of its arms, up to 100 trials: GPSampler
where every parameter is an unconditional number, TPESampler else.
"""
import argparse
import glob
import os

import numpy as np
from scipy.stats import rankdata

import problems
from score import BUDGETS, HERE, compare, read, values

RULE = "optuna:AutoSampler"


def add_rule(reg, probs):
    for p in probs:
        arm = "optuna:tpe" if set(p.tags) & {"categorical", "conditional"} else "optuna:gp"
        runs = reg.get(arm, {}).get(p.name, {})
        reg[RULE][p.name] = {s: {b: v for b, v in d.items() if b <= 100} for s, d in runs.items()}


def wins(reg, ours, rival_of, probs, b):
    n = [0, 0, 0]
    for p in probs:
        rival = rival_of(p)
        if rival is None or rival == ours:
            continue
        c = compare(values(reg, ours, p, b), values(reg, rival, p, b))
        n[1 if c is None else 1 - c] += 1
    return "/".join(map(str, n))


def table(reg, secs, probs, ours, b):
    med = {s: {p: float(np.median(v)) for p in probs if len(v := values(reg, s, p, b)) >= 2} for s in reg}
    full = [s for s in med if len(med[s]) == len(probs)]
    ranks = {s: [] for s in full}
    for p in probs:
        for s, r in zip(full, rankdata([round(float(np.log10(med[s][p])), 3) for s in full])):
            ranks[s].append((r - 1) / max(len(full) - 1, 1))
    peers = [s for s in full if s not in ours and s != RULE]
    best = {p: min(peers, key=lambda s: med[s][p]) for p in probs}
    out = [f"**{b} trials**, {len(probs)} problems", "",
           "| sampler | seeds | mean | geometric mean | average rank | against optuna:tpe | against the best peer |",
           "| --- | --- | --- | --- | --- | --- | --- |"]
    for s in sorted(full, key=lambda s: np.mean(ranks[s])):
        v = np.array([med[s][p] for p in probs])
        seeds = int(np.median([len(values(reg, s, p, b)) for p in probs]))
        name = f"**derby:{s}**" if s in ours else s
        tpe = wins(reg, s, lambda p: "optuna:tpe", probs, b)
        top = wins(reg, s, best.get, probs, b) if s in ours else ""
        out.append(f"| {name} | {seeds} | {v.mean():.4f} | {np.exp(np.mean(np.log(np.maximum(v, 1e-6)))):.5f} "
                   f"| {np.mean(ranks[s]):.3f} | {tpe} | {top} |")
    bar = np.array([med[best[p]][p] for p in probs])
    out.append(f"| best peer of each problem | | {bar.mean():.4f} | {np.exp(np.mean(np.log(np.maximum(bar, 1e-6)))):.5f} | | | |")
    return "\n".join(out), med, best


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--problems", default="dev")
    ap.add_argument("--files", nargs="*", default=sorted(glob.glob(os.path.join(HERE, "results", "*.csv"))))
    ap.add_argument("--ours", default="auto,gp,tpe,cma-es")
    ap.add_argument("--batch", type=int, default=1)
    a = ap.parse_args()
    ours = a.ours.split(",")
    reg, secs = read(a.files, a.batch)
    loaded = problems.load(a.problems)
    add_rule(reg, loaded)
    probs = [p.name for p in loaded]
    lead = ours[0]
    rows = {}
    for b in BUDGETS:
        text, med, best = table(reg, secs, probs, ours, b)
        print(text, "\n")
        for p in probs:
            own = med.get(lead, {}).get(p)
            c = compare(values(reg, lead, p, b), values(reg, best[p], p, b))
            mark = {1: " ✓", -1: " ✗"}.get(c, "")
            rows.setdefault(p, []).append(f"{own:.4f} / {med[best[p]][p]:.4f} {best[p]}{mark}" if own is not None else "")
    print(f"**Problem by problem**: derby:{lead} / the best peer (✓ won, ✗ lost at p < 0.05)\n")
    print("| problem | " + " | ".join(map(str, BUDGETS)) + " |")
    print("| --- |" + " --- |" * len(BUDGETS))
    for p in probs:
        print(f"| {p} | " + " | ".join(rows[p]) + " |")


if __name__ == "__main__":
    main()
