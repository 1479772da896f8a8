//! Gauss–Legendre quadrature on `[0, 1]`.

/// Nodes and weights that integrate polynomials up to degree `2n − 1` exactly, nodes ascending in `(0, 1)`.
///
/// Newton's method on the Legendre polynomial of degree `n`, from Tricomi's starting points.
pub(super) fn gauss_legendre(n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut nodes = vec![0.0; n];
    let mut weights = vec![0.0; n];
    for i in 0..n {
        let mut z = (std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (value, derivative) = legendre(n, z);
            slope = derivative;
            let step = value / derivative;
            z -= step;
            if step.abs() < 1e-16 {
                break;
            }
        }
        nodes[n - 1 - i] = f64::midpoint(1.0, z);
        weights[n - 1 - i] = 1.0 / ((1.0 - z * z) * slope * slope);
    }
    (nodes, weights)
}

/// The Legendre polynomial of degree `n` and its derivative at `z`, by Bonnet's recursion.
fn legendre(n: usize, z: f64) -> (f64, f64) {
    let (mut before, mut now) = (1.0, z);
    for k in 2..=n {
        let k = k as f64;
        (before, now) = (now, ((2.0 * k - 1.0) * z * now - (k - 1.0) * before) / k);
    }
    (now, n as f64 * (z * now - before) / (z * z - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrates_powers_exactly() {
        for n in 1..=40 {
            let (nodes, weights) = gauss_legendre(n);
            assert!(nodes.windows(2).all(|pair| pair[0] < pair[1]));
            for degree in 0..2 * n as i32 {
                let sum: f64 = nodes.iter().zip(&weights).map(|(t, w)| w * t.powi(degree)).sum();
                let exact = 1.0 / f64::from(degree + 1);
                assert!((sum - exact).abs() < 1e-14, "{n} {degree}: {sum} {exact}");
            }
        }
    }
}
