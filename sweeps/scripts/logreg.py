"""Logistic regression by hand, trained by mini-batch gradient descent on the breast cancer data.

A script as people have it: arguments in, a line of JSON an epoch out. It imports nothing but the standard
library, and nothing of derby. Where it is offered a checkpoint folder, it goes on where it stopped.
"""

import argparse
import csv
import json
import math
import os
import random
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent.parent / "assets" / "breast_cancer.csv"


def load(seed):
    """Standardized rows and labels, split into three quarters to train on and one to validate on."""
    with DATA.open(newline="") as file:
        table = list(csv.DictReader(file))
    columns = [name for name in table[0] if name != "target"]
    rows = [[float(row[name]) for name in columns] for row in table]
    labels = [int(row["target"]) for row in table]
    for column in range(len(columns)):
        values = [row[column] for row in rows]
        mean = sum(values) / len(values)
        spread = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values)) or 1.0
        for row in rows:
            row[column] = (row[column] - mean) / spread
    order = list(range(len(rows)))
    random.Random(seed).shuffle(order)
    cut = len(order) * 3 // 4
    pick = lambda part: ([rows[i] for i in part], [labels[i] for i in part])
    return pick(order[:cut]), pick(order[cut:])


def probability(weights, row):
    score = weights[-1] + sum(w * x for w, x in zip(weights, row))
    if score < -60.0:
        return 0.0
    return 1.0 / (1.0 + math.exp(-score)) if score < 60.0 else 1.0


def evaluate(weights, rows, labels):
    loss = hits = 0.0
    for row, label in zip(rows, labels):
        p = min(max(probability(weights, row), 1e-12), 1.0 - 1e-12)
        loss -= math.log(p if label else 1.0 - p)
        hits += (p >= 0.5) == bool(label)
    return loss / len(rows), hits / len(rows)


def epoch(weights, velocity, data, args, rng):
    rows, labels = data
    order = list(range(len(rows)))
    rng.shuffle(order)
    for start in range(0, len(order), args.batch_size):
        batch = order[start : start + args.batch_size]
        gradient = [args.l2 * w for w in weights[:-1]] + [0.0]
        for i in batch:
            error = (probability(weights, rows[i]) - labels[i]) / len(batch)
            for j, x in enumerate(rows[i]):
                gradient[j] += error * x
            gradient[-1] += error
        for j, slope in enumerate(gradient):
            velocity[j] = args.momentum * velocity[j] - args.lr * slope
            weights[j] += velocity[j]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--l2", type=float, default=1e-4)
    parser.add_argument("--momentum", type=float, default=0.0)
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    train, validation = load(args.seed)
    weights, velocity = [0.0] * (len(train[0][0]) + 1), [0.0] * (len(train[0][0]) + 1)
    first = 0
    folder = os.environ.get("DERBY_CHECKPOINT")
    checkpoint = Path(folder) / "state.json" if folder else None
    if checkpoint and checkpoint.exists():
        state = json.loads(checkpoint.read_text())
        first, weights, velocity = state["epoch"] + 1, state["weights"], state["velocity"]
    for step in range(first, args.epochs):
        epoch(weights, velocity, train, args, random.Random(args.seed * 1000 + step))
        loss, accuracy = evaluate(weights, *validation)
        print(json.dumps({"step": step, "val_loss": loss, "val_accuracy": accuracy}))
        if checkpoint:
            state = {"epoch": step, "weights": weights, "velocity": velocity}
            checkpoint.with_suffix(".part").write_text(json.dumps(state))
            checkpoint.with_suffix(".part").replace(checkpoint)
    kept = os.environ.get("DERBY_ARTIFACTS")
    if kept:
        (Path(kept) / "weights.json").write_text(json.dumps(weights))


main()
