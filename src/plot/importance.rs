//! Importance of parameters or features: a bar each, with intervals where they are known.

use super::axis::Axis;
use super::frame::{Frame, Look};
use super::pen::{Align, Pen, Stroke, Words};
use super::sheet::{Head, sheet};
use super::{BLACK, BLUE, Content, GRAY, INK, PlotError, SIZE};
use crate::domain::format_number;

/// Bars that are drawn; the rest is counted in words.
const MAX_BARS: usize = 30;

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportanceBar {
    /// The parameter or feature.
    pub name: String,
    /// Its importance; NaN where it could not be computed.
    pub value: f64,
    /// An interval around the value.
    pub interval: Option<(f64, f64)>,
}

/// The figure's content.
#[derive(Debug, Clone, PartialEq)]
pub struct Importance {
    /// Above the figure.
    pub title: String,
    /// How it was computed: `PED-ANOVA over 200 runs`.
    pub method: String,
    /// What the numbers are: `share of variance`, `drop of roc_auc`.
    pub unit: String,
    /// In any order; drawn from the most important.
    pub bars: Vec<ImportanceBar>,
}

impl Importance {
    fn sorted(&self) -> Vec<&ImportanceBar> {
        let mut bars: Vec<_> = self.bars.iter().filter(|bar| bar.value.is_finite()).collect();
        bars.sort_by(|a, b| b.value.total_cmp(&a.value));
        bars
    }
}

impl Content for Importance {
    fn size(&self) -> (u32, u32) {
        let bars = self.sorted().len().min(MAX_BARS) as u32;
        (SIZE.0, (150 + bars * 26).max(240))
    }

    fn check(&self) -> Result<(), PlotError> {
        if self.sorted().is_empty() {
            return Err(PlotError::Empty("no importance is finite".into()));
        }
        Ok(())
    }

    fn paint(&self, pen: &mut Pen<'_>) {
        let all = self.sorted();
        let shown = &all[..all.len().min(MAX_BARS)];
        let rest = self.bars.len() - shown.len();
        let mut subtitle = self.method.clone();
        if rest > 0 {
            subtitle = format!("{subtitle}; the first {} of {}", shown.len(), self.bars.len());
        }
        let outer = sheet(pen, self.size(), &Head { title: &self.title, subtitle, legend: vec![] });
        let finite = |value: &f64| value.is_finite();
        let ends = shown.iter().flat_map(|bar| {
            let (low, high) = bar.interval.unwrap_or((bar.value, bar.value));
            [bar.value, low, high]
        });
        let (low, high) =
            ends.filter(finite).fold((0.0, 0.0), |(l, h): (f64, f64), v| (l.min(v), h.max(v)));
        // Room right of the longest bar for its number.
        let margin = if high > low { (high - low) * 0.12 } else { 1.0 };
        let left = if low < 0.0 { low - margin } else { 0.0 };
        let x = Axis::between(&self.unit, left, high + margin);
        let names = shown.iter().rev().map(|bar| bar.name.clone()).collect();
        let look = Look { grid: (true, false), ..Look::default() };
        let frame = Frame::new(pen, outer, x, Axis::words("", names), look);
        for (place, bar) in shown.iter().rev().enumerate() {
            draw_bar(pen, &frame, place as f64, bar);
        }
        frame.upright(pen, 0.0, Stroke::new(GRAY, 1.0));
    }
}

fn draw_bar(pen: &mut Pen<'_>, frame: &Frame, place: f64, bar: &ImportanceBar) {
    let y = frame.up(place);
    let half = (frame.up(0.0) - frame.up(1.0)).abs() * 0.34;
    let (zero, end) = (frame.across(0.0), frame.across(bar.value));
    pen.fill((zero, y - half), (end, y + half), BLUE);
    let mut tip = end.max(zero);
    if let Some((low, high)) = bar.interval.filter(|(l, h)| l.is_finite() && h.is_finite()) {
        let (low, high) = (frame.across(low), frame.across(high));
        let stroke = Stroke::new(BLACK, 1.5);
        pen.line(&[(low, y), (high, y)], stroke);
        for x in [low, high] {
            pen.line(&[(x, y - half * 0.5), (x, y + half * 0.5)], stroke);
        }
        tip = tip.max(high);
    }
    let number = format_number(bar.value, 3);
    pen.words((tip + 6.0, y), &number, Words::new(11.0, INK, Align::Left));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::sample::{long_name, look};

    fn bars(count: usize) -> Vec<ImportanceBar> {
        let bar = |at: usize| {
            let value = 0.6 / (at as f64 + 1.0) - 0.02;
            let name = if at == 1 { long_name() } else { format!("param_{at}") };
            ImportanceBar {
                name,
                value,
                interval: (at % 3 != 2).then_some((value - 0.05, value + 0.07)),
            }
        };
        (0..count).map(bar).collect()
    }

    fn figure(bars: Vec<ImportanceBar>) -> Importance {
        Importance {
            title: "breast_cancer: importance of parameters".into(),
            method: "PED-ANOVA over 200 runs".into(),
            unit: "importance".into(),
            bars,
        }
    }

    #[test]
    fn one_bar_to_thousands() {
        for count in [1, 7, 5_000] {
            look(&format!("importance_{count}"), &figure(bars(count)));
        }
        let mut zero = bars(2);
        for bar in &mut zero {
            (bar.value, bar.interval) = (0.0, None);
        }
        look("importance_zero", &figure(zero));
    }

    #[test]
    fn says_that_there_is_none() {
        let nothing = ImportanceBar { name: "x".into(), value: f64::NAN, interval: None };
        let error = crate::plot::Figure::svg(&figure(vec![nothing])).unwrap_err();
        assert_eq!(error.to_string(), "there is nothing to draw: no importance is finite");
    }
}
