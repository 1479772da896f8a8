"""Loads a pipeline that derby wrote as ONNX, for mlflow.pyfunc.

`predict` takes a pandas DataFrame with the raw columns, by name and in any order; others are ignored. Numbers may
be integers, floats or texts; dates datetimes (taken as UTC without a zone), ISO 8601 texts or seconds since 1970;
words texts, numbers or booleans. Missing cells are None, NaN, NaT or a null spelling of the training. It returns
a DataFrame with the columns of `derby predict`: `prediction`, and for classes `p_CLASS` (`score_CLASS` where the
model has no probabilities). Rows that derby refuses have an empty or NaN prediction.
"""

import json

import numpy as np
import onnxruntime
import pandas as pd


def _load_pyfunc(path, model_config=None):
    return Pipeline(path)


class Pipeline:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        properties = self.session.get_modelmeta().custom_metadata_map
        self.columns = json.loads(properties["derby.columns"])
        self.classes = json.loads(properties["derby.classes"])
        self.nulls = json.loads(properties["derby.null_values"])
        self.outputs = [output.name for output in self.session.get_outputs()]

    def predict(self, model_input, params=None):
        absent = [column["name"] for column in self.columns if column["name"] not in model_input]
        if absent:
            raise ValueError(f"the data lacks the columns {absent}; mend: add them, empty if unknown")
        feeds = {
            column["name"]: self._cells(model_input[column["name"]], column).reshape(-1, 1)
            for column in self.columns
        }
        given = self.session.run(None, feeds)
        table = {"prediction": given[0]}
        if self.classes:
            word = "p" if self.outputs[1].startswith("probabilities") else "score"
            for code, name in enumerate(self.classes):
                table[f"{word}_{name}"] = given[1][:, code]
        return pd.DataFrame(table, index=model_input.index)

    def _cells(self, cells, column):
        kind = column["type"]
        try:
            if kind == "number":
                return self._numbers(cells)
            if kind == "date":
                return self._seconds(cells)
            return self._words(cells, column)
        except (TypeError, ValueError) as error:
            name = column["name"]
            raise ValueError(f"column '{name}' should hold a {kind}: {error}") from error

    def _without_nulls(self, cells):
        if cells.dtype == object or isinstance(cells.dtype, pd.StringDtype):
            spelled = cells.map(lambda cell: isinstance(cell, str) and cell.strip() in self.nulls)
            cells = cells.astype(object).where(~spelled.astype(bool), None)
        return cells

    def _numbers(self, cells):
        cells = self._without_nulls(cells)
        if cells.dtype == object:
            # pandas before 3 rounds the last digit of texts otherwise than derby and Python do.
            return np.array([np.nan if pd.isna(cell) else float(cell) for cell in cells])
        return cells.to_numpy(dtype=np.float64, na_value=np.nan)

    def _seconds(self, cells):
        cells = self._without_nulls(cells)
        if pd.api.types.is_numeric_dtype(cells):
            return cells.to_numpy(dtype=np.float64, na_value=np.nan)
        times = pd.to_datetime(cells, utc=True, format="ISO8601", errors="raise")
        missing = times.isna().to_numpy()
        # Whole units since 1970 of what the column counts in, which may be s, ms, us or ns.
        counts = times.astype("int64").to_numpy()
        seconds = counts / {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[times.dt.unit]
        return np.where(missing, np.nan, seconds)

    def _words(self, cells, column):
        levels = column.get("levels", [])
        missing = self.nulls[0] if self.nulls else None

        def word(cell):
            if isinstance(cell, (bool, np.bool_)):
                text = str(cell).lower()
                return next((level for level in levels if level.lower() == text), text)
            if isinstance(cell, str):
                return cell.strip()
            if pd.isna(cell):
                if missing is None:
                    raise ValueError("a cell is missing, and the training had no spelling for that")
                return missing
            # A column of whole numbers is read as floats where cells are missing.
            if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
                cell = int(cell)
            return str(cell)

        return np.array([word(cell) for cell in cells.astype(object)], dtype=object)
