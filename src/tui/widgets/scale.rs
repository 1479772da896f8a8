//! Axes: where a value stands between two ends, and which round values are written beside it.

use crate::host;
use crate::numeric::ticks::{self, MOST_TICKS, label, multiples, power_label, powers};
use crate::report::words;
use std::fmt::Write;

/// Seconds that a clock's ticks may be apart.
const CLOCK: [f64; 16] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0,
    21_600.0, 43_200.0,
];
const DAY: f64 = 86_400.0;

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
    /// Seconds since 1970 UTC, written as a clock is.
    Clock,
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
    /// What its ticks are apart, and the decimal place of their last digit; none to choose by the room.
    step: Option<(f64, i32)>,
}

/// Rows between two ticks, at least.
const ROWS_A_TICK: u16 = 2;
/// Ticks that a tall plot has about.
const TICKS: u16 = 6;
/// What may be left free above and below for the sake of even ticks, as a share of what is used: for close ones, for
/// any at all.
const FREE: f64 = 0.25;
const MOST_FREE: f64 = 0.4;

impl Scale {
    /// The axis over values with these ends and a margin, a share of their range.
    pub(super) fn over(axis: &Axis<'_>, extent: Extent, margin: f64) -> Self {
        let words = axis.words.to_vec();
        let scale =
            |is_log, (low, high)| Self { is_log, low, high, unit: axis.unit, words, step: None };
        if !axis.words.is_empty() {
            return scale(false, (-0.5, axis.words.len() as f64 - 0.5));
        }
        let of = |value: f64| if axis.log { value.log10() } else { value };
        let asked = axis.range.map(|(a, b)| (of(a.min(b)), of(a.max(b))));
        match asked.filter(|(low, high)| low.is_finite() && high.is_finite() && low < high) {
            Some(ends) => scale(axis.log, ends),
            None if axis.unit == Unit::Whole && !axis.log && extent.low == extent.high => {
                scale(false, ticks::widened((extent.low - 1.0, extent.high + 1.0), margin))
            }
            None => scale(axis.log, ticks::widened((of(extent.low), of(extent.high)), margin)),
        }
    }

    /// Widens a linear scale over so many rows of `dots` dots so that round values stand in the middle of rows, the same
    /// number of rows apart. Left as it is where that would leave too much free.
    pub(super) fn fit_rows(&mut self, rows: u16, dots: u16) {
        let span = self.high - self.low;
        if self.is_log || self.is_words() || rows < 3 || !(span > 0.0 && span.is_finite()) {
            return;
        }
        let dots = f64::from(dots);
        let whole = f64::from(rows) - 1.0 / dots;
        // Half a row, less half a dot, lies below the middle of the lowest one.
        let below = (dots - 1.0) / (2.0 * dots);
        // The row of the axis, counted from zero, that is the lowest of the plot; what is left over stands half below.
        let lowest = |a_row: f64| {
            let first = (self.low / a_row + below + 1e-9).floor();
            let free = (first - below + whole) - self.high / a_row + 1e-9;
            (free >= 0.0).then(|| first - (free.floor() / 2.0).floor())
        };
        let n_ticks = |first: f64, apart: u16| {
            (0..rows)
                .filter(|row| (first + f64::from(*row)).rem_euclid(f64::from(apart)) == 0.0)
                .count()
        };
        let least = ROWS_A_TICK.max(rows.div_ceil(TICKS));
        let mut best: Option<(f64, f64, (f64, i32))> = None;
        for apart in (least..=2 * least + 1).filter(|apart| *apart < rows) {
            let steps = self.steps(span / whole * f64::from(apart)).into_iter();
            let mut found = steps.filter_map(|step| {
                let a_row = step.0 / f64::from(apart);
                let first = lowest(a_row).filter(|first| n_ticks(*first, apart) > 1)?;
                Some((a_row, first, step))
            });
            let Some(found) = found.next() else { continue };
            if best.is_none_or(|best| found.0 < best.0 * (1.0 - 1e-9)) {
                best = Some(found);
            }
            // Closer ticks are better than a little less room.
            if found.0 * whole <= span * (1.0 + FREE) {
                break;
            }
        }
        let Some((a_row, first, step)) = best else { return };
        if a_row * whole > span * (1.0 + MOST_FREE) {
            return;
        }
        self.low = (first - below) * a_row;
        self.high = self.low + whole * a_row;
        self.step = Some(step);
    }

    /// Round steps from about that size on, with the place of their last digit.
    fn steps(&self, least: f64) -> Vec<(f64, i32)> {
        if self.unit == Unit::Seconds && self.high - self.low >= 2.0 {
            return CLOCK
                .into_iter()
                .filter(|step| *step >= least * 0.99)
                .map(|step| (step, 0))
                .collect();
        }
        let power = least.log10().floor();
        if !power.is_finite() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for power in power as i32..power as i32 + 2 {
            for times in [1.0, 2.0, 2.5, 5.0] {
                let step = ticks::decimal(times, power);
                let place = if times == 2.5 { power - 1 } else { power };
                if step >= least * 0.99 && !(self.is_whole() && step.fract() != 0.0) {
                    found.push((step, place));
                }
            }
        }
        found
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
        ticks::share(value, (self.low, self.high))
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
            Unit::Seconds => duration(value, self.largest(), self.fine()),
            Unit::Clock => time_of_day(value, self.fine()),
            Unit::Whole | Unit::Number => words::number(value),
        }
    }

    fn span(&self) -> f64 {
        (self.high - self.low).min(f64::MAX)
    }

    fn largest(&self) -> f64 {
        self.low.abs().max(self.high.abs())
    }

    /// A difference in time that is seen on the axis.
    fn fine(&self) -> f64 {
        let seen = 10f64.powf((self.span() / 500.0).log10().floor());
        // Minutes have no tenths of seconds.
        if self.span() >= 2.0 && self.largest() >= 60.0 { seen.max(1.0) } else { seen }
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
        if let Some((step, place)) = self.step {
            let largest = self.low.abs().max(self.high.abs());
            let word = |value: f64| match self.unit {
                Unit::Seconds => duration(value, largest, step),
                Unit::Clock => time_of_day(value, step),
                Unit::Whole | Unit::Number => label(value, place, largest),
            };
            let ticks = multiples(step, (self.low, self.high)).into_iter();
            return ticks.map(|value| (value, word(value))).collect();
        }
        match (self.is_log, self.unit) {
            (true, _) => self.log_ticks(most),
            (false, Unit::Seconds | Unit::Clock) => self.clock_ticks(most),
            (false, _) => linear_ticks(self.low, self.high, most, self.is_whole()),
        }
    }

    fn clock_ticks(&self, most: usize) -> Vec<(f64, String)> {
        let (span, largest) = (self.span(), self.largest());
        let label = |value: f64, step: f64| match self.unit {
            Unit::Clock => time_of_day(value, step),
            _ => duration(value, largest, step),
        };
        if span < 2.0 {
            let ticks: Vec<f64> = linear_ticks(self.low, self.high, most, false)
                .into_iter()
                .map(|(value, _)| value)
                .collect();
            let step = ticks.windows(2).map(|pair| pair[1] - pair[0]).next().unwrap_or(span);
            return ticks.into_iter().map(|value| (value, label(value, step))).collect();
        }
        let fits = |step: &f64| span / step <= most as f64;
        let days = (span / DAY / most as f64).ceil().max(1.0) * DAY;
        let step = CLOCK.into_iter().find(fits).unwrap_or(days);
        let mut ticks = multiples(step, (self.low, self.high));
        ticks.truncate(most);
        ticks.into_iter().map(|value| (value, label(value, step))).collect()
    }

    /// The densest of: every n-th power of ten, 1-3-10, 1-2-5-10, as many as there is room for.
    fn log_ticks(&self, most: usize) -> Vec<(f64, String)> {
        let decades = self.high - self.low;
        let sparse = (decades / most as f64).ceil().max(1.0) as i32;
        let ends = (self.low, self.high);
        let mut best = powers(sparse, &[1.0], ends);
        for within in [&[1.0, 3.0][..], &[1.0, 2.0, 5.0]] {
            let more = powers(1, within, ends);
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
            let ticks = multiples(step, (low, high));
            if ticks.len() <= most {
                let place = if times == 2.5 { power - 1 } else { power };
                return ticks.iter().map(|value| (*value, label(*value, place, largest))).collect();
            }
        }
    }
    Vec::new()
}

/// Decimals that tell values apart which differ by `step`; at most 6.
fn decimals(step: f64) -> usize {
    let digits = -(step.max(1e-300) * (1.0 + 1e-4)).log10().floor();
    // A step like 0.25 needs one more.
    let scaled = step * 10f64.powf(digits.max(0.0));
    let more = if (scaled - scaled.round()).abs() > 1e-2 && step < 1.0 { 1.0 } else { 0.0 };
    (digits.max(0.0) + more).min(6.0) as usize
}

/// A duration in the unit of its axis, which reaches to `largest`, told from others `step` away: `680ms`, `2.5s`,
/// `1m30s`, `2h`, `1h00m05s`.
fn duration(seconds: f64, largest: f64, step: f64) -> String {
    if seconds == 0.0 || seconds.abs() < step * 1e-6 {
        return "0".into();
    }
    if !seconds.is_finite() {
        return "?".into();
    }
    for (end, by, unit) in [(1e-3, 1e6, "µs"), (1.0, 1e3, "ms")] {
        if largest < end {
            let places = decimals(step * by);
            return format!("{:.places$}{unit}", seconds * by);
        }
    }
    let places = decimals(step);
    if largest < 60.0 || places > 0 {
        return format!("{seconds:.places$}s");
    }
    let sign = if seconds < 0.0 { "-" } else { "" };
    let whole = seconds.abs().round().min(1e15) as u64;
    let parts = [
        (whole / 86_400, 'd'),
        (whole / 3600 % 24, 'h'),
        (whole / 60 % 60, 'm'),
        (whole % 60, 's'),
    ];
    let first = parts.iter().position(|part| part.0 > 0).unwrap_or(3);
    // As fine as neighbors need it, and no zeros at the end.
    let finest = [DAY, 3600.0, 60.0].iter().position(|unit| step >= *unit).unwrap_or(3);
    let last = parts.iter().rposition(|part| part.0 > 0).unwrap_or(3).min(finest.max(first));
    let mut text = String::from(sign);
    for (at, (n, unit)) in parts.into_iter().enumerate().take(last + 1).skip(first) {
        let wide = if at > first { 2 } else { 1 };
        let _ = write!(text, "{n:0wide$}{unit}");
    }
    text
}

/// A time of day as a clock shows it, told from others `step` seconds away; the day where days are told apart.
fn time_of_day(seconds: f64, step: f64) -> String {
    if !seconds.is_finite() || seconds.abs() > 2.5e11 {
        return "?".into();
    }
    let text = host::clock::iso((seconds * 1e3).round() as i64);
    let (day, time) = text.split_once('T').unwrap_or((&text, ""));
    let day = day.get(day.len().saturating_sub(5)..).unwrap_or(day);
    let (hours, whole) = (time.get(..5).unwrap_or(time), time.get(..8).unwrap_or(time));
    match step {
        step if step >= DAY => day.into(),
        step if step >= DAY / 4.0 => format!("{day} {hours}"),
        step if step >= 60.0 => hours.into(),
        step if step >= 1.0 => whole.into(),
        step => {
            let part = format!("{:03}", (seconds * 1e3).round().rem_euclid(1e3));
            format!("{whole}.{}", &part[..decimals(step).clamp(1, 3)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(axis: &Axis<'_>, values: &[f64]) -> Scale {
        let mut extent = Extent::EMPTY;
        for value in values {
            extent.add(*value);
        }
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
    fn ticks_stand_the_same_number_of_rows_apart() {
        for rows in 3..60u16 {
            for (low, high) in
                [(0.9126, 0.9634), (0.0, 1.0), (-3.0, 17.0), (1e-7, 4e-7), (5.0, 6e4)]
            {
                let mut scale = over(&Axis { range: Some((low, high)), ..Axis::default() }, &[]);
                scale.fit_rows(rows, 4);
                let (ends, bit) = (scale.ends(), (high - low) * 1e-9);
                assert!(ends.0 <= low + bit && ends.1 >= high - bit, "{ends:?}");
                if scale.step.is_none() {
                    continue;
                }
                let row = |value: f64| {
                    let dot = ((1.0 - scale.share(value)) * (f64::from(rows) * 4.0 - 1.0)).round();
                    (dot / 4.0).floor() as i64
                };
                let rows: Vec<i64> = scale.ticks(9).iter().map(|tick| row(tick.0)).collect();
                let apart: Vec<i64> = rows.windows(2).map(|pair| pair[0] - pair[1]).collect();
                assert!(
                    rows.len() > 1 && apart.iter().all(|n| *n == apart[0] && *n > 1),
                    "{rows:?}"
                );
            }
        }
    }

    #[test]
    fn whole_numbers_clocks_and_words() {
        let whole = Axis { unit: Unit::Whole, ..Axis::default() };
        assert_eq!(labels(&whole, &[0.0, 3.0], 9), "0 1 2 3");
        assert_eq!(labels(&whole, &[0.0, 79.0], 5), "0 20 40 60");
        let clock = Axis { unit: Unit::Seconds, ..Axis::default() };
        assert_eq!(labels(&clock, &[0.0, 100.0], 5), "0 30s 1m 1m30s");
        assert_eq!(labels(&clock, &[0.0, 1.5], 4), "0 0.5s 1.0s 1.5s");
        assert_eq!(labels(&clock, &[0.0, 0.03], 4), "0 10ms 20ms 30ms");
        assert_eq!(labels(&clock, &[0.0, 20_000.0], 4), "0 2h 4h");
        assert_eq!(labels(&clock, &[0.0, 9e5], 4), "0 3d 6d 9d");
        // Each in one unit, with as many digits as tell neighbors apart; and so is what the crosshair reads.
        assert_eq!(labels(&clock, &[0.67, 0.79], 4), "700ms 750ms");
        assert_eq!(over(&clock, &[0.67, 0.79]).word(0.741_2), "741.2ms");
        assert_eq!(labels(&clock, &[0.0, 1.5], 4), "0 0.5s 1.0s 1.5s");
        assert_eq!(over(&clock, &[0.0, 5.0]).word(0.74), "0.74s");
        assert_eq!(labels(&clock, &[3600.0, 3605.0], 3), "1h 1h00m02s 1h00m04s");
        assert_eq!(over(&clock, &[0.0, 4000.0]).word(65.2), "1m05s");
        let time = Axis { unit: Unit::Clock, ..Axis::default() };
        let at = |seconds: f64| 1_763_741_251.0 + seconds;
        assert_eq!(labels(&time, &[at(0.0), at(5.0)], 3), "16:07:32 16:07:34 16:07:36");
        assert_eq!(labels(&time, &[at(0.0), at(0.1)], 2), "16:07:31.00 16:07:31.05");
        assert_eq!(labels(&time, &[at(0.0), at(9000.0)], 3), "17:00 18:00");
        assert_eq!(labels(&time, &[at(0.0), at(4e5)], 3), "11-22 11-24 11-26");
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
                        let axis = Axis { log, range, unit, ..Axis::default() };
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
