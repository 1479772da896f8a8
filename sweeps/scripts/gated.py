"""Nearest neighbors on whatever table derby hands over, with nothing but Python's standard library.

DERBY_DATA is the table and DERBY_SPLIT says of each of its rows (counted from 0) whether it is for the search,
and which fold tests it, or kept apart as holdout. Scores over the folds are printed, and what the model says
of the holdout goes to DERBY_ARTIFACTS, where `derby gate` finds it.
"""

import csv
import json
import math
import os
from pathlib import Path

TARGET = "target"


def table(variable):
    with open(os.environ[variable], newline="") as file:
        return list(csv.DictReader(file))


class Neighbors:
    """The mean class of the nearest training rows, near ones counting more if asked to."""

    def __init__(self, params, x, y):
        self.k, self.by_distance = params["n_neighbors"], params["weights"] == "distance"
        columns = list(zip(*x))
        self.center = [math.fsum(column) / len(column) for column in columns]
        self.width = [1.0] * len(columns)
        if params["scale"]:
            spread = [math.dist(c, [m] * len(c)) / math.sqrt(len(c)) for c, m in zip(columns, self.center)]
            self.width = [width or 1.0 for width in spread]
        self.x, self.y = [self.scaled(row) for row in x], y

    def scaled(self, row):
        return [(cell - m) / w for cell, m, w in zip(row, self.center, self.width)]

    def probabilities(self, row, classes):
        row = self.scaled(row)
        near = sorted((math.dist(row, other), i) for i, other in enumerate(self.x))[: self.k]
        sums = dict.fromkeys(classes, 0.0)
        for distance, i in near:
            sums[self.y[i]] += 1.0 / (distance + 1e-9) if self.by_distance else 1.0
        total = sum(sums.values())
        return [sums[name] / total for name in classes]


def roc_auc(scores, is_positive):
    """The share of pairs of a positive and a negative row that stand in the right order, ties as half."""
    positives = [s for s, p in zip(scores, is_positive) if p]
    negatives = [s for s, p in zip(scores, is_positive) if not p]
    right = sum((p > n) + 0.5 * (p == n) for p in positives for n in negatives)
    return right / (len(positives) * len(negatives))


def main():
    params = json.loads(Path(os.environ["DERBY_PARAMS"]).read_text())
    rows, split = table("DERBY_DATA"), table("DERBY_SPLIT")
    y = [row.pop(TARGET) for row in rows]
    x = [[float(cell) for cell in row.values()] for row in rows]
    classes = sorted(set(y))
    positive = classes[0]

    def fitted(train):
        return Neighbors(params, [x[i] for i in train], [y[i] for i in train])

    search = [i for i, row in enumerate(split) if row["part"] == "search"]
    for fold in sorted({split[i]["fold"] for i in search}):
        test = [i for i in search if split[i]["fold"] == fold]
        model = fitted([i for i in search if split[i]["fold"] != fold])
        scores = [model.probabilities(x[i], classes)[0] for i in test]
        print(json.dumps({"fold": int(fold), "roc_auc": roc_auc(scores, [y[i] == positive for i in test])}))

    model = fitted(search)
    with open(Path(os.environ["DERBY_ARTIFACTS"]) / "predictions.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "prediction"] + [f"p_{name}" for name in classes])
        for i in (i for i, row in enumerate(split) if row["part"] == "holdout"):
            p = model.probabilities(x[i], classes)
            writer.writerow([i, classes[p.index(max(p))]] + p)


main()
