//! What the tests of figures share: drawing both formats, and numbers to draw.

use super::Figure;

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
