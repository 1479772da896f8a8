"""Problems that nothing was tuned on: written when the samplers were finished, never used to choose between methods.

Textbook functions, two simulated trainings, and real ones of scikit-learn that are fitted anew at every call.
"""
import functools
import math

import numpy as np

from problems import Problem, box, vec
from space import C, F, I


def sixhump(x):
    a, b = x
    return (4 - 2.1 * a**2 + a**4 / 3) * a**2 + a * b + (4 * b**2 - 4) * b**2


def powell(x):
    a, b, c, d = x[0::4], x[1::4], x[2::4], x[3::4]
    return float(((a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4).sum())


def dixon_price(x):
    i = np.arange(2, len(x) + 1)
    return float((x[0] - 1) ** 2 + (i * (2 * x[1:] ** 2 - x[:-1]) ** 2).sum())


def zakharov(x):
    s = (0.5 * np.arange(1, len(x) + 1) * x).sum()
    return float((x**2).sum() + s**2 + s**4)


def alpine(x):
    return float(np.abs(x * np.sin(x) + 0.1 * x).sum())


def salomon(x):
    r = math.sqrt(((x - 3.7) ** 2).sum())
    return 1 - math.cos(2 * math.pi * r / 20) + 0.1 * r


def drop_wave(x):
    s = float(((x - 0.7) ** 2).sum())
    return 1 - (1 + math.cos(12 * math.sqrt(s))) / (0.5 * s + 2)


def eggholder(x):
    a, b = x
    return float(-(b + 47) * math.sin(math.sqrt(abs(b + a / 2 + 47))) - a * math.sin(math.sqrt(abs(a - b - 47))))


def borehole(p):
    lnr = math.log(p["r"] / p["rw"])
    return (2 * math.pi * p["Tu"] * (p["Hu"] - p["Hl"])
            / (lnr * (1 + 2 * p["L"] * p["Tu"] / (lnr * p["rw"] ** 2 * p["Kw"]) + p["Tu"] / p["Tl"])))


def wing(p):
    lam = math.radians(p["Lam"])
    return (0.036 * p["Sw"] ** 0.758 * p["Wfw"] ** 0.0035 * (p["A"] / math.cos(lam) ** 2) ** 0.6 * p["q"] ** 0.006
            * p["lam"] ** 0.04 * (100 * p["tc"] / math.cos(lam)) ** -0.3 * (p["Nz"] * p["Wdg"]) ** 0.49 + p["Sw"] * p["Wp"])


def switches():
    """Twelve switches with planted pairs and triples that help or hurt."""
    rng = np.random.default_rng(11)
    terms = [(tuple(rng.choice(12, k, replace=False)), rng.normal()) for k in (1,) * 8 + (2,) * 10 + (3,) * 5]

    def f(p):
        on = [p[f"s{i}"] for i in range(12)]
        return sum(w for idx, w in terms if all(on[i] for i in idx))
    values = [f({f"s{i}": bool(code >> i & 1) for i in range(12)}) for code in range(1 << 12)]
    return {f"s{i}": C(False, True) for i in range(12)}, f, min(values)


def trainer_like(p):
    """Training cost surface: optimizer-dependent best rate, schedule, width and depth that trade off, dropout."""
    lr, wd = math.log10(p["lr"]), math.log10(p["wd"])
    best = {"adamw": -3.1, "sgd": -0.9, "lion": -4.0}[p["opt"]] - 0.25 * math.log2(p["width"] / 64)
    v = {"adamw": 0.02, "sgd": 0.05, "lion": 0.0}[p["opt"]]
    off = lr - best
    v += 0.12 * off**2 if off < 0 else min(0.5 * off**2, 0.6)
    v += 0.01 * (wd + 2.5 + 0.6 * off) ** 2
    size = math.log2(p["width"]) + 0.8 * p["depth"]
    v += 0.015 * (size - 10.5) ** 2 + 0.08 * (p["dropout"] - 0.05 * (size - 6)) ** 2
    v += {"cosine": 0.0, "linear": 0.01, "none": 0.06}[p["schedule"]]
    v += 0.03 * abs(p["warmup"] - (0.1 if p["schedule"] != "none" else 0.0))
    if p["opt"] == "sgd":
        v += 0.1 * (p["momentum"] - 0.92) ** 2
    return v


@functools.lru_cache
def data(name):
    from sklearn import datasets
    from sklearn.preprocessing import StandardScaler
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    return StandardScaler().fit_transform(x)[order], y[order]


def cv(model, name, k=4):
    """Mean squared error, or log loss where there are classes, over k folds."""
    x, y = data(name)
    fold = np.arange(len(y)) % k
    loss = []
    for i in range(k):
        m = model.fit(x[fold != i], y[fold != i])
        if hasattr(m, "predict_proba"):
            p = np.clip(m.predict_proba(x[fold == i]), 1e-3, 1)
            loss.append(-np.log(p[np.arange(len(p)), y[fold == i]]).mean())
        else:
            loss.append(((m.predict(x[fold == i]) - y[fold == i]) ** 2).mean() / y.var())
    return float(np.mean(loss))


def kernel_ridge(p):
    from sklearn.kernel_ridge import KernelRidge
    kw = {k: p[k] for k in ("gamma", "degree", "coef0") if k in p}
    return min(cv(KernelRidge(alpha=p["alpha"], kernel=p["kernel"], **kw), "diabetes"), 2.0)


def svr(p):
    from sklearn.svm import SVR
    return cv(SVR(C=p["C"], epsilon=p["eps"], gamma=p["gamma"]), "diabetes")


def tree(p):
    from sklearn.tree import DecisionTreeRegressor
    m = DecisionTreeRegressor(splitter=p["splitter"], max_depth=p["depth"], min_samples_leaf=p["leaf"],
                              min_samples_split=p["split"], max_features=p["features"], ccp_alpha=p["ccp"], random_state=0)
    return cv(m, "diabetes")


def pipeline(p):
    from sklearn.decomposition import PCA
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline
    from sklearn.tree import DecisionTreeClassifier
    steps = [PCA(p["n_pca"], whiten=p["whiten"], svd_solver="full")] if p["prep"] == "pca" else []
    if p["model"] == "knn":
        steps.append(KNeighborsClassifier(p["k"], weights=p["weights"], p=p["p"], algorithm="brute"))
    elif p["model"] == "tree":
        steps.append(DecisionTreeClassifier(max_depth=p["depth"], min_samples_leaf=p["leaf"], random_state=0))
    else:
        steps.append(GaussianNB(var_smoothing=p["smoothing"]))
    return cv(make_pipeline(*steps), "breast_cancer")


SWITCHES, count, LEAST = switches()
TRAINER = {"opt": C("adamw", "sgd", "lion"), "lr": F(1e-6, 1, log=True), "wd": F(1e-6, 1, log=True),
           "width": I(8, 1024, log=True), "depth": I(1, 10), "dropout": F(0, 0.6), "schedule": C("cosine", "linear", "none"),
           "warmup": F(0, 0.3), "momentum": F(0, 1, when={"opt": ["sgd"]})}
PROBLEMS = [
    Problem("sixhump", "synthetic", {"x0": F(-3, 3), "x1": F(-2, 2)}, vec(sixhump, 2), -1.031628453489877),
    Problem("powell8", "synthetic", box(8, -4, 5), vec(powell, 8), 0.0),
    Problem("dixonprice5", "synthetic", box(5, -10, 10), vec(dixon_price, 5), 0.0),
    Problem("zakharov6", "synthetic", box(6, -5, 10), vec(zakharov, 6), 0.0),
    Problem("alpine6", "synthetic", box(6, -6, 14), vec(alpine, 6), 0.0),
    Problem("salomon4", "synthetic", box(4, -20, 30), vec(salomon, 4), 0.0),
    Problem("dropwave2", "synthetic", box(2, -4, 5.12), vec(drop_wave, 2), 0.0),
    Problem("eggholder2", "synthetic", box(2, -512, 512), vec(eggholder, 2), -959.6406627208506),
    Problem("borehole8", "synthetic",
            {"rw": F(0.05, 0.15), "r": F(100, 50000, log=True), "Tu": F(63070, 115600), "Hu": F(990, 1110), "Tl": F(63.1, 116),
             "Hl": F(700, 820), "L": F(1120, 1680), "Kw": F(9855, 12045)}, borehole),
    Problem("wing10", "synthetic",
            {"Sw": F(150, 200), "Wfw": F(220, 300), "A": F(6, 10), "Lam": F(-10, 10), "q": F(16, 45), "lam": F(0.5, 1),
             "tc": F(0.08, 0.18), "Nz": F(2.5, 6), "Wdg": F(1700, 2500), "Wp": F(0.025, 0.08)}, wing),
    Problem("switches12", "synthetic", SWITCHES, count, LEAST, tags=("categorical",)),
    Problem("trainer", "synthetic", TRAINER, trainer_like, tags=("categorical", "conditional")),
    Problem("noisy_trainer", "synthetic", TRAINER, trainer_like, noise=0.02, tags=("categorical", "conditional", "noisy")),
    Problem("noisy_sixhump", "synthetic", {"x0": F(-3, 3), "x1": F(-2, 2)}, vec(sixhump, 2), -1.031628453489877, noise=0.3,
            tags=("noisy",)),
    Problem("kernelridge_diabetes", "real",
            {"alpha": F(1e-5, 1e3, log=True), "kernel": C("linear", "rbf", "polynomial"),
             "gamma": F(1e-5, 10, log=True, when={"kernel": ["rbf", "polynomial"]}),
             "degree": I(2, 4, when={"kernel": ["polynomial"]}), "coef0": F(0, 5, when={"kernel": ["polynomial"]})},
            kernel_ridge, tags=("categorical", "conditional")),
    Problem("svr_diabetes", "real", {"C": F(1e-2, 1e3, log=True), "eps": F(1e-2, 1e2, log=True), "gamma": F(1e-5, 10, log=True)}, svr),
    Problem("tree_diabetes", "real",
            {"splitter": C("best", "random"), "depth": I(1, 16), "leaf": I(1, 64, log=True), "split": I(2, 64, log=True),
             "features": F(0.1, 1), "ccp": F(1e-2, 1e3, log=True)}, tree, tags=("categorical",)),
    Problem("pipeline_cancer", "real",
            {"prep": C("none", "pca"), "n_pca": I(1, 30, when={"prep": ["pca"]}), "whiten": C(False, True, when={"prep": ["pca"]}),
             "model": C("knn", "tree", "bayes"), "k": I(1, 60, when={"model": ["knn"]}),
             "weights": C("uniform", "distance", when={"model": ["knn"]}), "p": F(1, 4, when={"model": ["knn"]}),
             "depth": I(1, 12, when={"model": ["tree"]}), "leaf": I(1, 64, log=True, when={"model": ["tree"]}),
             "smoothing": F(1e-12, 1, log=True, when={"model": ["bayes"]})}, pipeline, tags=("categorical", "conditional")),
]
