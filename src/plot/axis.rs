//! Axes: where a value stands, and which ticks are written beside it.

use super::pen::{fitted, width};
use crate::numeric::ticks;

/// What is left free at both ends, a share of the range.
const MARGIN: f64 = 0.04;

/// How values are spread.
#[derive(Debug, Clone, PartialEq)]
enum Spread {
    Linear,
    /// By the decimal logarithm.
    Log,
    /// One slot for each word; the value is its index.
    Words(Vec<String>),
}

/// One axis.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub(super) name: String,
    spread: Spread,
    /// Ends, as logarithms on a logarithmic axis.
    low: f64,
    high: f64,
    /// Ticks at whole numbers only.
    is_whole: bool,
}

impl Axis {
    /// Linear over the values with a margin.
    pub(super) fn linear(name: &str, values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = extent(values.filter(|value| value.is_finite()));
        Self { name: name.into(), spread: Spread::Linear, low, high, is_whole: false }
    }

    /// Logarithmic over the values with a margin; what is not positive counts for nothing.
    pub(super) fn log(name: &str, values: impl Iterator<Item = f64>) -> Self {
        let logs = values.filter(|value| value.is_finite() && *value > 0.0).map(f64::log10);
        let (low, high) = extent(logs);
        Self { name: name.into(), spread: Spread::Log, low, high, is_whole: false }
    }

    /// Linear from end to end.
    pub(super) fn between(name: &str, low: f64, high: f64) -> Self {
        Self { name: name.into(), spread: Spread::Linear, low, high, is_whole: false }
    }

    /// With ticks at whole numbers only.
    pub(super) fn whole(mut self) -> Self {
        self.is_whole = true;
        self
    }

    /// A slot for each word.
    pub(super) fn words(name: &str, words: Vec<String>) -> Self {
        let high = words.len().max(1) as f64 - 0.5;
        Self { name: name.into(), spread: Spread::Words(words), low: -0.5, high, is_whole: false }
    }

    pub(super) fn slots(&self) -> Option<usize> {
        match &self.spread {
            Spread::Words(words) => Some(words.len().max(1)),
            _ => None,
        }
    }

    /// The ends, as values.
    pub(super) fn ends(&self) -> (f64, f64) {
        match self.spread {
            Spread::Log => (10f64.powf(self.low), 10f64.powf(self.high)),
            _ => (self.low, self.high),
        }
    }

    /// Where a value stands, 0 at the low end and 1 at the high end.
    pub(super) fn share(&self, value: f64) -> f64 {
        let value = if self.spread == Spread::Log { value.log10() } else { value };
        ticks::share(value, (self.low, self.high))
    }

    /// Ticks for an axis of so many pixels, each label no wider than `room`; for words one each.
    pub(super) fn ticks(&self, pixels: f64, room: f64, em: f64) -> Vec<(f64, String)> {
        let ticks = match &self.spread {
            Spread::Words(words) => {
                words.iter().enumerate().map(|(at, word)| (at as f64, word.clone())).collect()
            }
            Spread::Linear => self.linear_ticks(pixels),
            Spread::Log => self.log_ticks(pixels),
        };
        ticks.into_iter().map(|(at, label)| (at, fitted(&label, em, room))).collect()
    }

    /// Ticks along a horizontal axis: as many as have room beside each other.
    pub(super) fn ticks_across(&self, pixels: f64, em: f64) -> Vec<(f64, String)> {
        let mut wanted = pixels;
        loop {
            let ticks = self.ticks(wanted, f64::INFINITY, em);
            let widest = ticks.iter().map(|(_, label)| width(label, em)).fold(0.0, f64::max);
            let apart = ticks.windows(2).map(|pair| self.share(pair[1].0) - self.share(pair[0].0));
            let apart = apart.fold(f64::INFINITY, f64::min) * pixels;
            if apart > widest + 10.0 || wanted < 100.0 || self.slots().is_some() {
                return ticks;
            }
            wanted *= 0.8;
        }
    }

    fn linear_ticks(&self, pixels: f64) -> Vec<(f64, String)> {
        let wanted = (pixels / 56.0).clamp(2.0, 14.0);
        let step = nice_step(self.high / wanted - self.low / wanted);
        let step = if self.is_whole { step.max(1.0) } else { step };
        linear_ticks_by(self.low, self.high, step)
    }

    fn log_ticks(&self, pixels: f64) -> Vec<(f64, String)> {
        let wanted = (pixels / 50.0).clamp(2.0, 12.0);
        let decades = self.high - self.low;
        if decades < 0.7 {
            let (low, high) = self.ends();
            let step = nice_step((high - low) / wanted);
            return linear_ticks_by(low, high, step);
        }
        let every = (decades / wanted).ceil().max(1.0) as i32;
        let within: &[f64] = match decades * 3.0 {
            many if many <= wanted * 1.3 => &[1.0, 2.0, 5.0],
            _ => &[1.0],
        };
        let powers = ticks::powers(every, within, (self.low, self.high));
        powers.into_iter().map(|value| (value, ticks::power_label(value))).collect()
    }
}

/// The range of some values with a margin, never empty.
fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    ticks::widened((low, high), MARGIN)
}

/// 1, 2 or 5 times a power of ten, at least `step`.
fn nice_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let times = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| times * power >= step * 0.999_999);
    times.unwrap_or(10.0) * power
}

/// The multiples of a step with their labels.
fn linear_ticks_by(low: f64, high: f64, step: f64) -> Vec<(f64, String)> {
    let largest = low.abs().max(high.abs());
    let place = (step * 1.000_001).log10().floor() as i32;
    let labeled = |value| (value, ticks::label(value, place, largest));
    ticks::multiples(step, (low, high)).into_iter().map(labeled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis, pixels: f64) -> Vec<String> {
        axis.ticks(pixels, 1e9, 12.0).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_and_told_apart() {
        let check = |low: f64, high: f64, expect: &[&str]| {
            assert_eq!(labels(&Axis::between("x", low, high), 300.0), expect, "{low} to {high}");
        };
        check(0.0, 1.0, &["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        check(-2.0, 2.0, &["-2", "-1", "0", "1", "2"]);
        check(0.9731, 0.9739, &["0.9732", "0.9734", "0.9736", "0.9738"]);
        check(0.0, 5e6, &["0", "1e6", "2e6", "3e6", "4e6", "5e6"]);
        check(1e6, 1.4e6, &["1e6", "1.1e6", "1.2e6", "1.3e6", "1.4e6"]);
        check(0.0, 4e-7, &["0", "1e-7", "2e-7", "3e-7", "4e-7"]);
    }

    #[test]
    fn logarithmic_ticks_are_powers() {
        let check = |low: f64, high: f64, expect: &[&str]| {
            let axis = Axis::log("x", [low, high].into_iter());
            assert_eq!(labels(&axis, 300.0), expect, "{low} to {high}");
        };
        check(1e-5, 1e-1, &["1e-5", "1e-4", "0.001", "0.01", "0.1"]);
        check(1.0, 100.0, &["1", "2", "5", "10", "20", "50", "100"]);
        check(1e-12, 1e12, &["1e-10", "1e-5", "1", "1e5", "1e10"]);
        check(10.0, 20.0, &["10", "12", "14", "16", "18", "20"]);
    }

    #[test]
    fn any_numbers_make_an_axis() {
        for (low, high) in
            [(0.0, 0.0), (5.0, 5.0), (f64::MIN, f64::MAX), (1e-320, 1e-320), (1e300, 1e301)]
        {
            let axis = Axis::linear("x", [low, high, f64::NAN, f64::INFINITY].into_iter());
            let share = axis.share(low);
            assert!((0.0..=1.0).contains(&share), "{low} {high}: {share}");
            assert!(axis.ticks(400.0, 1e9, 12.0).len() < 40);
        }
        assert!(Axis::linear("x", std::iter::empty()).share(0.5).is_finite());
        assert!(Axis::log("x", [0.0, -1.0].into_iter()).share(1.0).is_finite());
    }
}
