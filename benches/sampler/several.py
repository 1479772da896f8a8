"""Measures samplers of several objectives: the dominated volume after so many evaluations.

    python several.py run --samplers derby:gp,optuna:tpe --problems zdt1,bnh --seeds 0-4 --budget 300 --out raw.csv \
        --cmd ./sampler
    python several.py table raw.csv [more.csv …] --at 100,300
    python several.py families raw.csv [more.csv …] --at 100,300
    python several.py cost --cmd ./sampler --samplers derby:random,derby:nsga-ii --budget 10000 --params 40
    python several.py scales        (makes several_scales.json anew; needs pymoo)

Objectives are scaled so that the true front reaches from 0 to 1. `hv` is the volume within (1.1, …, 1.1), `wide` the one
within the worst of 256 random points, each as a share of the volume of the true front. The second one tells samplers
apart that are far from a front. A run is a function of (sampler, problem, seed). Versions stand in every row.
"""

import argparse
import csv
import json
import os
import platform
import random
import subprocess
import sys
import time
from collections import defaultdict
from math import log10
from pathlib import Path

import numpy as np

from several_problems import PROBLEMS, zdt

HERE = Path(__file__).parent
CHECKPOINTS = [50, 100, 200, 300, 500, 1000, 2000]
FIELDS = ["sampler", "version", "problem", "seed", "n", "hv", "wide", "feasible", "cpu_s"]


class Derby:
    """A sampler behind JSON lines."""

    def __init__(self, sampler, d, m, seed, budget, cmd):
        self.process = subprocess.Popen(
            cmd.split(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        space = {f"x{i}": {"type": "float", "low": 0.0, "high": 1.0} for i in range(d)}
        first = {"space": space, "direction": ["minimize"] * m, "seed": seed, "budget": budget}
        if sampler != "default":
            first["sampler"] = sampler
        self.version = "derby " + self.say(first)["version"]

    def say(self, message):
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline())
        if "error" in reply:
            raise RuntimeError(reply["error"])
        return reply

    def ask(self):
        reply = self.say({"ask": True})
        self.id = reply["id"]
        return list(reply["params"].values())

    def tell(self, values, constraints):
        told = {"id": self.id, "values": values}
        if constraints is not None:
            told["constraints"] = constraints
        self.say({"tell": told})

    def cpu(self):
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Optuna:
    """A study in memory."""

    def __init__(self, sampler, d, m, seed, budget, cmd):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        import warnings

        warnings.simplefilter("ignore")
        self.version = "optuna " + optuna.__version__

        def constraints(trial):
            return trial.user_attrs["c"]

        samplers = optuna.samplers
        self.d, self.start = d, time.process_time()
        make = {
            "nsga2": lambda c: samplers.NSGAIISampler(seed=seed, constraints_func=c),
            "nsga3": lambda c: samplers.NSGAIIISampler(seed=seed, constraints_func=c),
            "tpe": lambda c: samplers.TPESampler(seed=seed, multivariate=True, constraints_func=c),
            "gp": lambda c: samplers.GPSampler(seed=seed, constraints_func=c),
            "random": lambda c: samplers.RandomSampler(seed=seed),
        }[sampler]
        self.make = lambda c: optuna.create_study(
            directions=["minimize"] * m, sampler=make(constraints if c else None)
        )
        self.study = None
        self.constrained = False

    def ask(self):
        if self.study is None:
            self.study = self.make(self.constrained)
        self.trial = self.study.ask()
        return [self.trial.suggest_float(f"x{i}", 0.0, 1.0) for i in range(self.d)]

    def tell(self, values, constraints):
        if constraints is not None:
            self.trial.set_user_attr("c", constraints)
        self.study.tell(self.trial, values)

    def cpu(self):
        return time.process_time() - self.start

    def close(self):
        pass


class Pymoo:
    """An algorithm asked for whole generations."""

    def __init__(self, sampler, d, m, seed, budget, cmd):
        import pymoo
        from pymoo.algorithms.moo.nsga2 import NSGA2
        from pymoo.algorithms.moo.nsga3 import NSGA3
        from pymoo.util.ref_dirs import get_reference_directions

        self.version = "pymoo " + pymoo.__version__
        self.start, self.args = time.process_time(), (d, m, seed)
        name, _, size = sampler.partition("-")
        size = int(size or 50)
        if name == "nsga2":
            self.algorithm = NSGA2(pop_size=size)
        else:
            parts = size - 1 if m == 2 else {50: 8, 100: 12}[size]
            self.algorithm = NSGA3(get_reference_directions("das-dennis", m, n_partitions=parts))
        self.waiting, self.given, self.n_constraints = [], [], None

    def begin(self):
        from pymoo.core.problem import Problem

        d, m, seed = self.args
        problem = Problem(n_var=d, n_obj=m, n_ieq_constr=self.n_constraints, xl=0.0, xu=1.0)
        self.algorithm.setup(problem, termination=("n_gen", 10**6), seed=seed, verbose=False)

    def ask(self):
        if self.n_constraints is None:
            raise RuntimeError("the number of constraints is not set")
        if not self.given:
            if not self.waiting:
                if not hasattr(self, "begun"):
                    self.begun = True
                    self.begin()
                self.population = self.algorithm.ask()
                self.results = []
                self.waiting = [list(map(float, x)) for x in self.population.get("X")]
        return self.waiting[len(self.results)]

    def tell(self, values, constraints):
        from pymoo.core.evaluator import Evaluator
        from pymoo.problems.static import StaticProblem

        self.results.append((values, constraints))
        if len(self.results) == len(self.waiting):
            extra = {"F": np.array([v for v, _ in self.results])}
            if self.n_constraints:
                extra["G"] = np.array([c for _, c in self.results])
            static = StaticProblem(self.algorithm.problem, **extra)
            Evaluator().eval(static, self.population)
            self.algorithm.tell(infills=self.population)
            self.waiting = []

    def cpu(self):
        return time.process_time() - self.start

    def close(self):
        pass


FAMILIES = {"derby": Derby, "optuna": Optuna, "pymoo": Pymoo}


def volume(points, bound):
    from pymoo.indicators.hv import HV

    inside = [p for p in points if all(x < bound_i for x, bound_i in zip(p, bound))]
    return float(HV(ref_point=np.array(bound))(np.array(inside))) if inside else 0.0


def front(points):
    """The points that none dominates, equal ones once."""
    points = np.unique(np.array(points), axis=0)
    if points.shape[1] == 2:
        least = np.minimum.accumulate(np.concatenate([[np.inf], points[:-1, 1]]))
        return points[points[:, 1] < least]
    kept = np.ones(len(points), dtype=bool)
    for i, p in enumerate(points):
        if kept[i]:
            kept &= ~((points >= p).all(axis=1) & (points > p).any(axis=1))
    return points[kept]


def run_one(name, problem, seed, budget, cmd, scales):
    family, _, sampler = name.partition(":")
    d, f, c = PROBLEMS[problem]
    m = len(f([0.5] * d))
    made = FAMILIES[family](sampler, d, m, seed, budget, cmd)
    made.constrained = c is not None
    made.n_constraints = len(c([0.5] * d)) if c else 0
    scale = scales[problem]
    low, high = np.array(scale["ideal"]), np.array(scale["nadir"])
    points, rows = [], []
    for n in range(1, budget + 1):
        x = made.ask()
        values, constraints = f(x), c(x) if c else None
        made.tell(values, constraints)
        if constraints is None or all(v <= 0 for v in constraints):
            points.append((np.array(values) - low) / (high - low))
        if n in CHECKPOINTS or n == budget:
            best = front(points) if points else np.empty((0, m))
            rows.append(
                {
                    "sampler": name,
                    "version": made.version,
                    "problem": problem,
                    "seed": seed,
                    "n": n,
                    "hv": round(volume(best, [1.1] * m) / scale["hv"], 6),
                    "wide": round(volume(best, scale["bound"]) / scale["wide"], 8),
                    "feasible": len(points),
                    "cpu_s": round(made.cpu(), 3),
                }
            )
    made.close()
    return rows


def run(args):
    scales = json.loads((HERE / "several_scales.json").read_text())
    first, _, last = args.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    problems = list(PROBLEMS) if args.problems == "all" else args.problems.split(",")
    done, out = set(), Path(args.out)
    if out.exists():
        with out.open() as file:
            done = {(r["sampler"], r["problem"], int(r["seed"]), int(r["n"])) for r in csv.DictReader(file)}
    with out.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        if file.tell() == 0:
            writer.writeheader()
        for seed in seeds:
            for problem in problems:
                for name in args.samplers.split(","):
                    label = args.label or name
                    if (label, problem, seed, args.budget) in done:
                        continue
                    for row in run_one(name, problem, seed, args.budget, args.cmd, scales):
                        writer.writerow({**row, "sampler": label})
                    file.flush()


def read(files):
    cells = defaultdict(list)
    for path in files:
        with open(path) as file:
            for row in csv.DictReader(file):
                cells[row["sampler"], row["problem"], int(row["n"])].append(row)
    return cells


def table(args):
    cells = read(args.files)
    samplers = list(dict.fromkeys(key[0] for key in cells))
    if args.samplers:
        samplers = args.samplers.split(",")
    for at in map(int, args.at.split(",")):
        problems = [p for p in PROBLEMS if sum((s, p, at) in cells for s in samplers) > 1]
        present = [s for s in samplers if any((s, p, at) in cells for p in problems)]
        if args.common:
            problems = [p for p in problems if all((s, p, at) in cells for s in present)]
        print(f"\n## {args.what} after {at} evaluations, mean over seeds\n")
        print("| problem | " + " | ".join(present) + " |")
        print("|---" * (len(present) + 1) + "|")
        totals, logs, ranks = defaultdict(list), defaultdict(list), defaultdict(list)
        for problem in problems:
            shown = {}
            for s in present:
                if (s, problem, at) in cells:
                    values = [float(r[args.what]) for r in cells[s, problem, at]]
                    shown[s] = sum(values) / len(values)
                    totals[s].append(shown[s])
                    wide = [max(1 - float(r["wide"]), 1e-6) for r in cells[s, problem, at]]
                    logs[s].append(sum(map(log10, wide)) / len(wide))
            order = sorted(shown, key=lambda s: -logs[s][-1])[::-1]
            for place, s in enumerate(order):
                ranks[s].append(place / max(len(order) - 1, 1))
            line = [f"{shown[s]:.3f}" if s in shown else "" for s in present]
            print(f"| {problem} | " + " | ".join(line) + " |")
        mean = lambda values: f"{sum(values) / len(values):.3f} ({len(values)})" if values else ""
        print("| mean | " + " | ".join(mean(totals[s]) for s in present) + " |")
        print("| log10 (1 - wide) | " + " | ".join(mean(logs[s]) for s in present) + " |")
        print("| rank, 0 best | " + " | ".join(mean(ranks[s]) for s in present) + " |")
        cpu = {s: [float(r["cpu_s"]) for (t, _, n), rows in cells.items() if t == s and n == at for r in rows] for s in present}
        print("| CPU s | " + " | ".join(mean(cpu[s]) for s in present) + " |")


FAMILIES_OF_PROBLEMS = {
    "ZDT": ["zdt1", "zdt2", "zdt3", "zdt4", "zdt6"],
    "DTLZ": ["dtlz1_2", "dtlz2_2", "dtlz7_2", "dtlz1_3", "dtlz2_3", "dtlz7_3"],
    "constrained": ["c1dtlz1_2", "c2dtlz2_2", "c2dtlz2_3", "bnh", "osy", "srn", "tnk", "mw1"],
}


def families(args):
    """Means over the problems of a family, one row a sampler; in brackets over how many, where not all were measured."""
    cells = read(args.files)
    samplers = list(dict.fromkeys(key[0] for key in cells))
    for at in map(int, args.at.split(",")):
        print(f"\n**{at} evaluations**\n")
        names = " | ".join(FAMILIES_OF_PROBLEMS)
        print(f"| sampler | seeds | {names} | log10 of what is missing | CPU s |")
        print("|---" * (len(FAMILIES_OF_PROBLEMS) + 4) + "|")
        for s in samplers:
            shown, missing, cpu, seeds = [], [], [], set()
            for problems in FAMILIES_OF_PROBLEMS.values():
                means = []
                for rows in (cells[s, p, at] for p in problems if (s, p, at) in cells):
                    means.append(sum(float(r["hv"]) for r in rows) / len(rows))
                    logs = [log10(max(1 - float(r["wide"]), 1e-6)) for r in rows]
                    missing.append(sum(logs) / len(logs))
                    cpu.extend(float(r["cpu_s"]) for r in rows)
                    seeds.add(len(rows))
                part = f" ({len(means)})" if len(means) < len(problems) else ""
                shown.append(f"{sum(means) / len(means):.3f}{part}" if means else "")
            if not missing:
                continue
            least, most = min(seeds), max(seeds)
            n = str(least) if least == most else f"{least}–{most}"
            whole = len(missing) == sum(map(len, FAMILIES_OF_PROBLEMS.values()))
            lost = f"{sum(missing) / len(missing):.2f}" if whole else ""
            print(f"| {s} | {n} | {' | '.join(shown)} | {lost} | {sum(cpu) / len(cpu):.2g} |")


def cost(args):
    """CPU seconds of the process behind JSON lines, on ZDT1; that of `derby:random` is what the lines cost."""
    d, f, _ = zdt(1, args.params)
    for name in args.samplers.split(","):
        made = Derby(name.removeprefix("derby:"), d, 2, 0, args.budget, args.cmd)
        for _ in range(args.budget):
            made.tell(f(made.ask()), None)
        print(f"{name}: {made.cpu():.2f} s for {args.budget} evaluations of {d} parameters")
        made.close()


def make_scales(_):
    """The true fronts: dense ones from pymoo where it has them, else those of two long searches."""
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.core.problem import ElementwiseProblem
    from pymoo.optimize import minimize

    scales = {}
    for name, (d, f, c) in PROBLEMS.items():
        m = len(f([0.5] * d))
        n_c = len(c([0.5] * d)) if c else 0

        class Own(ElementwiseProblem):
            def __init__(self):
                super().__init__(n_var=d, n_obj=m, n_ieq_constr=n_c, xl=0.0, xu=1.0)

            def _evaluate(self, x, out, *_):
                x = [float(v) for v in x]
                out["F"] = f(x)
                if c:
                    out["G"] = c(x)

        points = known(name, f, d)
        if points is None:
            points = []
            for seed in range(2):
                found = minimize(Own(), NSGA2(pop_size=200), ("n_gen", 250), seed=seed)
                points.extend(found.F)
        points = front(points)
        low, high = points.min(axis=0), points.max(axis=0)
        rng = random.Random(1)
        drawn = np.array([f([rng.random() for _ in range(d)]) for _ in range(256)])
        bound = np.maximum((drawn.max(axis=0) - low) / (high - low), 1.1)
        unit = (points - low) / (high - low)
        scales[name] = {
            "ideal": low.tolist(),
            "nadir": high.tolist(),
            "bound": bound.tolist(),
            "hv": volume(unit, [1.1] * m),
            "wide": volume(unit, bound.tolist()),
            "n": len(points),
        }
        print(name, len(points), scales[name]["hv"], scales[name]["bound"], file=sys.stderr)
    (HERE / "several_scales.json").write_text(json.dumps(scales, indent=1))


def known(name, f, d):
    """Points of a front that is known in closed form."""
    if name.startswith("zdt"):
        best = [0.5 if name == "zdt4" else 0.0] * (d - 1)
        return [f([i / 4000] + best) for i in range(4001)]
    if name in ("dtlz1_2", "dtlz2_2", "c1dtlz1_2"):
        return [f([i / 4000] + [0.5] * (d - 1)) for i in range(4001)]
    if name in ("dtlz1_3", "dtlz2_3"):
        return [f([i / 50, j / 50] + [0.5] * (d - 2)) for i in range(51) for j in range(51)]
    if name == "dtlz7_2":
        return [f([i / 4000] + [0.0] * (d - 1)) for i in range(4001)]
    if name == "dtlz7_3":
        return [f([i / 80, j / 80] + [0.0] * (d - 2)) for i in range(81) for j in range(81)]
    if name in ("c2dtlz2_2", "c2dtlz2_3"):
        c = PROBLEMS[name][2]
        if name == "c2dtlz2_2":
            xs = [[i / 8000] + [0.5] * (d - 1) for i in range(8001)]
        else:
            xs = [[i / 80, j / 80] + [0.5] * (d - 2) for i in range(81) for j in range(81)]
        return [f(x) for x in xs if c(x)[0] <= 0]
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    verbs = parser.add_subparsers(required=True)
    verb = verbs.add_parser("run")
    verb.add_argument("--samplers", required=True)
    verb.add_argument("--problems", default="all")
    verb.add_argument("--seeds", default="0-4")
    verb.add_argument("--budget", type=int, default=300)
    verb.add_argument("--cmd", default="derby sampler")
    verb.add_argument("--label", default="")
    verb.add_argument("--out", required=True)
    verb.set_defaults(do=run)
    verb = verbs.add_parser("table")
    verb.add_argument("files", nargs="+")
    verb.add_argument("--at", default="100,300")
    verb.add_argument("--samplers", default="", help="only these, in this order")
    verb.add_argument("--what", default="hv", choices=["hv", "wide"])
    verb.add_argument("--common", action="store_true")
    verb.set_defaults(do=table)
    verb = verbs.add_parser("families")
    verb.add_argument("files", nargs="+")
    verb.add_argument("--at", default="100,300")
    verb.set_defaults(do=families)
    verb = verbs.add_parser("cost")
    verb.add_argument("--samplers", default="derby:random,derby:nsga-ii")
    verb.add_argument("--budget", type=int, default=10000)
    verb.add_argument("--params", type=int, default=40)
    verb.add_argument("--cmd", default="derby sampler")
    verb.set_defaults(do=cost)
    verb = verbs.add_parser("scales")
    verb.set_defaults(do=make_scales)
    args = parser.parse_args()
    args.do(args)


if __name__ == "__main__":
    print(platform.python_version(), np.__version__, file=sys.stderr)
    main()
