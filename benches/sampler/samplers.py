"""Adapters: make(name, space, seed, budget) -> object with ask() -> (id, params),
tell(id, value), close().  Peers are imported only when used."""
import logging
import math
import os
import random
import sys
import warnings

from external import External
from space import active, is_conditional, sample

warnings.simplefilter("ignore")
EXTRA = {}  # more keys for the first line of an external process


class Random:
    def __init__(self, space, seed):
        self.space, self.rng, self.n = space, random.Random(seed), 0

    def ask(self):
        self.n += 1
        return self.n, sample(self.space, self.rng)

    def tell(self, id, value):
        pass

    def close(self):
        pass


def suggest(trial, space):
    """Define-by-run walk of a space with an Optuna-like trial."""
    p = {}
    for k, s in space.items():
        if not active(s, p):
            continue
        if s["type"] == "categorical":
            p[k] = trial.suggest_categorical(k, s["choices"])
        elif s["type"] == "int":
            kw = {"log": True} if s.get("log") else {"step": s.get("step") or 1}
            p[k] = trial.suggest_int(k, s["low"], s["high"], **kw)
        else:
            kw = {"log": True} if s.get("log") else ({"step": s["step"]} if s.get("step") else {})
            p[k] = trial.suggest_float(k, s["low"], s["high"], **kw)
    return p


class OptunaLike:
    def __init__(self, mod, sampler, space):
        self.space, self.open = space, {}
        self.study = mod.create_study(sampler=sampler)

    def ask(self):
        t = self.study.ask()
        p = suggest(t, self.space)
        self.open[t.number] = t
        return t.number, p

    def tell(self, id, value):
        t = self.open.pop(id)
        if self.study.__class__.__module__.startswith("optuna"):
            self.study.tell(t, value)
        else:                               # rustuna tells by number
            self.study.tell(id, [value])

    def close(self):
        pass


def optuna_sampler(name, seed):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    S = optuna.samplers
    if name == "random":
        return S.RandomSampler(seed=seed)
    if name == "tpe":                       # v5 default: multivariate, constant liar
        return S.TPESampler(seed=seed)
    if name == "tpe_indep":                 # the v4 and earlier default
        return S.TPESampler(seed=seed, multivariate=False, constant_liar=False)
    if name == "tpe_group":
        return S.TPESampler(seed=seed, multivariate=True, group=True, constant_liar=True)
    if name == "gp":
        return S.GPSampler(seed=seed, warn_independent_sampling=False)
    if name == "cmaes":
        return S.CmaEsSampler(seed=seed, warn_independent_sampling=False)
    if name == "qmc":
        return S.QMCSampler(seed=seed, scramble=True, warn_independent_sampling=False,
                            warn_asynchronous_seeding=False)
    if name == "auto":                      # OptunaHub registry checkout: $OPTUNAHUB_REGISTRY
        import optunahub

        m = optunahub.load_local_module("samplers/auto_sampler", registry_root=os.environ["OPTUNAHUB_REGISTRY"])
        return m.AutoSampler(seed=seed)
    raise KeyError(name)


class Hyperopt:
    def __init__(self, space, seed):
        import hyperopt
        import numpy as np
        from hyperopt import hp
        from hyperopt.base import Domain

        logging.getLogger("hyperopt").setLevel(logging.ERROR)
        self.h, self.space, self.rng = hyperopt, space, np.random.default_rng(seed)
        children = {}
        for k, s in space.items():
            if "when" in s:
                children.setdefault(list(s["when"])[-1], []).append(k)
        nodes = {}

        def node(k):
            if k not in nodes:
                s = space[k]
                if s["type"] == "categorical":
                    nodes[k] = hp.choice(k, [
                        {"v": i, **{c: node(c) for c in children.get(k, []) if ch in space[c]["when"][k]}}
                        for i, ch in enumerate(s["choices"])])
                else:
                    lo, hi, q = s["low"], s["high"], s.get("step") or (1 if s["type"] == "int" else None)
                    if s.get("log"):
                        nodes[k] = (hp.qloguniform(k, math.log(lo), math.log(hi), q) if q
                                    else hp.loguniform(k, math.log(lo), math.log(hi)))
                    else:
                        nodes[k] = hp.quniform(k, lo - q / 2, hi + q / 2, q) if q else hp.uniform(k, lo, hi)
            return nodes[k]

        self.domain = Domain(lambda x: 0.0, {k: node(k) for k, s in space.items() if "when" not in s})
        self.trials, self.docs = hyperopt.Trials(), {}

    def ask(self):
        (tid,) = self.trials.new_trial_ids(1)
        self.trials.refresh()
        (doc,) = self.h.tpe.suggest([tid], self.domain, self.trials, int(self.rng.integers(2**31 - 1)))
        self.docs[tid] = doc
        p = {}
        for k, s in self.space.items():
            if not active(s, p):
                continue
            v = doc["misc"]["vals"][k][0]
            if s["type"] == "categorical":
                p[k] = s["choices"][int(v)]
            else:
                step = s.get("step") or (1 if s["type"] == "int" else None)
                v = min(max(float(v), s["low"]), s["high"])
                if step and not s.get("log"):
                    v = s["low"] + step * round((v - s["low"]) / step)
                p[k] = int(round(v)) if s["type"] == "int" else v
        return tid, p

    def tell(self, id, value):
        doc = self.docs.pop(id)
        doc["state"] = self.h.JOB_STATE_DONE
        doc["result"] = {"loss": float(value), "status": "ok"}
        self.trials.insert_trial_docs([doc])
        self.trials.refresh()

    def close(self):
        pass


class Smac:
    """facade: hpo (random forest, log-EI) or bb (Gaussian process, EI)."""

    def __init__(self, space, seed, budget, facade):
        import tempfile

        import ConfigSpace as CS
        import smac
        from smac.runhistory.dataclasses import TrialValue

        logging.disable(logging.CRITICAL)
        self.TV, self.space, self.tmp = TrialValue, space, tempfile.TemporaryDirectory()
        cs, hps = CS.ConfigurationSpace(seed=seed), {}
        for k, s in space.items():
            if s["type"] == "categorical":
                h = CS.CategoricalHyperparameter(k, [str(c) for c in s["choices"]])
            elif s["type"] == "int":
                n = int((s["high"] - s["low"]) // (s.get("step") or 1))
                h = (CS.UniformIntegerHyperparameter(k, s["low"], s["high"], log=bool(s.get("log")))
                     if (s.get("step") or 1) == 1 else CS.UniformIntegerHyperparameter(k, 0, n))
            elif s.get("step"):
                h = CS.UniformIntegerHyperparameter(k, 0, int(round((s["high"] - s["low"]) / s["step"])))
            else:
                h = CS.UniformFloatHyperparameter(k, s["low"], s["high"], log=bool(s.get("log")))
            hps[k] = h
            cs.add(h)
        for k, s in space.items():
            conds = [CS.InCondition(hps[k], hps[a], [str(x) for x in v]) for a, v in s.get("when", {}).items()]
            if len(conds) == 1:
                cs.add(conds[0])
            elif conds:
                cs.add(CS.AndConjunction(*conds))
        sc = smac.Scenario(cs, n_trials=budget, deterministic=True, seed=seed,
                           output_directory=self.tmp.name)
        cls = smac.HyperparameterOptimizationFacade if facade == "hpo" else smac.BlackBoxFacade
        self.opt = cls(sc, lambda c, seed=0: 0.0, overwrite=True, logging_level=False)
        self.open, self.n = {}, 0

    def ask(self):
        t = self.opt.ask()
        self.n += 1
        self.open[self.n] = t
        c, p = dict(t.config), {}
        for k, s in self.space.items():
            if not active(s, p):
                continue
            if s["type"] == "categorical":
                p[k] = {str(x): x for x in s["choices"]}[str(c[k])]
            elif s["type"] == "int":
                st = s.get("step") or 1
                p[k] = int(c[k]) if st == 1 else s["low"] + st * int(c[k])
            else:
                p[k] = s["low"] + s["step"] * int(c[k]) if s.get("step") else float(c[k])
        return self.n, p

    def tell(self, id, value):
        self.opt.tell(self.open.pop(id), self.TV(cost=float(value)), save=False)

    def close(self):
        self.tmp.cleanup()


class Hebo:
    """HEBO has no conditional parameters: the flattened space is given to it."""

    def __init__(self, space, seed):
        import numpy as np
        import torch

        if os.environ.get("HEBO_PATH"):
            sys.path.append(os.environ["HEBO_PATH"])
        from hebo.design_space.design_space import DesignSpace
        from hebo.optimizers.hebo import HEBO

        torch.set_num_threads(1)
        np.random.seed(seed)
        torch.manual_seed(seed)
        spec, self.space = [], space
        for k, s in space.items():
            if s["type"] == "categorical":
                spec.append({"name": k, "type": "cat", "categories": [str(i) for i in range(len(s["choices"]))]})
            elif s.get("log"):
                spec.append({"name": k, "type": "pow_int" if s["type"] == "int" else "pow",
                             "lb": s["low"], "ub": s["high"], "base": 10})
            elif s["type"] == "int" and (s.get("step") or 1) == 1:
                spec.append({"name": k, "type": "int", "lb": s["low"], "ub": s["high"]})
            elif s.get("step"):
                spec.append({"name": k, "type": "step_int" if s["type"] == "int" else "num",
                             "lb": s["low"], "ub": s["high"],
                             **({"step": s["step"]} if s["type"] == "int" else {})})
            else:
                spec.append({"name": k, "type": "num", "lb": s["low"], "ub": s["high"]})
        self.opt, self.np, self.open, self.n = HEBO(DesignSpace().parse(spec), scramble_seed=seed), np, {}, 0

    def ask(self):
        rec = self.opt.suggest(n_suggestions=1)
        self.n += 1
        self.open[self.n] = rec
        p = {}
        for k, s in self.space.items():
            if not active(s, p):
                continue
            v = rec.iloc[0][k]
            if s["type"] == "categorical":
                p[k] = s["choices"][int(v)]
            else:
                v = min(max(float(v), s["low"]), s["high"])
                if s.get("step"):
                    v = s["low"] + s["step"] * round((v - s["low"]) / s["step"])
                p[k] = int(round(v)) if s["type"] == "int" else v
        return self.n, p

    def tell(self, id, value):
        self.opt.observe(self.open.pop(id), self.np.array([[float(value)]]))

    def close(self):
        pass


def make(name, space, seed, budget, cmd=None):
    """name: random, optuna:<tpe|tpe_indep|tpe_group|gp|cmaes|qmc|auto|random>,
    rustuna:<tpe|tpe_indep|cmaes>, hyperopt, smac:<hpo|bb>, hebo, ext:<sampler> (with cmd)."""
    lib, _, arg = name.partition(":")
    if lib == "random":
        return Random(space, seed)
    if lib == "optuna":
        import optuna

        return OptunaLike(optuna, optuna_sampler(arg, seed), space)
    if lib == "rustuna":
        import rustuna

        S = rustuna.samplers
        s = {"tpe": lambda: S.TPESampler(seed=seed),
             "tpe_indep": lambda: S.TPESampler(seed=seed, multivariate=False),
             "cmaes": lambda: S.CmaEsSampler(seed=seed)}[arg]()
        return OptunaLike(rustuna, s, space)
    if lib == "hyperopt":
        return Hyperopt(space, seed)
    if lib == "smac":
        return Smac(space, seed, budget, arg)
    if lib == "hebo":
        return Hebo(space, seed)
    if lib == "ext":
        return External(cmd, space, seed, sampler=arg or None, budget=budget, extra=EXTRA)
    raise KeyError(name)
