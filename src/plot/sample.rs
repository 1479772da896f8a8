//! What the tests of figures share: drawing both formats, and numbers to draw.

use super::{Figure, Parameter, ParameterScale};
use crate::domain::Value;

/// Draws a figure in both formats and checks what holds for each; `DERBY_TEST_FIGURES` names a folder that keeps the
/// pictures for a look.
pub(super) fn look(name: &str, figure: &dyn Figure) -> String {
    let folder = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("DERBY_TEST_FIGURES").map(std::path::PathBuf::from);
    let folder = kept.as_deref().unwrap_or(folder.path());
    let svg = figure.svg().unwrap();
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{name}");
    assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{name}");
    assert!(svg.len() < 3_000_000, "{name}: {} bytes", svg.len());
    assert_eq!(figure.svg().unwrap(), svg, "{name}: the same input, the same bytes");
    std::fs::write(folder.join(format!("{name}.svg")), &svg).unwrap();
    // A bitmap of thousands of marks takes a second and shows the same code as a small one.
    if svg.len() > 60_000 && kept.is_none() {
        return svg;
    }
    let png = folder.join(format!("{name}.png"));
    figure.draw(&png).unwrap();
    assert!(std::fs::read(png).unwrap().starts_with(b"\x89PNG"), "{name}");
    svg
}

pub(super) fn long_name() -> String {
    "preprocessing.numeric.imputation_strategy_for_missing_values".into()
}

/// Even draws from `[0, 1)`.
pub(super) fn draws(seed: u64) -> impl FnMut() -> f64 {
    let mut rng = crate::numeric::Rng::new(seed);
    move || rng.unit()
}

/// A search over parameters of every kind; some runs lack a conditional one, one failed, one went astray.
pub(super) fn search(runs: usize, parameters: usize) -> (Vec<Parameter>, Vec<f64>) {
    let mut draw = draws(7);
    let rates: Vec<f64> = (0..runs).map(|_| 10f64.powf(-5.0 + 4.0 * draw())).collect();
    let mut score = |rate: f64| 0.98 - 0.02 * (rate.log10() + 2.5).abs() - 0.05 * draw();
    let mut scores: Vec<f64> = rates.iter().map(|rate| score(*rate)).collect();
    if runs > 20 {
        (scores[3], scores[5]) = (f64::NAN, -4e6);
    }
    let mut column = |at: usize| {
        let text = |word: &str| Value::Text(word.into());
        let words = [text("rbf"), text("linear"), text("polynomial_of_third_degree")];
        let (name, scale) = match at % 7 {
            0 => ("learning_rate".into(), ParameterScale::Log),
            1 => ("kernel".into(), ParameterScale::Levels(words.to_vec())),
            2 => ("max_depth".into(), ParameterScale::Linear),
            3 => (long_name(), ParameterScale::Linear),
            4 => (
                "units".into(),
                ParameterScale::Levels([16, 64, 256, 1024].map(Value::Int).to_vec()),
            ),
            5 => (
                "bootstrap".into(),
                ParameterScale::Levels([false, true].map(Value::Bool).to_vec()),
            ),
            _ => ("seed_like_number".into(), ParameterScale::Linear),
        };
        let mut value = |run: usize| match at % 7 {
            0 => Some(Value::Float(rates[run])),
            1 => Some(words[(draw() * 3.0) as usize].clone()),
            2 => (!run.is_multiple_of(4)).then(|| Value::Int(1 + (draw() * 12.0) as i64)),
            3 => Some(Value::Float(draw() * 1e-3)),
            4 => Some(Value::Int([16, 64, 256, 1024][(draw() * 4.0) as usize])),
            5 => Some(Value::Bool(draw() < 0.5)),
            _ => Some(Value::Int((draw() * 4e9) as i64)),
        };
        Parameter { name, scale, values: (0..runs).map(&mut value).collect() }
    };
    ((0..parameters).map(&mut column).collect(), scores)
}
