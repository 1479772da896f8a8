"""Gradient boosting with scikit-learn on the digits, scored fold by fold.

Parameters come as a JSON file, whose path is the only argument; each fold is a line of JSON.
"""

import csv
import json
import sys
from pathlib import Path

from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.model_selection import StratifiedKFold

DATA = Path(__file__).resolve().parent.parent.parent / "assets" / "digits.csv"


def model(params, seed):
    if params["model"] == "forest":
        return RandomForestClassifier(
            n_estimators=params["n_estimators"], max_features=params["max_features"], random_state=seed
        )
    return HistGradientBoostingClassifier(
        max_iter=params["n_estimators"], learning_rate=params["learning_rate"], random_state=seed
    )


def main():
    params = json.loads(Path(sys.argv[1]).read_text())
    seed = int(sys.argv[2])
    with DATA.open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    x = [[float(cell) for cell in row[:-1]] for row in rows]
    y = [row[-1] for row in rows]
    folds = StratifiedKFold(n_splits=3, shuffle=True, random_state=0)
    for fold, (train, test) in enumerate(folds.split(x, y)):
        fitted = model(params, seed).fit([x[i] for i in train], [y[i] for i in train])
        accuracy = fitted.score([x[i] for i in test], [y[i] for i in test])
        print(json.dumps({"fold": fold, "accuracy": accuracy}))


main()
