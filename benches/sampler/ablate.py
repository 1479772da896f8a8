#!/usr/bin/env python3
"""What each part of `auto` is worth: the same seeds with one part taken out at a time.

  ablate.py --cmd 'derby sampler' [--seeds 0-4] [--budget 300] [--out ablation.csv]

Runs what is missing in --out, then prints a Markdown table: the mean over problems and seeds of log10 of the normalised regret
(floor 1e-6), lower is better, with the standard error of the paired difference to `all`.
"""
import argparse
import json
import subprocess
import sys

import numpy as np

import problems
from score import BUDGETS, read

VARIANTS = {
    "all": ({}, "auto"),
    "without credit": ({"auto.credit": 0}, "auto"),
    "without the process": ({"auto.gp": False}, "auto"),
    "without TPE": ({"auto.tpe": False}, "auto"),
    "without CMA-ES": ({"auto.cma": False}, "auto"),
    "without searches from scratch": ({"auto.restart": 0}, "auto"),
    "without small steps": ({"auto.polish": 0}, "auto"),
    "the process alone": ({}, "gp"),
    "TPE alone": ({}, "tpe"),
    "CMA-ES alone": ({}, "cma-es"),
}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--cmd", default="derby sampler")
    ap.add_argument("--seeds", default="0-4")
    ap.add_argument("--budget", type=int, default=300)
    ap.add_argument("--only", help="these variants, comma-separated")
    ap.add_argument("--out", default="ablation.csv")
    a = ap.parse_args()
    names = a.only.split(",") if a.only else list(VARIANTS)
    for name in names:
        options, sampler = VARIANTS[name]
        args = ["--samplers", f"ext:{sampler}", "--cmd", a.cmd, "--label", name, "--problems", "dev"]
        args += ["--seeds", a.seeds, "--budget", str(a.budget), "--out", a.out]
        if options:
            args += ["--options", json.dumps(options)]
        subprocess.run([sys.executable, "run.py", *args], check=True, stdout=subprocess.DEVNULL)
    reg, _ = read([a.out], 1)
    probs = [p.name for p in problems.load("dev")]

    def logs(name, b):
        return {(p, s): np.log10(max(d[b], 1e-6)) for p in probs for s, d in reg[name][p].items() if b in d}

    budgets = [b for b in BUDGETS if b <= a.budget]
    print("| variant | " + " | ".join(f"{b} trials" for b in budgets) + " |")
    print("| --- |" + " --- |" * len(budgets))
    for name in names:
        cells = []
        for b in budgets:
            own, base = logs(name, b), logs("all", b)
            both = sorted(set(own) & set(base))
            diff = np.array([own[k] - base[k] for k in both])
            cell = f"{np.mean([own[k] for k in both]):.3f}"
            if name != "all":
                cell += f" ({diff.mean():+.3f} ± {diff.std(ddof=1) / np.sqrt(len(diff)):.3f})"
            cells.append(cell)
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
