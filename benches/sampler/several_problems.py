"""Test problems with several objectives, all minimized; constraints are satisfied up to 0.

ZDT: Zitzler, Deb and Thiele (2000). DTLZ: Deb et al. (2002). C1-DTLZ1, C2-DTLZ2: Jain and Deb (2014). BNH, OSY, SRN,
TNK: the collection of Deb (2001). MW1: Ma and Wang (2019). Mixed: a made-up one with choices and conditions.
"""

from math import atan2, cos, exp, pi, prod, sin, sqrt


def zdt(kind, d):
    def f(x):
        if kind == 4:
            x = [x[0]] + [10 * v - 5 for v in x[1:]]
            g = 1 + 10 * (d - 1) + sum(v * v - 10 * cos(4 * pi * v) for v in x[1:])
        elif kind == 6:
            g = 1 + 9 * (sum(x[1:]) / (d - 1)) ** 0.25
        else:
            g = 1 + 9 * sum(x[1:]) / (d - 1)
        a = x[0]
        if kind == 6:
            a = 1 - exp(-4 * x[0]) * sin(6 * pi * x[0]) ** 6
        if kind in (1, 4):
            h = 1 - sqrt(a / g)
        elif kind == 3:
            h = 1 - sqrt(a / g) - a / g * sin(10 * pi * a)
        else:
            h = 1 - (a / g) ** 2
        return [a, g * h]

    return d, f, None


def dtlz1_values(x, m):
    rest = x[m - 1 :]
    g = 100 * (len(rest) + sum((v - 0.5) ** 2 - cos(20 * pi * (v - 0.5)) for v in rest))
    return [
        0.5 * (1 + g) * prod(x[: m - 1 - i]) * ((1 - x[m - 1 - i]) if i else 1) for i in range(m)
    ]


def dtlz2_values(x, m):
    g = sum((v - 0.5) ** 2 for v in x[m - 1 :])
    half = [v * pi / 2 for v in x[: m - 1]]
    return [
        (1 + g) * prod(map(cos, half[: m - 1 - i])) * (sin(half[m - 1 - i]) if i else 1)
        for i in range(m)
    ]


def dtlz(kind, m, d):
    def f(x):
        if kind == 1:
            return dtlz1_values(x, m)
        if kind == 2:
            return dtlz2_values(x, m)
        rest = x[m - 1 :]
        g = 1 + 9 * sum(rest) / len(rest)
        h = m - sum(v / (1 + g) * (1 + sin(3 * pi * v)) for v in x[: m - 1])
        return list(x[: m - 1]) + [(1 + g) * h]

    return d, f, None


def c1dtlz1(m, d):
    def c(x):
        f = dtlz1_values(x, m)
        return [f[-1] / 0.6 + sum(v / 0.5 for v in f[:-1]) - 1]

    return d, lambda x: dtlz1_values(x, m), c


def c2dtlz2(m, d):
    r = 0.2 if m == 2 else 0.4

    def c(x):
        f = dtlz2_values(x, m)
        total = sum(v * v for v in f)
        near = min((v - 1) ** 2 + total - v * v - r * r for v in f)
        return [min(near, sum((v - 1 / sqrt(m)) ** 2 for v in f) - r * r)]

    return d, lambda x: dtlz2_values(x, m), c


def scaled(bounds, f, c):
    def at(x):
        return [low + v * (high - low) for v, (low, high) in zip(x, bounds)]

    return len(bounds), lambda x: f(*at(x)), lambda x: c(*at(x))


def tnk_constraints(a, b):
    angle = 16 * atan2(a, b)
    return [-(a * a + b * b - 1 - 0.1 * cos(angle)), 2 * ((a - 0.5) ** 2 + (b - 0.5) ** 2) - 1]


def osy_constraints(a, b, c, d, e, f):
    return [
        -(a + b - 2) / 2,
        -(6 - a - b) / 6,
        -(2 - b + a) / 2,
        -(2 - a + 3 * b) / 2,
        -(4 - (c - 3) ** 2 - d) / 4,
        -((e - 3) ** 2 + f - 4) / 4,
    ]


def osy_values(a, b, c, d, e, f):
    first = 25 * (a - 2) ** 2 + (b - 2) ** 2 + (c - 1) ** 2 + (d - 4) ** 2 + (e - 1) ** 2
    return [-first, sum(v * v for v in (a, b, c, d, e, f))]


def mw1(d):
    def g(x):
        n = d - 2
        y = 1
        for i in range(1, d):
            z = x[i] ** n
            y += 1 - exp(-10 * (z - 0.5 - i / (2 * d)) ** 2)
        return y

    def f(x):
        k = g(x)
        return [x[0], k * (1 - 0.85 * x[0] / k)]

    def c(x):
        a, b = f(x)
        wave = sin(2 * pi * (sqrt(2) * b - sqrt(2) * a)) ** 8
        return [a + b - 1 - 0.5 * wave]

    return d, f, c


PROBLEMS = {
    "zdt1": zdt(1, 10),
    "zdt2": zdt(2, 10),
    "zdt3": zdt(3, 10),
    "zdt4": zdt(4, 10),
    "zdt6": zdt(6, 10),
    "dtlz1_2": dtlz(1, 2, 6),
    "dtlz2_2": dtlz(2, 2, 6),
    "dtlz7_2": dtlz(7, 2, 6),
    "dtlz1_3": dtlz(1, 3, 7),
    "dtlz2_3": dtlz(2, 3, 7),
    "dtlz7_3": dtlz(7, 3, 7),
    "c1dtlz1_2": c1dtlz1(2, 6),
    "c2dtlz2_2": c2dtlz2(2, 6),
    "c2dtlz2_3": c2dtlz2(3, 7),
    "bnh": scaled(
        [(0, 5), (0, 3)],
        lambda a, b: [4 * a * a + 4 * b * b, (a - 5) ** 2 + (b - 5) ** 2],
        lambda a, b: [((a - 5) ** 2 + b * b - 25) / 25, (7.7 - (a - 8) ** 2 - (b + 3) ** 2) / 7.7],
    ),
    "osy": scaled(
        [(0, 10), (0, 10), (1, 5), (0, 6), (1, 5), (0, 10)], osy_values, osy_constraints
    ),
    "srn": scaled(
        [(-20, 20)] * 2,
        lambda a, b: [2 + (a - 2) ** 2 + (b - 1) ** 2, 9 * a - (b - 1) ** 2],
        lambda a, b: [(a * a + b * b - 225) / 225, (a - 3 * b + 10) / 10],
    ),
    "tnk": scaled([(0, pi)] * 2, lambda a, b: [a, b], tnk_constraints),
    "mw1": mw1(8),
}
