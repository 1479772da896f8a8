//! Calibration: how often what a model says with probability p is true, with counts.

use super::axis::Axis;
use super::frame::{Frame, Look};
use super::pen::{Pen, Stroke};
use super::sheet::{Area, Entry, Head, Mark, sheet};
use super::{Content, GRAY, PlotError, series};

/// Bars of the histogram below.
const BARS: usize = 20;
/// The normal quantile of a two-sided 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

/// How probabilities are put into bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binning {
    /// So many bins of equal width.
    Uniform(usize),
    /// So many bins of about equal counts.
    Quantile(usize),
}

/// One bin that is not empty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationBin {
    /// Mean predicted probability.
    pub predicted: f64,
    /// Share of positives.
    pub observed: f64,
    /// 95 % interval of the share (Wilson 1927).
    pub interval: (f64, f64),
    /// Rows.
    pub rows: u64,
}

/// One model's or class's curve.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationCurve {
    /// The model or class.
    pub name: String,
    /// The bins that are not empty, by probability.
    pub bins: Vec<CalibrationBin>,
    /// Expected calibration error over these bins.
    pub ece: f64,
    /// Rows by predicted probability, in 20 bars of equal width.
    pub histogram: Vec<u64>,
}

/// The figure's content.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Above the figure.
    pub title: String,
    /// What is predicted: `probability of 'malignant'`.
    pub what: String,
    /// The curves.
    pub curves: Vec<CalibrationCurve>,
}

/// The curve of some rows; bins as scikit-learn's `calibration_curve` makes them (an edge belongs to the bin below).
///
/// # Errors
/// When the lengths differ, there is no row or bin, or a value is no probability.
pub fn calibration_curve(
    name: &str,
    truth: &[bool],
    probabilities: &[f64],
    binning: Binning,
) -> Result<CalibrationCurve, PlotError> {
    let (rows, given) = (truth.len(), probabilities.len());
    if rows != given || rows == 0 {
        let text = format!("'{name}' has {rows} rows and {given} probabilities");
        return Err(PlotError::Content(text));
    }
    if let Some(wrong) = probabilities.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(PlotError::Content(format!("'{name}' has '{wrong}', which is no probability")));
    }
    let edges = inner_edges(probabilities, binning);
    let mut sums = vec![(0_u64, 0_u64, 0.0); edges.len() + 1];
    let mut histogram = vec![0; BARS];
    for (&is_positive, &p) in truth.iter().zip(probabilities) {
        let bin = &mut sums[edges.partition_point(|edge| *edge < p)];
        *bin = (bin.0 + 1, bin.1 + u64::from(is_positive), bin.2 + p);
        histogram[((p * BARS as f64) as usize).min(BARS - 1)] += 1;
    }
    let bins: Vec<CalibrationBin> = sums
        .into_iter()
        .filter(|sum| sum.0 > 0)
        .map(|(rows, hits, sum)| bin(rows, hits, sum))
        .collect();
    let gap = |bin: &CalibrationBin| bin.rows as f64 * (bin.observed - bin.predicted).abs();
    let ece = bins.iter().map(gap).sum::<f64>() / rows as f64;
    Ok(CalibrationCurve { name: name.into(), bins, ece, histogram })
}

fn inner_edges(probabilities: &[f64], binning: Binning) -> Vec<f64> {
    match binning {
        Binning::Uniform(bins) => (1..bins.max(1)).map(|at| at as f64 / bins as f64).collect(),
        Binning::Quantile(bins) => {
            let mut sorted = probabilities.to_vec();
            sorted.sort_by(f64::total_cmp);
            let quantile = |at: usize| {
                let place = (sorted.len() - 1) as f64 * at as f64 / bins as f64;
                let low = place.floor() as usize;
                let high = (low + 1).min(sorted.len() - 1);
                sorted[low] + (sorted[high] - sorted[low]) * (place - low as f64)
            };
            (1..bins.max(1)).map(quantile).collect()
        }
    }
}

fn bin(rows: u64, hits: u64, sum: f64) -> CalibrationBin {
    let (n, share) = (rows as f64, hits as f64 / rows as f64);
    let z2 = Z * Z;
    let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let interval = ((middle - half).max(0.0), (middle + half).min(1.0));
    CalibrationBin { predicted: sum / n, observed: share, interval, rows }
}

impl Content for Calibration {
    fn size(&self) -> (u32, u32) {
        (700, 700)
    }

    fn check(&self) -> Result<(), PlotError> {
        if self.curves.iter().all(|curve| curve.bins.is_empty()) {
            return Err(PlotError::Empty("no curve has a bin with rows".into()));
        }
        Ok(())
    }

    fn paint(&self, pen: &mut Pen<'_>) {
        let entry = |(at, curve): (usize, &CalibrationCurve)| {
            let name = format!("{} · ECE {:.4}", curve.name, curve.ece);
            Entry::new(Mark::Line(series(at, 2.0)), name)
        };
        let perfect = Stroke::new(GRAY, 1.0).dashed(&[3.0, 3.0]);
        let mut legend: Vec<Entry> = self.curves.iter().enumerate().map(entry).collect();
        legend.insert(legend.len().min(6), Entry::new(Mark::Line(perfect), "perfect"));
        let subtitle = "bars: 95 % intervals of the observed shares".into();
        let head = Head { title: &self.title, subtitle, legend };
        let outer = sheet(pen, self.size(), &head);
        let split = outer.bottom - 170.0;
        let look = Look { room: Some(76.0), ..Look::default() };
        let share = |name: &str| Axis::between(name, -0.02, 1.02);
        let upper = Look { labels: (true, true), ..look };
        let frame = Frame::new(
            pen,
            Area { bottom: split - 6.0, ..outer },
            share(""),
            share("observed share"),
            upper,
        );
        pen.line(&[frame.at(0.0, 0.0), frame.at(1.0, 1.0)], perfect);
        for (at, curve) in self.curves.iter().enumerate().rev() {
            draw_curve(pen, &frame, curve, (at, self.curves.len()));
        }
        self.counts(pen, Area { top: split + 6.0, ..outer }, look);
    }
}

fn draw_curve(
    pen: &mut Pen<'_>,
    frame: &Frame,
    curve: &CalibrationCurve,
    (at, of): (usize, usize),
) {
    let stroke = series(at, 2.0);
    // Many curves with bars would be a thicket.
    if of <= 4 {
        for bin in &curve.bins {
            let (low, high) = bin.interval;
            let ends = [frame.at(bin.predicted, low), frame.at(bin.predicted, high)];
            pen.line(&ends, Stroke { width: 1.0, dash: &[], ..stroke });
        }
    }
    let line: Vec<(f64, f64)> =
        curve.bins.iter().map(|bin| frame.at(bin.predicted, bin.observed)).collect();
    pen.line(&line, stroke);
    for &point in &line {
        pen.dot(point, 3.0, stroke.color);
    }
}

impl Calibration {
    /// The histograms: boxes of a single curve, outlines of several.
    fn counts(&self, pen: &mut Pen<'_>, outer: Area, look: Look) {
        let most = self.curves.iter().flat_map(|curve| &curve.histogram).max().copied();
        let x = Axis::between(&self.what, -0.02, 1.02);
        let y = Axis::between("rows", 0.0, most.unwrap_or(1).max(1) as f64 * 1.06).whole();
        let frame = Frame::new(pen, outer, x, y, look);
        for (at, curve) in self.curves.iter().enumerate().rev() {
            let stroke = series(at, 1.5);
            let wide = 1.0 / curve.histogram.len().max(1) as f64;
            let mut outline = vec![frame.at(0.0, 0.0)];
            for (bar, &rows) in curve.histogram.iter().enumerate() {
                let (low, high) = (bar as f64 * wide, (bar as f64 + 1.0) * wide);
                outline.extend([frame.at(low, rows as f64), frame.at(high, rows as f64)]);
                if self.curves.len() == 1 && rows > 0 {
                    let (a, b) = (frame.at(low, rows as f64), frame.at(high, 0.0));
                    pen.fill((a.0 + 0.5, a.1), (b.0 - 0.5, b.1), stroke.color);
                }
            }
            outline.push(frame.at(1.0, 0.0));
            if self.curves.len() > 1 {
                pen.line(&outline, stroke);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::sample::{draws, long_name, look};

    #[test]
    fn bins_are_those_of_scikit_learn() {
        // The example of calibration_curve: prob_true [0, 0.5, 1], prob_pred [0.2, 0.525, 0.85].
        let truth = [0, 0, 0, 0, 1, 1, 1, 1, 1].map(|one| one == 1);
        let p = [0.1, 0.2, 0.3, 0.4, 0.65, 0.7, 0.8, 0.9, 1.0];
        let curve = calibration_curve("a", &truth, &p, Binning::Uniform(3)).unwrap();
        let close = |got: f64, expect: f64| assert!((got - expect).abs() < 1e-12, "{got} {expect}");
        for (bin, (observed, predicted)) in
            curve.bins.iter().zip([(0.0, 0.2), (0.5, 0.525), (1.0, 0.85)])
        {
            close(bin.observed, observed);
            close(bin.predicted, predicted);
        }
        close(curve.ece, (3.0 * 0.2 + 2.0 * 0.025 + 4.0 * 0.15) / 9.0);
        // statsmodels: proportion_confint(5, 10, method="wilson").
        let wilson = bin(10, 5, 1.0).interval;
        close(wilson.0, 0.236_593_090_513_143_9);
        close(wilson.1, 0.763_406_909_486_856);
        let equal = calibration_curve("a", &truth, &p, Binning::Quantile(3)).unwrap();
        assert_eq!(equal.bins.iter().map(|bin| bin.rows).collect::<Vec<_>>(), [3, 3, 3]);
        assert_eq!(equal.histogram.iter().sum::<u64>(), 9);
    }

    #[test]
    fn says_what_is_wrong() {
        let check = |p: &[f64], expect: &str| {
            let error = calibration_curve("svm", &[true, false], p, Binning::Quantile(10));
            assert_eq!(error.unwrap_err().to_string(), expect);
        };
        check(&[0.5], "'svm' has 2 rows and 1 probabilities");
        check(&[0.5, 1.5], "'svm' has '1.5', which is no probability");
    }

    #[test]
    fn few_rows_to_many_curves() {
        for (count, rows) in [(1, 10), (1, 3_000), (2, 500), (12, 100_000)] {
            let curve = |at: usize| {
                let mut draw = draws(at as u64 + 9);
                let p: Vec<f64> = (0..rows).map(|_| draw().powi(2)).collect();
                let bend = 1.0 + at as f64 * 0.2;
                let truth: Vec<bool> = p.iter().map(|p| draw() < p.powf(bend)).collect();
                let name = if at == 1 { long_name() } else { format!("model {at}") };
                calibration_curve(&name, &truth, &p, Binning::Quantile(10)).unwrap()
            };
            let curves = (0..count).map(curve).collect();
            let (title, what) =
                ("Reliability on the holdout".into(), "probability of 'malignant'".into());
            look(&format!("calibration_{count}_{rows}"), &Calibration { title, what, curves });
        }
    }
}
