//! Axes: where a value stands, and which ticks are written beside it.

use super::pen::{fitted, width};
use crate::domain::format_number;

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
        // By halves, since the range of all floats is no float.
        (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
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
        let label = |value: f64| {
            let short = if (1e-3..1e5).contains(&value) {
                format_number(value, 6)
            } else {
                let text = format!("{value:e}");
                text.parse::<f64>().map_or(text, |exact| format!("{exact:e}"))
            };
            (value, short)
        };
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
        let (first, last) = (self.low.floor() as i32, self.high.ceil() as i32);
        let powers = (first..=last).filter(|power| power.rem_euclid(every) == 0);
        // `1e-5` is read as text, since 10⁻⁵ by multiplication would be 1.0000000000000001e-5.
        let read = |power: i32, times: f64| format!("{times}e{power}").parse().unwrap_or(f64::NAN);
        let all = powers.flat_map(|power| within.iter().map(move |times| read(power, *times)));
        let inside = |value: &f64| (-1e-9..=1.0 + 1e-9).contains(&self.share(*value));
        all.filter(inside).map(label).collect()
    }
}

/// The range of some values with a margin, never empty.
fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low > high {
        return (0.0, 1.0);
    }
    let size = low.abs().max(high.abs());
    // Values that differ by rounding only are one value.
    let margin = if high - low > size * 1e-12 {
        (high * 0.04 - low * 0.04).max(f64::MIN_POSITIVE)
    } else {
        (size * 0.05).max(if size == 0.0 { 1.0 } else { 1e-300 })
    };
    ((low - margin).max(f64::MIN), (high + margin).min(f64::MAX))
}

/// 1, 2 or 5 times a power of ten, at least `step`.
fn nice_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let times = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| times * power >= step * 0.999_999);
    times.unwrap_or(10.0) * power
}

fn linear_ticks_by(low: f64, high: f64, step: f64) -> Vec<(f64, String)> {
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    let count =
        if (last - first).is_finite() { (last - first + 1.0).clamp(0.0, 40.0) } else { 0.0 };
    let largest = low.abs().max(high.abs());
    let value = |index: u32| (first + f64::from(index)) * step;
    (0..count as u32).map(|index| (value(index), label(value(index), step, largest))).collect()
}

/// As many digits as tell neighbors apart; powers of ten where the figures are very large or very small.
fn label(value: f64, step: f64, largest: f64) -> String {
    if value.abs() < step * 1e-6 {
        return "0".into();
    }
    let place = (step * 1.000_001).log10().floor() as i32;
    if largest < 999_999.5 && place >= -5 {
        let decimals = (-place).max(0) as usize;
        return format!("{value:.decimals$}");
    }
    let digits = (value.abs().log10().floor() as i32 - place).clamp(0, 15) as usize;
    let text = format!("{value:.digits$e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) if mantissa.contains('.') => {
            format!("{}e{exponent}", mantissa.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
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
