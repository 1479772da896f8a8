//! Ranks and their correlation.

/// The inner product of two vectors of equal length.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Spearman's ρ over the rows where both have a value; NaN where one is constant.
pub fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let both = a.iter().zip(b).filter(|(a, b)| !a.is_nan() && !b.is_nan());
    let (a, b): (Vec<f64>, Vec<f64>) = both.unzip();
    dot(&unit_ranks(&a), &unit_ranks(&b))
}

/// Average ranks, centered and scaled to length 1; NaN without any spread.
pub fn unit_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let center = (values.len() as f64 - 1.0) / 2.0;
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    let mut squares = 0.0;
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = start as f64 + (tied.len() as f64 - 1.0) / 2.0 - center;
        for &row in tied {
            ranks[row] = rank;
        }
        squares += rank * rank * tied.len() as f64;
        start += tied.len();
    }
    let length = f64::sqrt(squares);
    for rank in &mut ranks {
        *rank /= length;
    }
    ranks
}
