//! Axes: where a value stands between two ends, and which round values are written beside it.

use crate::report::words;

/// Seconds that a clock's ticks may be apart.
const CLOCK: [f64; 16] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0,
    21_600.0, 43_200.0,
];
const DAY: f64 = 86_400.0;
/// Ticks at most, whatever is asked for.
const MOST_TICKS: usize = 40;

/// What an axis counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    /// Any numbers.
    #[default]
    Number,
    /// Whole numbers: steps, epochs, trials.
    Whole,
    /// Seconds, written as durations.
    Seconds,
}

/// What an axis is to be; the default is linear over whatever values there are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Axis<'a> {
    /// Written at the end of the axis; may be empty.
    pub name: &'a str,
    /// By the decimal logarithm.
    pub log: bool,
    /// The ends; none for those of the values, with a margin.
    pub range: Option<(f64, f64)>,
    /// What it counts.
    pub unit: Unit,
    /// If not empty: a slot for each word; the values are indices.
    pub words: &'a [String],
}

impl<'a> Axis<'a> {
    /// A linear axis with a name.
    pub fn named(name: &'a str) -> Self {
        Self { name, ..Self::default() }
    }
}

/// The least and the greatest of the finite values seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extent {
    low: f64,
    high: f64,
}

impl Extent {
    pub(super) const EMPTY: Self = Self { low: f64::INFINITY, high: f64::NEG_INFINITY };

    pub(super) fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.low = self.low.min(value);
            self.high = self.high.max(value);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.low > self.high
    }
}

/// An axis whose ends are known.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    is_log: bool,
    /// Ends, as logarithms on a logarithmic axis.
    low: f64,
    high: f64,
    unit: Unit,
    words: Vec<String>,
}

impl Scale {
    /// The axis over values with these ends and a margin, a share of their range.
    pub(super) fn over(axis: &Axis<'_>, extent: Extent, margin: f64) -> Self {
        let words = axis.words.to_vec();
        let scale = |is_log, (low, high)| Self { is_log, low, high, unit: axis.unit, words };
        if !axis.words.is_empty() {
            return scale(false, (-0.5, axis.words.len() as f64 - 0.5));
        }
        let of = |value: f64| if axis.log { value.log10() } else { value };
        let asked = axis.range.map(|(a, b)| (of(a.min(b)), of(a.max(b))));
        match asked.filter(|(low, high)| low.is_finite() && high.is_finite() && low < high) {
            Some(ends) => scale(axis.log, ends),
            None if axis.unit == Unit::Whole && !axis.log && extent.low == extent.high => {
                scale(false, widened(extent.low - 1.0, extent.high + 1.0, margin))
            }
            None => scale(axis.log, widened(of(extent.low), of(extent.high), margin)),
        }
    }

    /// The ends, as values.
    pub fn ends(&self) -> (f64, f64) {
        (self.value(0.0), self.value(1.0))
    }

    /// Where a value stands: 0 at the low end, 1 at the high end; NaN for what has no place on the axis.
    pub fn share(&self, value: f64) -> f64 {
        let value = match self.is_log {
            true if value <= 0.0 => f64::NAN,
            true => value.log10(),
            false => value,
        };
        // By halves, since the range of all floats is no float.
        (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
    }

    /// The value that stands there.
    pub fn value(&self, share: f64) -> f64 {
        let at = self.low * (1.0 - share) + self.high * share;
        if self.is_log { 10f64.powf(at) } else { at }
    }

    /// A value as the axis writes it.
    pub fn word(&self, value: f64) -> String {
        if let (Some(word), true) = (self.words.get(value.round() as usize), value > -0.5) {
            return word.clone();
        }
        match self.unit {
            Unit::Seconds => clock(value),
            Unit::Whole | Unit::Number => words::number(value),
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.unit == Unit::Whole && self.words.is_empty()
    }

    pub(super) fn is_log(&self) -> bool {
        self.is_log
    }

    pub(super) fn is_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// Round values with their labels, at most so many, from low to high.
    pub(super) fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        let most = most.clamp(1, MOST_TICKS);
        if self.is_words() {
            let every = self.words.len().div_ceil(most);
            let words = self.words.iter().enumerate().step_by(every);
            return words.map(|(at, word)| (at as f64, word.clone())).collect();
        }
        match (self.is_log, self.unit) {
            (true, _) => self.log_ticks(most),
            (false, Unit::Seconds) => self.clock_ticks(most),
            (false, _) => linear_ticks(self.low, self.high, most, self.is_whole()),
        }
    }

    fn clock_ticks(&self, most: usize) -> Vec<(f64, String)> {
        let span = self.high - self.low;
        if span < 2.0 || !span.is_finite() {
            return linear_ticks(self.low, self.high, most, false);
        }
        let fits = |step: &f64| span / step <= most as f64;
        let days = (span / DAY / most as f64).ceil().max(1.0) * DAY;
        let step = CLOCK.into_iter().find(fits).unwrap_or(days);
        let mut ticks = multiples(self.low, self.high, step);
        ticks.truncate(most);
        ticks.into_iter().map(|value| (value, clock(value))).collect()
    }

    /// The densest of: every n-th power of ten, 1-3-10, 1-2-5-10, as many as there is room for.
    fn log_ticks(&self, most: usize) -> Vec<(f64, String)> {
        let decades = self.high - self.low;
        let sparse = (decades / most as f64).ceil().max(1.0) as i32;
        let mut best = self.powers(sparse, &[1.0]);
        for within in [&[1.0, 3.0][..], &[1.0, 2.0, 5.0]] {
            let more = self.powers(1, within);
            if more.len() <= most && more.len() > best.len() {
                best = more;
            }
        }
        if best.len() < 2 && most > 1 {
            let (low, high) = self.ends();
            return linear_ticks(low, high, most, false);
        }
        best.truncate(most);
        best.into_iter().map(|value| (value, power_label(value))).collect()
    }

    fn powers(&self, every: i32, within: &[f64]) -> Vec<f64> {
        let powers = (self.low.floor() as i32..=self.high.ceil() as i32)
            .filter(|power| power.rem_euclid(every) == 0);
        // `1e-5` is read as text, since 10⁻⁵ by multiplication would be 1.0000000000000001e-5.
        let read = |power: i32, times: f64| format!("{times}e{power}").parse().unwrap_or(f64::NAN);
        let all = powers.flat_map(|power| within.iter().map(move |times| read(power, *times)));
        all.filter(|value| (-1e-9..=1.0 + 1e-9).contains(&self.share(*value))).collect()
    }
}

/// The ends with a margin, never empty and always finite.
fn widened(low: f64, high: f64, margin: f64) -> (f64, f64) {
    if !(low <= high && low.is_finite() && high.is_finite()) {
        return (0.0, 1.0);
    }
    let size = low.abs().max(high.abs());
    // Values that differ by rounding only are one value.
    let margin = if high - low > size * 1e-12 {
        high * margin - low * margin
    } else {
        (size * 0.05).max(if size == 0.0 { 1.0 } else { 1e-300 })
    };
    ((low - margin).max(f64::MIN), (high + margin).min(f64::MAX))
}

/// Multiples of the smallest round step (1, 2, 2.5 or 5 times a power of ten) that gives at most so many.
fn linear_ticks(low: f64, high: f64, most: usize, is_whole: bool) -> Vec<(f64, String)> {
    let span = high / 2.0 - low / 2.0;
    let first = (span / most as f64 * 2.0).log10().floor() - 1.0;
    if !first.is_finite() {
        return Vec::new();
    }
    let largest = low.abs().max(high.abs());
    for power in first as i32..first as i32 + 4 {
        for times in [1.0, 2.0, 2.5, 5.0] {
            let step = times * 10f64.powi(power);
            if is_whole && step.fract() != 0.0 {
                continue;
            }
            let ticks = multiples(low, high, step);
            if ticks.len() <= most {
                let place = if times == 2.5 { power - 1 } else { power };
                return ticks.iter().map(|value| (*value, label(*value, place, largest))).collect();
            }
        }
    }
    Vec::new()
}

/// The multiples of a step from end to end; more than can be used are not made.
fn multiples(low: f64, high: f64, step: f64) -> Vec<f64> {
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    let count = last - first + 1.0;
    let count = if count.is_finite() { count.clamp(0.0, MOST_TICKS as f64 + 1.0) } else { 0.0 };
    (0..count as u32).map(|at| (first + f64::from(at)) * step).collect()
}

/// As many digits as tell neighbors apart; powers of ten where the figures are very large or very small.
fn label(value: f64, place: i32, largest: f64) -> String {
    if value.abs() < 10f64.powi(place) * 1e-6 {
        return "0".into();
    }
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

fn power_label(value: f64) -> String {
    if (1e-3..1e5).contains(&value) { words::number(value) } else { format!("{value:e}") }
}

/// A duration as short as an axis needs it: `0`, `30s`, `5m`, `2h30m`.
fn clock(seconds: f64) -> String {
    if seconds == 0.0 {
        return "0".into();
    }
    let sign = if seconds < 0.0 { "-" } else { "" };
    let text = words::duration(seconds.abs()).replace(' ', "");
    let shorter =
        text.strip_suffix("00s").or(text.strip_suffix("00m")).or(text.strip_suffix("00h"));
    let shorter = shorter.filter(|rest| rest.ends_with(['m', 'h', 'd'])).unwrap_or(&text);
    format!("{sign}{}", shorter.replace(".0s", "s"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(axis: &Axis<'_>, values: &[f64]) -> Scale {
        let mut extent = Extent::EMPTY;
        values.iter().for_each(|value| extent.add(*value));
        Scale::over(axis, extent, 0.0)
    }

    fn labels(axis: &Axis<'_>, values: &[f64], most: usize) -> String {
        let ticks = over(axis, values).ticks(most).into_iter();
        ticks.map(|(_, label)| label).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round_and_few() {
        let check = |ends: [f64; 2], most: usize, expect: &str| {
            assert_eq!(labels(&Axis::default(), &ends, most), expect, "{ends:?}");
        };
        check([0.0, 1.0], 4, "0 0.5 1.0");
        check([0.0, 1.0], 6, "0 0.2 0.4 0.6 0.8 1.0");
        check([0.78, 0.98], 4, "0.80 0.85 0.90 0.95");
        check([-2.0, 2.0], 5, "-2 -1 0 1 2");
        check([0.9731, 0.9739], 4, "0.9732 0.9734 0.9736 0.9738");
        check([0.0, 5e6], 6, "0 1e6 2e6 3e6 4e6 5e6");
        check([0.0, 4e-7], 5, "0 1e-7 2e-7 3e-7 4e-7");
    }

    #[test]
    fn whole_numbers_clocks_and_words() {
        let whole = Axis { unit: Unit::Whole, ..Axis::default() };
        assert_eq!(labels(&whole, &[0.0, 3.0], 9), "0 1 2 3");
        assert_eq!(labels(&whole, &[0.0, 79.0], 5), "0 20 40 60");
        let clock = Axis { unit: Unit::Seconds, ..Axis::default() };
        assert_eq!(labels(&clock, &[0.0, 100.0], 5), "0 30s 1m 1m30s");
        assert_eq!(labels(&clock, &[0.0, 20_000.0], 4), "0 2h 4h");
        assert_eq!(labels(&clock, &[0.0, 9e5], 4), "0 3d 6d 9d");
        let words: Vec<String> = ["rbf", "linear", "poly"].map(String::from).into();
        let choice = Axis { words: &words, ..Axis::default() };
        assert_eq!(labels(&choice, &[], 9), "rbf linear poly");
        assert_eq!(over(&choice, &[]).share(1.0), 0.5);
    }

    #[test]
    fn logarithmic_ticks_are_powers() {
        let log = Axis { log: true, ..Axis::default() };
        assert_eq!(labels(&log, &[1e-5, 1e-1], 5), "1e-5 1e-4 0.001 0.01 0.1");
        assert_eq!(labels(&log, &[1e-5, 1e-1], 3), "1e-4 0.01");
        assert_eq!(labels(&log, &[1.0, 100.0], 8), "1 2 5 10 20 50 100");
        assert_eq!(labels(&log, &[0.22, 0.7], 4), "0.4 0.6");
        assert_eq!(over(&log, &[1.0, 100.0]).share(10.0), 0.5);
        assert!(over(&log, &[1.0, 100.0]).share(0.0).is_nan());
    }

    #[test]
    fn any_numbers_make_a_scale() {
        let values = [0.0, 5.0, -5.0, f64::MIN, f64::MAX, 1e-320, 1e300, f64::NAN, f64::INFINITY];
        for (log, unit) in [(false, Unit::Number), (true, Unit::Whole), (false, Unit::Seconds)] {
            for low in values {
                for high in values {
                    for range in [None, Some((low, high))] {
                        let axis = Axis { log, unit, range, ..Axis::default() };
                        let scale = over(&axis, &[low, high]);
                        let (least, most) = scale.ends();
                        assert!(!least.is_nan() && !most.is_nan(), "{low} {high}");
                        for most in [0, 1, 4, 1000] {
                            assert!(scale.ticks(most).len() <= most.clamp(1, MOST_TICKS));
                        }
                    }
                }
            }
        }
    }
}
