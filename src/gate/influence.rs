//! Jackknife influence: what a gain rests on.

/// Influence values from gains with a part left out, each with how many parts are like it: the mean less the value.
pub(super) fn centered(left_out: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let parts: f64 = left_out.iter().map(|(_, count)| count).sum();
    let mean = left_out.iter().map(|(gain, count)| gain * count).sum::<f64>() / parts;
    left_out.into_iter().map(|(gain, count)| (mean - gain, count)).collect()
}

fn moment(influence: &[(f64, f64)], power: i32) -> f64 {
    influence.iter().map(|(value, count)| count * value.powi(power)).sum()
}

/// How many parts a sum of contributions rests on, `(Σ c²)² / Σ c⁴`: `m` where `m` parts matter alike and the
/// others do not; a third of them where contributions are normal. 0 where nothing matters, 1 where a part is
/// indispensable, since the gain is undefined without it.
pub(super) fn effective(influence: &[(f64, f64)]) -> f64 {
    if influence.iter().any(|(value, _)| value.is_nan()) {
        return 1.0;
    }
    // Scaled, since the fourth power of a small influence would vanish.
    let largest = influence.iter().map(|(value, _)| value.abs()).fold(0.0, f64::max);
    if largest == 0.0 {
        return 0.0;
    }
    let scaled: Vec<_> = influence.iter().map(|(value, count)| (value / largest, *count)).collect();
    moment(&scaled, 2).powi(2) / moment(&scaled, 4)
}

/// The acceleration of a `BCa` interval, `Σ l³ / 6 (Σ l²)^1.5` (Efron 1987).
pub(super) fn acceleration(influence: &[(f64, f64)]) -> f64 {
    let spread = moment(influence, 2);
    let acceleration = moment(influence, 3) / (6.0 * spread.powf(1.5));
    if acceleration.is_finite() { acceleration } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_matter_are_counted() {
        let left_out = vec![(0.0, 997.0), (-0.01, 3.0)];
        let effective = effective(&centered(left_out));
        assert!((effective - 3.0).abs() < 0.05, "{effective}");
        assert_eq!(super::effective(&centered(vec![(0.5, 10.0)])), 0.0);
        assert_eq!(super::effective(&centered(vec![(0.5, 10.0), (f64::NAN, 1.0)])), 1.0);
    }
}
