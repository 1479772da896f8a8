//! ROC and precision-recall curves, of several models or classes over each other.

use super::axis::Axis;
use super::frame::{Frame, Look};
use super::pen::{Pen, Stroke};
use super::sheet::{Entry, Head, Mark, sheet};
use super::{Content, GRAY, PlotError, series};
use crate::domain::{Labels, Prediction};

/// Points of a curve at most.
const MAX_POINTS: usize = 1_200;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RankKind {
    /// True positive rate by false positive rate.
    Roc,
    /// Precision by recall.
    PrecisionRecall,
}

/// One curve.
#[derive(Debug, Clone, PartialEq)]
pub struct RankCurve {
    /// The model or class.
    pub name: String,
    /// By rising threshold of the other end: `(fpr, tpr)` or `(recall, precision)`.
    pub points: Vec<(f64, f64)>,
    /// Area under the ROC curve (trapezoids), or average precision (steps); as scikit-learn.
    pub area: f64,
    /// Share of positives: the precision of chance.
    pub positives: f64,
}

/// The figure's content.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// Above the figure.
    pub title: String,
    /// Which of the two.
    pub kind: RankKind,
    /// The curves, the most important first.
    pub curves: Vec<RankCurve>,
}

/// Truth and scores of one class against the rest; none without scores or for numbers.
pub fn of_class(
    labels: &Labels,
    prediction: &Prediction,
    class: u32,
) -> Option<(Vec<bool>, Vec<f64>)> {
    let (
        Labels::Classes { codes, .. },
        Prediction::Classes { scores: Some(scores), n_classes, .. },
    ) = (labels, prediction)
    else {
        return None;
    };
    let truth = codes.iter().map(|&code| code == class).collect();
    let column = scores.chunks_exact(*n_classes).map(|row| row.get(class as usize).copied());
    Some((truth, column.collect::<Option<_>>()?))
}

/// The curve of some rows: `truth` is true for positives, larger `scores` are more positive.
///
/// # Errors
/// When the lengths differ, a score is NaN, or one of the two classes is absent.
pub fn rank_curve(
    kind: RankKind,
    name: &str,
    truth: &[bool],
    scores: &[f64],
) -> Result<RankCurve, PlotError> {
    if truth.len() != scores.len() {
        let (rows, other) = (truth.len(), scores.len());
        return Err(PlotError::Content(format!("'{name}' has {rows} rows, but {other} scores")));
    }
    if scores.iter().any(|score| score.is_nan()) {
        return Err(PlotError::Content(format!("'{name}' has a score that is no number")));
    }
    let positives = truth.iter().filter(|is_positive| **is_positive).count();
    let negatives = truth.len() - positives;
    if positives == 0 || negatives == 0 {
        let which = if positives == 0 { "no positive" } else { "no negative" };
        return Err(PlotError::Content(format!("'{name}' has {which} row, so it has no curve")));
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let mut steps = Vec::new();
    let (mut hits, mut alarms) = (0_usize, 0_usize);
    for tied in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let more = tied.iter().filter(|&&row| truth[row]).count();
        hits += more;
        alarms += tied.len() - more;
        steps.push((hits as f64, alarms as f64));
    }
    let (all_hits, all_alarms) = (positives as f64, negatives as f64);
    let (points, area) = match kind {
        RankKind::Roc => roc(&steps, all_hits, all_alarms),
        RankKind::PrecisionRecall => precision_recall(&steps, all_hits),
    };
    let positives = all_hits / truth.len() as f64;
    Ok(RankCurve { name: name.into(), points: thinned(points), area, positives })
}

type Line = Vec<(f64, f64)>;

fn roc(steps: &[(f64, f64)], hits: f64, alarms: f64) -> (Line, f64) {
    let start = std::iter::once((0.0, 0.0));
    let points: Line =
        start.chain(steps.iter().map(|&(hit, alarm)| (alarm / alarms, hit / hits))).collect();
    let area = points.windows(2).map(|p| (p[1].0 - p[0].0) * f64::midpoint(p[0].1, p[1].1)).sum();
    (points, area)
}

/// As steps: the precision at a recall holds from the recall before.
fn precision_recall(steps: &[(f64, f64)], hits: f64) -> (Line, f64) {
    let (mut points, mut area, mut before) = (Vec::new(), 0.0, 0.0);
    for &(hit, alarm) in steps {
        let (recall, precision) = (hit / hits, hit / (hit + alarm));
        area += (recall - before) * precision;
        if recall > before || points.is_empty() {
            points.push((before, precision));
        }
        points.push((recall, precision));
        before = recall;
        if hit >= hits {
            // All that follows is false alarms at full recall.
            break;
        }
    }
    (points, area)
}

/// Leaves out points that move less than a pixel does; the last one stays.
fn thinned(points: Line) -> Line {
    let mut least = 1.0 / 2_000.0;
    let mut kept = points;
    while kept.len() > MAX_POINTS {
        let end = kept.len() - 1;
        let mut last = (f64::INFINITY, f64::INFINITY);
        let mut at = 0;
        kept.retain(|&(x, y)| {
            at += 1;
            let is_far = (x - last.0).abs().max((y - last.1).abs()) >= least || at - 1 == end;
            if is_far {
                last = (x, y);
            }
            is_far
        });
        least *= 1.5;
    }
    kept
}

impl Content for Ranking {
    fn size(&self) -> (u32, u32) {
        (700, 640)
    }

    fn check(&self) -> Result<(), PlotError> {
        if self.curves.iter().all(|curve| curve.points.is_empty()) {
            return Err(PlotError::Empty("no curve has a point".into()));
        }
        Ok(())
    }

    fn paint(&self, pen: &mut Pen<'_>) {
        let (x, y, area) = match self.kind {
            RankKind::Roc => ("false positive rate", "true positive rate", "AUC"),
            RankKind::PrecisionRecall => ("recall", "precision", "AP"),
        };
        let entry = |(at, curve): (usize, &RankCurve)| {
            let name = format!("{} · {area} {:.4}", curve.name, curve.area);
            Entry::new(Mark::Line(series(at, 2.0)), name)
        };
        let chance = Stroke::new(GRAY, 1.0).dashed(&[3.0, 3.0]);
        let mut legend: Vec<Entry> = self.curves.iter().enumerate().map(entry).collect();
        legend.insert(legend.len().min(6), Entry::new(Mark::Line(chance), "chance"));
        let outer =
            sheet(pen, self.size(), &Head { title: &self.title, legend, ..Head::default() });
        let share = |name| Axis::between(name, -0.015, 1.015);
        let frame = Frame::new(pen, outer, share(x), share(y), Look::default());
        match self.kind {
            RankKind::Roc => pen.line(&[frame.at(0.0, 0.0), frame.at(1.0, 1.0)], chance),
            RankKind::PrecisionRecall => {
                let mut shares: Vec<f64> =
                    self.curves.iter().map(|curve| curve.positives).collect();
                shares.sort_by(f64::total_cmp);
                shares.dedup_by(|a, b| (*a - *b).abs() < 0.002);
                for share in shares {
                    pen.line(&[frame.at(0.0, share), frame.at(1.0, share)], chance);
                }
            }
        }
        for (at, curve) in self.curves.iter().enumerate().rev() {
            let line: Line = curve.points.iter().map(|&(x, y)| frame.at(x, y)).collect();
            pen.line(&line, series(at, if self.curves.len() > 8 { 1.3 } else { 2.0 }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::sample::{draws, long_name, look};

    #[test]
    fn areas_are_those_of_the_textbook() {
        // scikit-learn 1.8: roc_auc_score 0.75, average_precision_score 0.8333333333333333.
        let (truth, scores) = ([false, false, true, true], [0.1, 0.4, 0.35, 0.8]);
        let roc = rank_curve(RankKind::Roc, "a", &truth, &scores).unwrap();
        assert_eq!(roc.area, 0.75);
        assert_eq!(roc.points, [(0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0)]);
        let pr = rank_curve(RankKind::PrecisionRecall, "a", &truth, &scores).unwrap();
        assert!((pr.area - 5.0 / 6.0).abs() < 1e-15, "{}", pr.area);
        // All tied: one step along the diagonal.
        let tied = rank_curve(RankKind::Roc, "a", &truth, &[0.5; 4]).unwrap();
        assert_eq!((tied.area, tied.points.len()), (0.5, 2));
    }

    #[test]
    fn says_what_is_missing() {
        let check = |truth: &[bool], scores: &[f64], expect: &str| {
            let error = rank_curve(RankKind::Roc, "forest", truth, scores).unwrap_err();
            assert_eq!(error.to_string(), expect);
        };
        check(&[true, true], &[0.1, 0.2], "'forest' has no negative row, so it has no curve");
        check(&[false], &[0.1], "'forest' has no positive row, so it has no curve");
        check(&[true, false], &[0.1], "'forest' has 2 rows, but 1 scores");
        check(&[true, false], &[0.1, f64::NAN], "'forest' has a score that is no number");
    }

    fn curve(kind: RankKind, name: &str, rows: usize, skill: f64, seed: u64) -> RankCurve {
        let mut draw = draws(seed);
        let truth: Vec<bool> = (0..rows).map(|row| row % 5 == 0).collect();
        let score =
            |is_positive: &bool| draw() + draw() + f64::from(u8::from(*is_positive)) * skill;
        let scores: Vec<f64> = truth.iter().map(score).collect();
        rank_curve(kind, name, &truth, &scores).unwrap()
    }

    #[test]
    fn one_small_curve_to_many_long_ones() {
        for (kind, word) in [(RankKind::Roc, "roc"), (RankKind::PrecisionRecall, "pr")] {
            for (count, rows) in [(1, 12), (3, 400), (24, 50_000)] {
                let name = |at: usize| if at == 1 { long_name() } else { format!("class {at}") };
                let curves = (0..count)
                    .map(|at| curve(kind, &name(at), rows, 0.9 - at as f64 * 0.03, at as u64));
                let curves: Vec<RankCurve> = curves.collect();
                assert!(curves.iter().all(|curve| curve.points.len() <= MAX_POINTS));
                let title = "breast_cancer: champion and challenger on 114 holdout rows".into();
                look(&format!("{word}_{count}"), &Ranking { title, kind, curves });
            }
        }
    }
}
