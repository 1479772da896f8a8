//! Gini, entropy and squared error, as scans that move one row at a time from right to left.
//!
//! A node's totals live in a *slot* of a few numbers, so that a node can be measured when it is made and
//! scanned later. Scores leave out what is the same for every split of a node; larger is better.

/// What a split is judged by.
pub(super) trait Impurity {
    /// Numbers a slot.
    fn slot_width(&self) -> usize;
    /// Numbers a leaf.
    fn leaf_width(&self) -> usize;
    /// Writes the totals of some rows into a slot and says whether all labels are equal.
    fn measure(&self, rows: impl Iterator<Item = u32>, slot: &mut [f64]) -> bool;
    /// Weight of a measured node.
    fn weight(&self, slot: &[f64]) -> f64;
    /// Impurity times weight of a measured node.
    fn cost(&self, slot: &[f64]) -> f64;
    /// Appends what a leaf with these totals predicts.
    fn leaf(&self, slot: &[f64], leaves: &mut Vec<f64>);
    /// Starts on a measured node.
    fn enter(&mut self, slot: &[f64]);
    /// Puts all rows of the node on the right.
    fn rewind(&mut self);
    /// Moves a row to the left.
    fn push(&mut self, row: u32);
    /// The score of the split as it stands.
    fn score(&self) -> f64;
}

/// Class weights of a node, and of the two sides of a scan.
#[derive(Debug)]
struct ClassCounts<'a, const WEIGHTED: bool> {
    codes: &'a [u32],
    weights: &'a [f64],
    totals: Vec<f64>,
    /// Left and right weight of each class.
    sides: Vec<[f64; 2]>,
    /// Left and right weight of all classes.
    weight: [f64; 2],
}

impl<'a, const WEIGHTED: bool> ClassCounts<'a, WEIGHTED> {
    fn new(codes: &'a [u32], weights: &'a [f64], n_classes: usize) -> Self {
        let (totals, sides) = (vec![0.0; n_classes], vec![[0.0; 2]; n_classes]);
        Self { codes, weights, totals, sides, weight: [0.0; 2] }
    }

    #[inline]
    fn weight(&self, row: u32) -> f64 {
        if WEIGHTED { self.weights[row as usize] } else { 1.0 }
    }

    fn measure(&self, rows: impl Iterator<Item = u32>, slot: &mut [f64]) -> bool {
        slot.fill(0.0);
        for row in rows {
            slot[self.codes[row as usize] as usize] += self.weight(row);
        }
        slot.iter().filter(|&&weight| weight > 0.0).count() <= 1
    }

    fn rewind(&mut self) {
        for (side, &total) in self.sides.iter_mut().zip(&self.totals) {
            *side = [0.0, total];
        }
        self.weight = [0.0, self.totals.iter().sum()];
    }

    /// Moves a row to the left; its weight and what its class had on both sides before.
    #[inline]
    fn push(&mut self, row: u32) -> (f64, [f64; 2]) {
        let w = self.weight(row);
        let side = &mut self.sides[self.codes[row as usize] as usize];
        let before = *side;
        *side = [before[0] + w, before[1] - w];
        self.weight = [self.weight[0] + w, self.weight[1] - w];
        (w, before)
    }
}

fn shares(slot: &[f64], leaves: &mut Vec<f64>) {
    let total: f64 = slot.iter().sum();
    leaves.extend(slot.iter().map(|weight| weight / total));
}

/// `1 − Σ p²`. The score is `Σ l²/L + Σ r²/R`.
#[derive(Debug)]
pub(super) struct Gini<'a, const WEIGHTED: bool> {
    counts: ClassCounts<'a, WEIGHTED>,
    /// Sums of squared class weights, left and right.
    squares: [f64; 2],
}

impl<'a, const WEIGHTED: bool> Gini<'a, WEIGHTED> {
    pub(super) fn new(codes: &'a [u32], weights: &'a [f64], n_classes: usize) -> Self {
        Self { counts: ClassCounts::new(codes, weights, n_classes), squares: [0.0; 2] }
    }
}

impl<const WEIGHTED: bool> Impurity for Gini<'_, WEIGHTED> {
    fn slot_width(&self) -> usize {
        self.counts.totals.len()
    }

    fn leaf_width(&self) -> usize {
        self.counts.totals.len()
    }

    fn measure(&self, rows: impl Iterator<Item = u32>, slot: &mut [f64]) -> bool {
        self.counts.measure(rows, slot)
    }

    fn weight(&self, slot: &[f64]) -> f64 {
        slot.iter().sum()
    }

    fn cost(&self, slot: &[f64]) -> f64 {
        let total: f64 = slot.iter().sum();
        total - slot.iter().map(|weight| weight * weight).sum::<f64>() / total
    }

    fn leaf(&self, slot: &[f64], leaves: &mut Vec<f64>) {
        shares(slot, leaves);
    }

    fn enter(&mut self, slot: &[f64]) {
        self.counts.totals.copy_from_slice(slot);
    }

    fn rewind(&mut self) {
        self.counts.rewind();
        self.squares = [0.0, self.counts.totals.iter().map(|weight| weight * weight).sum()];
    }

    #[inline]
    fn push(&mut self, row: u32) {
        let (w, [left, right]) = self.counts.push(row);
        self.squares[0] += w * (2.0 * left + w);
        self.squares[1] -= w * (2.0 * right - w);
    }

    #[inline]
    fn score(&self) -> f64 {
        self.squares[0] / self.counts.weight[0] + self.squares[1] / self.counts.weight[1]
    }
}

/// `−Σ p log₂ p`. The score is `Σ l ln l − L ln L + Σ r ln r − R ln R`.
#[derive(Debug)]
pub(super) struct Entropy<'a, const WEIGHTED: bool> {
    counts: ClassCounts<'a, WEIGHTED>,
    /// `n ln n` for whole weights; empty if some weight is not whole.
    table: Vec<f64>,
}

/// The most entries of the table of `n ln n`: 8 MB.
const TABLE_LIMIT: f64 = 1e6;

impl<'a, const WEIGHTED: bool> Entropy<'a, WEIGHTED> {
    pub(super) fn new(codes: &'a [u32], weights: &'a [f64], n_classes: usize) -> Self {
        let total: f64 = weights.iter().sum();
        let whole = total < TABLE_LIMIT && weights.iter().all(|weight| weight.fract() == 0.0);
        let table = if whole {
            (0..=total as u32).map(|n| x_ln_x(f64::from(n))).collect()
        } else {
            Vec::new()
        };
        Self { counts: ClassCounts::new(codes, weights, n_classes), table }
    }

    #[inline]
    fn x_ln_x(&self, x: f64) -> f64 {
        if self.table.is_empty() { x_ln_x(x) } else { self.table[x as usize] }
    }
}

fn x_ln_x(x: f64) -> f64 {
    if x > 0.0 { x * x.ln() } else { 0.0 }
}

impl<const WEIGHTED: bool> Impurity for Entropy<'_, WEIGHTED> {
    fn slot_width(&self) -> usize {
        self.counts.totals.len()
    }

    fn leaf_width(&self) -> usize {
        self.counts.totals.len()
    }

    fn measure(&self, rows: impl Iterator<Item = u32>, slot: &mut [f64]) -> bool {
        self.counts.measure(rows, slot)
    }

    fn weight(&self, slot: &[f64]) -> f64 {
        slot.iter().sum()
    }

    fn cost(&self, slot: &[f64]) -> f64 {
        let nats =
            x_ln_x(slot.iter().sum()) - slot.iter().map(|&weight| x_ln_x(weight)).sum::<f64>();
        nats / std::f64::consts::LN_2
    }

    fn leaf(&self, slot: &[f64], leaves: &mut Vec<f64>) {
        shares(slot, leaves);
    }

    fn enter(&mut self, slot: &[f64]) {
        self.counts.totals.copy_from_slice(slot);
    }

    fn rewind(&mut self) {
        self.counts.rewind();
    }

    #[inline]
    fn push(&mut self, row: u32) {
        self.counts.push(row);
    }

    fn score(&self) -> f64 {
        let (mut left, mut right) = (0.0, 0.0);
        for side in &self.counts.sides {
            left += self.x_ln_x(side[0]);
            right += self.x_ln_x(side[1]);
        }
        let [l, r] = self.counts.weight;
        (left - self.x_ln_x(l)) + (right - self.x_ln_x(r))
    }
}

/// The mean squared distance from the mean. The score is `S_l²/L + S_r²/R` for sums of centered values.
#[derive(Debug)]
pub(super) struct SquaredError<'a, const WEIGHTED: bool> {
    values: &'a [f64],
    weights: &'a [f64],
    /// Weight times centered value of each row, rounded so that every sum of them is exact: two splits of the
    /// same rows then have the same score, whatever the feature that makes them.
    moments: Vec<f64>,
    /// The mean of all rows: sums of what is left over lose fewer digits.
    center: f64,
    /// Sum and weight of the node.
    totals: [f64; 2],
    left: [f64; 2],
}

/// The places of a slot of [`SquaredError`]: the sum of moments, what their rounding left out, ...
const SUM: usize = 0;
const REST: usize = 1;
const WEIGHT: usize = 2;
const SQUARES: usize = 3;
/// ... and the value where all rows have the same, else NaN.
const EXACT: usize = 4;

impl<'a, const WEIGHTED: bool> SquaredError<'a, WEIGHTED> {
    pub(super) fn new(values: &'a [f64], weights: &'a [f64]) -> Self {
        let sum: f64 = values.iter().zip(weights).map(|(value, weight)| value * weight).sum();
        let center = sum / weights.iter().sum::<f64>();
        let mut moments: Vec<f64> =
            values.iter().zip(weights).map(|(value, w)| w * (value - center)).collect();
        round_to_exact_sums(&mut moments);
        Self { values, weights, moments, center, totals: [0.0; 2], left: [0.0; 2] }
    }

    #[inline]
    fn weight(&self, row: u32) -> f64 {
        if WEIGHTED { self.weights[row as usize] } else { 1.0 }
    }
}

impl<const WEIGHTED: bool> Impurity for SquaredError<'_, WEIGHTED> {
    fn slot_width(&self) -> usize {
        5
    }

    fn leaf_width(&self) -> usize {
        1
    }

    fn measure(&self, rows: impl Iterator<Item = u32>, slot: &mut [f64]) -> bool {
        slot.fill(0.0);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for row in rows {
            let (value, moment, weight) =
                (self.values[row as usize], self.moments[row as usize], self.weight(row));
            let centered = value - self.center;
            slot[SUM] += moment;
            slot[REST] += weight * centered - moment;
            slot[WEIGHT] += weight;
            slot[SQUARES] += weight * centered * centered;
            low = low.min(value);
            high = high.max(value);
        }
        slot[EXACT] = if low == high { low } else { f64::NAN };
        low == high
    }

    fn weight(&self, slot: &[f64]) -> f64 {
        slot[WEIGHT]
    }

    fn cost(&self, slot: &[f64]) -> f64 {
        (slot[SQUARES] - slot[SUM] * slot[SUM] / slot[WEIGHT]).max(0.0)
    }

    fn leaf(&self, slot: &[f64], leaves: &mut Vec<f64>) {
        let mean = self.center + (slot[SUM] + slot[REST]) / slot[WEIGHT];
        leaves.push(if slot[EXACT].is_nan() { mean } else { slot[EXACT] });
    }

    fn enter(&mut self, slot: &[f64]) {
        self.totals = [slot[SUM], slot[WEIGHT]];
    }

    fn rewind(&mut self) {
        self.left = [0.0; 2];
    }

    #[inline]
    fn push(&mut self, row: u32) {
        self.left = [self.left[0] + self.moments[row as usize], self.left[1] + self.weight(row)];
    }

    #[inline]
    fn score(&self) -> f64 {
        let right = [self.totals[0] - self.left[0], self.totals[1] - self.left[1]];
        self.left[0] * self.left[0] / self.left[1] + right[0] * right[0] / right[1]
    }
}

/// Rounds to multiples of a power of two so large that no sum of some of the numbers needs more than 53 bits.
pub(super) fn round_to_exact_sums(numbers: &mut [f64]) {
    let total: f64 = numbers.iter().map(|number| number.abs()).sum();
    if !(total > f64::MIN_POSITIVE && total.is_finite()) {
        return;
    }
    let exponent = (total.log2().ceil() as i32 - 51).max(-1000);
    let quantum = 2f64.powi(exponent);
    for number in numbers {
        *number = (*number / quantum).round_ties_even() * quantum;
    }
}
