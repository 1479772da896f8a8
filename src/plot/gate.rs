//! The gate's interval: the gain over the champion with its bounds, against zero and what is needed.

use super::axis::Axis;
use super::frame::{Frame, Look};
use super::pen::{Align, Pen, Stroke, Words, fitted, width};
use super::sheet::{Entry, Head, Mark, sheet};
use super::{BLUE, Content, GRAY, INK, ORANGE, PlotError, SIZE};
use crate::domain::format_number;
use crate::gate::{CheckStatus, Decision, Rule, Verdict};
use plotters::style::{Color, RGBColor, WHITE};

/// Rows that are drawn.
const MAX_ROWS: usize = 25;
/// Left of zero the challenger is worse.
const WORSE: RGBColor = RGBColor(247, 243, 240);

/// One gain with its bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct GateRow {
    /// What was compared: the holdout, or a slice of it.
    pub name: String,
    /// How much better the challenger is; positive is better.
    pub gain: f64,
    /// Bounds of the gain, where they are known.
    pub interval: Option<(f64, f64)>,
    /// How the check ended.
    pub status: CheckStatus,
}

/// What the figure calls things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateWords {
    /// A row that passes, holds and fails, in the legend.
    pub legend: [&'static str; 3],
    /// Left and right of zero.
    pub sides: [&'static str; 2],
}

impl Default for GateWords {
    fn default() -> Self {
        let legend = [CheckStatus::Pass, CheckStatus::Hold, CheckStatus::Fail];
        Self {
            legend: legend.map(CheckStatus::word),
            sides: ["challenger worse", "challenger better"],
        }
    }
}

/// The figure's content.
#[derive(Debug, Clone, PartialEq)]
pub struct GateInterval {
    /// Above the figure: challenger and champion.
    pub title: String,
    /// The verdict and its reason, in a line.
    pub subtitle: String,
    /// The axis: `gain in roc_auc`.
    pub what: String,
    /// The gain that the lower bound must exceed, and its name: `min_gain`.
    pub bar: Option<(f64, String)>,
    /// The whole holdout first, then its slices, the worst first.
    pub rows: Vec<GateRow>,
    /// What is called how.
    pub words: GateWords,
}

impl GateInterval {
    /// The figure of a verdict; none if nothing was compared.
    pub fn of(title: &str, verdict: &Verdict, rule: Rule) -> Option<Self> {
        let seen = verdict.comparison.as_ref()?;
        let status = match verdict.checks.iter().find(|check| check.id == "gain") {
            Some(check) => check.status,
            None if verdict.decision == Decision::Promote => CheckStatus::Pass,
            None => CheckStatus::Hold,
        };
        let whole = GateRow {
            name: format!("holdout, {} rows", seen.rows),
            gain: seen.gain,
            interval: Some((seen.lower, seen.upper)),
            status,
        };
        let slices = verdict.checks.iter().filter_map(|check| {
            let name = check.id.strip_prefix("slice:")?.to_string();
            Some(GateRow { name, gain: check.value?, interval: None, status: check.status })
        });
        let bar = match rule {
            Rule::Superior { min_gain } => {
                Some((min_gain, format!("min_gain {}", format_number(min_gain, 3))))
            }
            Rule::NonInferior { margin } => {
                Some((-margin, format!("margin {}", format_number(-margin, 3))))
            }
            Rule::Absolute => None,
        };
        let level = format_number((1.0 - seen.alpha) * 100.0, 4);
        let subtitle = format!("{}: {}", verdict.decision.word(), verdict.reason);
        let what = format!("gain in {} with one-sided {level} % bounds", seen.metric);
        let mut slices: Vec<GateRow> = slices.collect();
        slices.sort_by(|a, b| a.gain.total_cmp(&b.gain));
        let rows = std::iter::once(whole).chain(slices).collect();
        let words = GateWords::default();
        Some(Self { title: title.into(), subtitle, what, bar, rows, words })
    }

    fn shown(&self) -> &[GateRow] {
        &self.rows[..self.rows.len().min(MAX_ROWS)]
    }

    fn ends(&self) -> impl Iterator<Item = f64> {
        let of_rows = self.shown().iter().flat_map(|row| {
            let (low, high) = row.interval.unwrap_or((row.gain, row.gain));
            [row.gain, low, high]
        });
        of_rows.chain(self.bar.iter().map(|(bar, _)| *bar)).chain([0.0])
    }
}

fn color(status: CheckStatus) -> RGBColor {
    match status {
        CheckStatus::Pass => BLUE,
        CheckStatus::Hold | CheckStatus::Skip => GRAY,
        CheckStatus::Fail => ORANGE,
    }
}

impl Content for GateInterval {
    fn size(&self) -> (u32, u32) {
        (SIZE.0, 220 + 34 * self.shown().len() as u32)
    }

    fn check(&self) -> Result<(), PlotError> {
        if !self.rows.iter().any(|row| row.gain.is_finite()) {
            return Err(PlotError::Empty("no gain is finite".into()));
        }
        Ok(())
    }

    fn paint(&self, pen: &mut Pen<'_>) {
        let bar = Stroke::new(INK, 1.5).dashed(&[5.0, 3.0]);
        let mut legend = Vec::new();
        let statuses = [CheckStatus::Pass, CheckStatus::Hold, CheckStatus::Fail];
        for (status, word) in statuses.into_iter().zip(self.words.legend) {
            if self.shown().iter().any(|row| color(row.status) == color(status)) {
                legend.push(Entry::new(Mark::Range(color(status)), word));
            }
        }
        legend.extend(self.bar.iter().map(|(_, name)| Entry::new(Mark::Line(bar), name)));
        let mut subtitle = self.subtitle.clone();
        if self.rows.len() > MAX_ROWS {
            subtitle = format!("{subtitle} ({MAX_ROWS} of {} rows shown)", self.rows.len());
        }
        let mut outer = sheet(pen, self.size(), &Head { title: &self.title, subtitle, legend });
        outer.top += 18.0;
        let rows = self.shown();
        let names = rows.iter().rev().map(|row| row.name.clone()).collect();
        let look = Look { grid: (true, false), ..Look::default() };
        let x = Axis::linear(&self.what, self.ends());
        let low = x.ends().0;
        let frame = Frame::new(pen, outer, x.clone(), Axis::words("", names), look);
        pen.fill(frame.at(low, -0.5), frame.at(0.0, rows.len() as f64 - 0.5), WORSE);
        frame.upright(pen, low, Stroke::new(GRAY, 1.0));
        frame.upright(pen, 0.0, Stroke::new(INK, 1.2));
        sides(pen, &frame, self.words.sides);
        if let Some((value, _)) = &self.bar {
            frame.upright(pen, *value, bar);
        }
        for (place, row) in rows.iter().rev().enumerate() {
            draw_row(pen, &frame, place as f64, row);
        }
    }
}

/// The words above both sides of zero, where they have room.
fn sides(pen: &mut Pen<'_>, frame: &Frame, [worse, better]: [&str; 2]) {
    let (zero, y) = (frame.across(0.0), frame.area.top - 10.0);
    let worse = fitted(worse, 11.5, zero - frame.area.left - 8.0);
    let better = fitted(better, 11.5, frame.area.right - zero - 8.0);
    // A word that had to be cut says nothing.
    if !worse.contains('…') {
        pen.words((zero - 8.0, y), &worse, Words::new(11.5, GRAY, Align::Right));
    }
    if !better.contains('…') {
        pen.words((zero + 8.0, y), &better, Words::new(11.5, GRAY, Align::Left));
    }
}

fn draw_row(pen: &mut Pen<'_>, frame: &Frame, place: f64, row: &GateRow) {
    if !row.gain.is_finite() {
        return;
    }
    let color = color(row.status);
    let y = frame.up(place);
    if let Some((low, high)) = row.interval.filter(|(l, h)| l.is_finite() && h.is_finite()) {
        let (low, high) = (frame.across(low), frame.across(high));
        let stroke = Stroke::new(color, 2.5);
        pen.line(&[(low, y), (high, y)], stroke);
        for x in [low, high] {
            pen.line(&[(x, y - 6.0), (x, y + 6.0)], stroke);
        }
    }
    let x = frame.across(row.gain);
    pen.dot((x, y), 5.0, color);
    let number = format!("{}{}", if row.gain > 0.0 { "+" } else { "" }, format_number(row.gain, 3));
    let half = width(&number, 11.0) / 2.0 + 2.0;
    let middle = (x.max(frame.area.left + half).min(frame.area.right - half), y - 13.0);
    let corners = ((middle.0 - half, middle.1 - 6.0), (middle.0 + half, middle.1 + 6.0));
    pen.fill(corners.0, corners.1, WHITE.mix(0.8));
    pen.words(middle, &number, Words::new(11.0, INK, Align::Middle));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Goal;
    use crate::gate::{Check, Comparison};
    use crate::plot::sample::{long_name, look};

    fn verdict(gain: f64, half: f64, decision: Decision, slices: usize) -> Verdict {
        let comparison = Comparison {
            metric: "roc_auc".into(),
            goal: Goal::Maximize,
            challenger: 0.95 + gain,
            champion: 0.95,
            gain,
            lower: gain - half,
            upper: gain + half,
            alpha: 0.025,
            standard_error: half / 2.0,
            draws: 10_000,
            rows: 1_140,
            method: "rows, stratified by class".into(),
            detectable: 0.02,
            rows_needed: Some(4_000),
        };
        let check = |id: String, value: f64, status| Check {
            name: id.clone(),
            id,
            status,
            value: Some(value),
            threshold: None,
            detail: String::new(),
        };
        let status = match decision {
            Decision::Promote => CheckStatus::Pass,
            Decision::Hold => CheckStatus::Hold,
            Decision::Reject => CheckStatus::Fail,
        };
        let mut checks = vec![check("gain".into(), gain, status)];
        checks.extend((0..slices).map(|at| {
            let name = if at == 1 { long_name() } else { format!("sex=group {at}") };
            let status = [CheckStatus::Pass, CheckStatus::Hold, CheckStatus::Fail][at % 3];
            check(format!("slice:{name}"), gain + (at as f64 - 2.0) * half / 3.0, status)
        }));
        Verdict {
            decision,
            reason: "the lower bound of the gain is what counts".into(),
            checks,
            comparison: Some(comparison),
            opinions: vec![],
            selection: None,
            holdout: None,
        }
    }

    #[test]
    fn each_decision_and_many_slices() {
        let rule = Rule::Superior { min_gain: 0.005 };
        for (gain, half, decision, slices) in [
            (0.03, 0.01, Decision::Promote, 0),
            (0.01, 0.02, Decision::Hold, 6),
            (-0.04, 0.02, Decision::Reject, 60),
            (0.0, 0.0, Decision::Hold, 0),
        ] {
            let verdict = verdict(gain, half, decision, slices);
            let figure = GateInterval::of("cancer: version 4 against champion 3", &verdict, rule);
            let svg = look(&format!("gate_{}_{slices}", decision.word()), &figure.unwrap());
            assert!(svg.contains("min_gain 0.005") && svg.contains(decision.word()));
        }
        let margin = Rule::NonInferior { margin: 0.02 };
        let verdict = verdict(-0.002, 0.01, Decision::Promote, 2);
        look("gate_margin", &GateInterval::of("a against b", &verdict, margin).unwrap());
    }

    #[test]
    fn no_comparison_no_figure() {
        let verdict = Verdict { comparison: None, ..verdict(0.1, 0.1, Decision::Hold, 0) };
        assert!(GateInterval::of("t", &verdict, Rule::Absolute).is_none());
    }
}
