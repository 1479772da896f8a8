//! Areas under the ROC and the precision-recall curve of one class against the rest.

/// Both areas of one class, from one sort.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Areas {
    /// Area under the ROC curve by trapezoids; NaN unless both sides have rows and weight.
    pub(super) roc: f64,
    /// Average precision, `Σ (Rₙ − Rₙ₋₁) Pₙ`; 0 without positives, as scikit-learn has it.
    pub(super) precision: f64,
    /// Weight of the class in the truth.
    pub(super) weight: f64,
    /// True if the class occurs in the truth.
    pub(super) present: bool,
}

/// The areas of `class` against the rest, in O(n log n). Scores are row-major with `n_classes` a row.
pub(super) fn areas(
    truth: &[u32],
    scores: &[f64],
    n_classes: usize,
    class: usize,
    weights: Option<&[f64]>,
) -> Areas {
    let n_positive = truth.iter().filter(|&&code| code as usize == class).count();
    let weight_of = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let mut ranked: Vec<(f64, f64, bool)> = (0..truth.len())
        .filter(|&row| weight_of(row) != 0.0)
        .map(|row| (scores[row * n_classes + class], weight_of(row), truth[row] as usize == class))
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));

    let (mut tp, mut fp, mut roc, mut precision) = (0.0, 0.0, 0.0, 0.0);
    // Rows of equal score share one threshold; `==` keeps -0.0 and 0.0 together.
    for tied in ranked.chunk_by(|a, b| a.0 == b.0) {
        let hit: f64 = tied.iter().filter(|row| row.2).map(|row| row.1).sum();
        let miss: f64 = tied.iter().filter(|row| !row.2).map(|row| row.1).sum();
        roc += miss * (tp + 0.5 * hit);
        tp += hit;
        fp += miss;
        precision += hit * (tp / (tp + fp));
    }
    let defined = n_positive > 0 && n_positive < truth.len() && tp > 0.0 && fp > 0.0;
    Areas {
        roc: if defined { roc / (tp * fp) } else { f64::NAN },
        precision: if tp > 0.0 { precision / tp } else { 0.0 },
        weight: tp,
        present: n_positive > 0,
    }
}

/// Mean of the one-vs-rest ROC areas; NaN where a class is absent.
pub(super) fn roc_macro(areas: &[Areas]) -> f64 {
    areas.iter().map(|area| area.roc).sum::<f64>() / areas.len() as f64
}

/// One-vs-rest ROC areas averaged by the weight of each class in the truth.
pub(super) fn roc_weighted(areas: &[Areas]) -> f64 {
    let present = || areas.iter().filter(|area| area.weight != 0.0);
    let sum: f64 = present().map(|area| area.weight * area.roc).sum();
    sum / present().map(|area| area.weight).sum::<f64>()
}

/// Mean of the one-vs-rest average precisions; NaN where a class is absent.
pub(super) fn precision_macro(areas: &[Areas]) -> f64 {
    if areas.iter().any(|area| !area.present) {
        return f64::NAN;
    }
    areas.iter().map(|area| area.precision).sum::<f64>() / areas.len() as f64
}
