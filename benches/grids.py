"""The same grids, folds and metric by derby and by scikit-learn's GridSearchCV, side by side in one run.

    python -m venv target/bench && target/bench/bin/pip install scikit-learn pandas
    cargo build --release
    target/bench/bin/python benches/grids.py [GRID...]

Every line is a whole process from the CSV file to the best score: CPU seconds (user and system, children included) and
wall seconds, imports and all. BLAS and OpenMP run with one thread. The large data sets are made under target/bench-data.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
DATA = ROOT / "target" / "bench-data"
DERBY = ROOT / "target" / "release" / "derby"
# Trees and forests draw other random numbers; all else is the same algorithm.
RANDOM = {"decision_tree", "random_forest"}


def make_large():
    """Two sets of 100,000 rows and 50 columns."""
    import pandas as pd
    from sklearn import datasets

    DATA.mkdir(parents=True, exist_ok=True)
    made = {
        "classification": lambda: datasets.make_classification(
            n_samples=100_000, n_features=50, n_informative=20, n_redundant=10, n_classes=3, flip_y=0.02, random_state=7),
        "regression": lambda: datasets.make_regression(
            n_samples=100_000, n_features=50, n_informative=20, noise=20.0, random_state=7),
    }
    for kind, make in made.items():
        path = DATA / f"synthetic_{kind}_100k.csv"
        if not path.exists():
            x, y = make()
            frame = pd.DataFrame(x.round(6), columns=[f"x{i:02d}" for i in range(50)])
            frame["target"] = y if kind == "classification" else y.round(6)
            frame.to_csv(path, index=False)


def peer(grid, n_jobs):
    """GridSearchCV as its users write it. Prints its best mean score."""
    import warnings

    import numpy as np
    import pandas as pd
    from sklearn.model_selection import GridSearchCV, KFold, PredefinedSplit, StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    warnings.simplefilter("ignore")
    spec = tomllib.loads((HERE / "grids" / f"{grid}.toml").read_text())
    frame = pd.read_csv(HERE / "grids" / spec["data"]["path"])
    x, y = frame.drop(columns="target").to_numpy(float), frame["target"].to_numpy()
    (family, params), = spec["models"].items()
    model = estimator(family)
    values = {k: [None if v == "none" else v for v in vs] for k, vs in params.items()}
    if "preprocess" in spec:
        step = type(model).__name__.lower()
        model, values = make_pipeline(StandardScaler(), model), {f"{step}__{k}": v for k, v in values.items()}
    folds = spec["data"]["folds"]
    if "file" in folds:
        cv = PredefinedSplit(pd.read_csv(HERE / "grids" / folds["file"])["fold"])
    else:
        cv = (KFold if folds["kind"] == "k" else StratifiedKFold)(folds["k"])
    search = GridSearchCV(model, values, scoring=spec["objective"]["metric"], cv=cv, n_jobs=n_jobs, refit=False)
    search.fit(x, y)
    print(json.dumps(float(np.nanmax(search.cv_results_["mean_test_score"]))))


def estimator(family):
    if family == "elastic_net":
        from sklearn.linear_model import ElasticNet
        return ElasticNet(max_iter=10000)
    if family == "logistic":
        from sklearn.linear_model import LogisticRegression
        return LogisticRegression(max_iter=1000)
    if family == "random_forest":
        from sklearn.ensemble import RandomForestClassifier
        return RandomForestClassifier(random_state=0)
    if family == "svm":
        from sklearn.svm import SVC
        return SVC()
    if family == "knn":
        from sklearn.neighbors import KNeighborsClassifier
        return KNeighborsClassifier()
    if family == "naive_bayes":
        from sklearn.naive_bayes import GaussianNB
        return GaussianNB()
    from sklearn.tree import DecisionTreeClassifier
    return DecisionTreeClassifier(random_state=0)


def timed(command):
    """Output, CPU seconds and wall seconds of a process and its children."""
    env = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    start, before = time.perf_counter(), os.times()
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return done.stdout, cpu, time.perf_counter() - start


def derby(grid):
    store = DATA / "store"
    shutil.rmtree(store, ignore_errors=True)
    file = HERE / "grids" / f"{grid}.toml"
    out, cpu, wall = timed([DERBY, "--store", store, "sweep", file, "--jobs", "2", "--json"])
    metric = tomllib.loads(file.read_text())["objective"]["metric"]
    return json.loads(out)["best"]["metrics"][metric]["score"], cpu, wall


def main(names):
    make_large()
    grids = names or sorted(path.stem for path in (HERE / "grids").glob("*.toml"))
    head = ("grid", "sklearn", "derby", "CPU n_jobs=2", "CPU n_jobs=1", "CPU derby", "wall n_jobs=2", "wall derby", "")
    print("{:16}{:>10}{:>10}{:>14}{:>14}{:>11}{:>15}{:>12}  {}".format(*head))
    sums, bad = [0.0, 0.0], []
    for grid in grids:
        two, cpu2, wall2 = timed([sys.executable, __file__, "--peer", grid, "2"])
        score, cpu, wall = derby(grid)
        _, cpu1, _ = timed([sys.executable, __file__, "--peer", grid, "1"])
        best = json.loads(two)
        family = next(iter(tomllib.loads((HERE / "grids" / f"{grid}.toml").read_text())["models"]))
        off = score - best
        wrong = off < -0.005 if family in RANDOM else abs(off) > 1e-3
        slow = cpu > cpu1
        bad += [grid] * (wrong or slow)
        sums = [sums[0] + cpu2, sums[1] + cpu]
        print(f"{grid:16}{best:10.6f}{score:10.6f}{cpu2:14.2f}{cpu1:14.2f}{cpu:11.2f}{wall2:15.2f}{wall:12.2f}  "
              f"{'SCORE ' if wrong else ''}{'SLOW' if slow else ''}", flush=True)
    ratio = sums[1] / sums[0]
    print(f"total CPU {sums[0]:.1f} s against {sums[1]:.2f} s: {ratio:.3f} of GridSearchCV (n_jobs=2)")
    return 1 if bad or ratio > 0.2 else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        peer(sys.argv[2], int(sys.argv[3]))
    else:
        sys.exit(main(sys.argv[1:]))
