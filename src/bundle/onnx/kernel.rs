//! Support vector machines: decision values, votes, and probabilities of pairs coupled.

use super::graph::{Builder, Name, int};
use super::model::{Answer, Place, first_largest, spread};
use super::proto::element;
use crate::trainer::{KernelClasses, KernelForm, KernelKind};

/// Writes a support vector machine down.
pub(super) fn answer(builder: &mut Builder, form: &KernelForm, at: Place<'_>) -> Answer {
    let n = form.vectors.nrows();
    let weights = match &form.machine {
        None => form.coef.clone(),
        Some(machine) => pair_weights(form, machine),
    };
    let width = form.rho.len();
    let rho: Vec<f64> = form.rho.iter().map(|rho| -rho).collect();
    let decisions = if n == 0 {
        at.repeated(builder, &rho)
    } else {
        let kernel = kernel(builder, form, at);
        let weights = builder.doubles(&weights, &[n, width]);
        let sums = builder.op("MatMul", &[&kernel, &weights]);
        let rho = builder.doubles(&rho, &[width]);
        builder.op("Add", &[&sums, &rho])
    };
    match &form.machine {
        None => Answer::Number(decisions),
        Some(machine) => classes(builder, machine, &decisions, at),
    }
}

/// Pairs of classes in the order of `rho`.
fn pairs(k: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..k).flat_map(move |first| (first + 1..k).map(move |second| (first, second)))
}

/// `vectors × pairs`: the coefficient of each vector in the machine of each pair.
fn pair_weights(form: &KernelForm, machine: &KernelClasses) -> Vec<f64> {
    let (n, k) = (form.vectors.nrows(), machine.classes.len());
    let starts: Vec<usize> = machine
        .counts
        .iter()
        .scan(0, |next, count| Some(std::mem::replace(next, *next + count)))
        .collect();
    let width = form.rho.len();
    let mut weights = vec![0.0; n * width];
    for (pair, (first, second)) in pairs(k).enumerate() {
        for (class, other) in [(first, second - 1), (second, first)] {
            for vector in starts[class]..starts[class] + machine.counts[class] {
                weights[vector * width + pair] = form.coef[other * n + vector];
            }
        }
    }
    weights
}

/// `rows × vectors`
fn kernel(builder: &mut Builder, form: &KernelForm, at: Place<'_>) -> Name {
    let (n, d) = form.vectors.dim();
    // A product of matrices that is then multiplied would be fused by onnxruntime, and the factor rounded to 32 bits.
    let by = if let KernelKind::Poly { gamma, .. } = form.kernel { gamma } else { 1.0 };
    let transposed: Vec<f64> = form.vectors.t().iter().map(|v| v * by).collect();
    let vectors = builder.doubles(&transposed, &[d, n]);
    let products = builder.op("MatMul", &[at.x, &vectors]);
    match form.kernel {
        KernelKind::Linear => products,
        KernelKind::Rbf { gamma } => {
            let norms: Vec<f64> =
                form.vectors.rows().into_iter().map(|row| row.dot(&row)).collect();
            let norms = builder.doubles(&norms, &[n]);
            let squares = builder.op("Mul", &[at.x, at.x]);
            let own = builder.along_row("ReduceSum", &squares);
            let (zero, by) = (builder.double(0.0), builder.double(-gamma));
            let sum = builder.op("Add", &[&own, &norms]);
            let twice = builder.op("Add", &[&products, &products]);
            let square = builder.op("Sub", &[&sum, &twice]);
            let square = builder.op("Max", &[&square, &zero]);
            let power = builder.op("Mul", &[&square, &by]);
            builder.op("Exp", &[&power])
        }
        KernelKind::Poly { coef0, degree, .. } => {
            let plus = builder.double(coef0);
            let degree = builder.double(f64::from(degree));
            let base = builder.op("Add", &[&products, &plus]);
            builder.op("Pow", &[&base, &degree])
        }
    }
}

/// The class with most votes, the first of equals, and the scores of all.
fn classes(
    builder: &mut Builder,
    machine: &KernelClasses,
    decisions: &str,
    at: Place<'_>,
) -> Answer {
    let k = machine.classes.len();
    let zero = builder.double(0.0);
    let wins = builder.op("Greater", &[decisions, &zero]);
    let wins = builder.as_double(&wins);
    // Losing a pair is a vote for its second class: all votes of second classes, and a win moves one.
    let moves = pair_signs(builder, k);
    let base: Vec<f64> = (0..k).map(|class| class as f64).collect();
    let base = builder.doubles(&base, &[k]);
    let votes = builder.op("MatMul", &[&wins, &moves]);
    let votes = builder.op("Add", &[&votes, &base]);
    let winner = first_largest(builder, &votes);
    let codes: Vec<i64> = machine.classes.iter().map(|&class| i64::from(class)).collect();
    let codes = builder.ints(&codes);
    let code = builder.op_with("Gather", &[&codes, &winner], vec![int("axis", 0)]);
    if !machine.sigmoids.is_empty() {
        let shares = probabilities(builder, machine, decisions, at);
        let scores = spread(builder, shares, &machine.classes, machine.n_classes);
        return Answer::Classes { scores, code, probabilities: true };
    }
    let sums = builder.op("MatMul", &[decisions, &moves]);
    let scores = if k == 2 { sums } else { squeezed(builder, &votes, &sums) };
    let scores = with_absent(builder, scores, machine);
    Answer::Classes { scores, code, probabilities: false }
}

/// `pairs × classes`: 1 for the first class of a pair, −1 for the second.
fn pair_signs(builder: &mut Builder, k: usize) -> Name {
    let mut signs = vec![];
    for (first, second) in pairs(k) {
        signs.extend((0..k).map(|class| {
            f64::from(i8::from(class == first)) - f64::from(i8::from(class == second))
        }));
    }
    builder.doubles(&signs, &[signs.len() / k, k])
}

/// Votes plus confidences squeezed into ±1/3: `votes + sum / (3 (|sum| + 1))`.
fn squeezed(builder: &mut Builder, votes: &str, sums: &str) -> Name {
    let (one, three) = (builder.double(1.0), builder.double(3.0));
    let size = builder.op("Abs", &[sums]);
    let size = builder.op("Add", &[&size, &one]);
    let size = builder.op("Mul", &[&size, &three]);
    let share = builder.op("Div", &[sums, &size]);
    builder.op("Add", &[votes, &share])
}

/// Spreads scores over all classes; a class that was never seen stands below the others.
fn with_absent(builder: &mut Builder, scores: Name, machine: &KernelClasses) -> Name {
    let (k, n) = (machine.classes.len(), machine.n_classes);
    if k == n {
        return scores;
    }
    let lowest = if k == 2 { f64::MIN } else { -1.0 };
    let mut row = vec![lowest; n];
    for &class in &machine.classes {
        row[class as usize] = 0.0;
    }
    let row = builder.doubles(&row, &[n]);
    let spread = spread(builder, scores, &machine.classes, n);
    builder.op("Add", &[&spread, &row])
}

/// `rows × classes that were present`: Platt's probabilities of pairs, coupled.
fn probabilities(
    builder: &mut Builder,
    machine: &KernelClasses,
    decisions: &str,
    at: Place<'_>,
) -> Name {
    let (k, width) = (machine.classes.len(), machine.sigmoids.len());
    let a: Vec<f64> = machine.sigmoids.iter().map(|(a, _)| *a).collect();
    let b: Vec<f64> = machine.sigmoids.iter().map(|(_, b)| *b).collect();
    let (a, b) = (builder.doubles(&a, &[width]), builder.doubles(&b, &[width]));
    let z = builder.op("Mul", &[decisions, &a]);
    let z = builder.op("Add", &[&z, &b]);
    // onnxruntime's own sigmoid is good to 1e-11 only.
    let one = builder.double(1.0);
    let power = builder.op("Exp", &[&z]);
    let total = builder.op("Add", &[&power, &one]);
    let first = builder.op("Div", &[&one, &total]);
    let (low, high) = (builder.double(1e-7), builder.double(1.0 - 1e-7));
    let first = builder.op("Max", &[&first, &low]);
    let first = builder.op("Min", &[&first, &high]);
    let second = builder.op("Sub", &[&one, &first]);
    if k == 2 {
        return builder.beside(&[first, second]);
    }
    couple(builder, &first, &second, (k, at))
}

/// Class probabilities from those of pairs (Wu, Lin and Weng 2004, algorithm 2), as derby iterates.
fn couple(builder: &mut Builder, first: &str, second: &str, (k, at): (usize, Place<'_>)) -> Name {
    let q = pair_matrix(builder, first, second, k);
    let start = at.repeated(builder, &vec![1.0 / k as f64; k]);
    let limit = builder.double(0.005 / k as f64);
    let mut marks = vec![0.0; k * k];
    marks.iter_mut().step_by(k + 1).for_each(|mark| *mark = 1.0);
    let marks = builder.doubles(&marks, &[k, k]);
    builder.repeat(k.max(100) as i64, &start, |builder, p| {
        let column = builder.ints(&[2]);
        let p_column = builder.op("Unsqueeze", &[p, &column]);
        let qp = builder.op("MatMul", &[&q, &p_column]);
        let qp = builder.op("Squeeze", &[&qp, &column]);
        let products = builder.op("Mul", &[p, &qp]);
        let pqp = builder.along_row("ReduceSum", &products);
        let error = builder.op("Sub", &[&qp, &pqp]);
        let error = builder.op("Abs", &[&error]);
        let error = builder.along_row("ReduceMax", &error);
        let is_active = builder.op("GreaterOrEqual", &[&error, &limit]);
        let slices = [(&*q, 1, element::DOUBLE), (&*marks, 0, element::DOUBLE)];
        let next = builder.scan(&[p, &qp, &pqp], &slices, step);
        let next = builder.op("Where", &[&is_active, &next[0], p]);
        let active = builder.as_double(&is_active);
        let any = builder.op_with("ReduceMax", &[&active], vec![int("keepdims", 0)]);
        let half = builder.double(0.5);
        (builder.op("Greater", &[&any, &half]), next)
    })
}

/// The update of one class; states are `p`, `Qp` and `pᵀQp`, slices the row of `Q` and the class's mark.
fn step(builder: &mut Builder, states: &[Name], slices: &[Name]) -> Vec<Name> {
    let (p, qp, pqp) = (&states[0], &states[1], &states[2]);
    let (row, mark) = (&slices[0], &slices[1]);
    let own = |builder: &mut Builder, value: &str| {
        let marked = builder.op("Mul", &[value, mark]);
        builder.along_row("ReduceSum", &marked)
    };
    let (diagonal, own_qp) = (own(builder, row), own(builder, qp));
    let (one, two) = (builder.double(1.0), builder.double(2.0));
    let change = builder.op("Sub", &[pqp, &own_qp]);
    let change = builder.op("Div", &[&change, &diagonal]);
    let scale = builder.op("Add", &[&change, &one]);
    let moved = builder.op("Mul", &[&change, mark]);
    let p = builder.op("Add", &[p, &moved]);
    let p = builder.op("Div", &[&p, &scale]);
    let curve = builder.op("Mul", &[&change, &diagonal]);
    let twice = builder.op("Mul", &[&own_qp, &two]);
    let slope = builder.op("Add", &[&curve, &twice]);
    let slope = builder.op("Mul", &[&change, &slope]);
    let square = builder.op("Mul", &[&scale, &scale]);
    let pqp = builder.op("Add", &[pqp, &slope]);
    let pqp = builder.op("Div", &[&pqp, &square]);
    let turned = builder.op("Mul", &[&change, row]);
    let qp = builder.op("Add", &[qp, &turned]);
    let qp = builder.op("Div", &[&qp, &scale]);
    vec![p, qp, pqp]
}

/// `rows × classes × classes`: `−r_jt r_tj` off the diagonal, `Σ r_jt²` on it.
fn pair_matrix(builder: &mut Builder, first: &str, second: &str, k: usize) -> Name {
    // Entry (j, t) of r is the probability of j given j or t.
    let n_pairs = k * (k - 1) / 2;
    let (mut places, mut mirrored) = (vec![0i64; k * k], vec![0i64; k * k]);
    for (pair, (i, j)) in pairs(k).enumerate() {
        places[i * k + j] = pair as i64;
        places[j * k + i] = (n_pairs + pair) as i64;
    }
    for t in 0..k {
        for j in 0..k {
            mirrored[t * k + j] = places[j * k + t];
        }
    }
    let both = builder.beside(&[first.to_string(), second.to_string()]);
    let shape = builder.ints(&[-1, k as i64, k as i64]);
    let off: Vec<f64> = (0..k * k).map(|at| if at % (k + 1) == 0 { 0.0 } else { 1.0 }).collect();
    let off = builder.doubles(&off, &[k, k]);
    let on: Vec<f64> = (0..k * k).map(|at| if at % (k + 1) == 0 { 1.0 } else { 0.0 }).collect();
    let on = builder.doubles(&on, &[k, k]);
    let square_of = |builder: &mut Builder, places: &[i64]| {
        let places = builder.ints(places);
        let flat = builder.op_with("Gather", &[&both, &places], vec![int("axis", 1)]);
        let square = builder.op("Reshape", &[&flat, &shape]);
        builder.op("Mul", &[&square, &off])
    };
    let r = square_of(builder, &places);
    let mirror = square_of(builder, &mirrored);
    let products = builder.op("Mul", &[&r, &mirror]);
    // Row t of the mirror holds r_jt over j.
    let squares = builder.op("Mul", &[&mirror, &mirror]);
    let last = builder.ints(&[2]);
    let sums = builder.op_with("ReduceSum", &[&squares, &last], vec![int("keepdims", 1)]);
    let diagonal = builder.op("Mul", &[&sums, &on]);
    builder.op("Sub", &[&diagonal, &products])
}
