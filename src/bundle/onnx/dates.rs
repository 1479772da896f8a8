//! The proleptic Gregorian calendar in floating-point operations that are exact.
//!
//! Days to dates as in Howard Hinnant, «chrono-compatible low-level date algorithms», `civil_from_days`.

use super::graph::{Builder, Name};

/// The first second of the year −9999 and the first after the year 9999: what derby takes for a date.
const FIRST: f64 = -377_705_116_800.0;
const AFTER_LAST: f64 = 253_402_300_800.0;

/// Parts of dates.
pub(super) struct Calendar {
    /// Year, month, day, weekday, hour: each of the shape of the seconds, NaN for a missing date.
    pub(super) parts: [Name; 5],
    /// `rows × 1`: NaN where a date is past the calendar, else 0.
    pub(super) unreadable: Name,
}

/// The parts of seconds since 1970 UTC, `rows × dates`.
pub(super) fn calendar(builder: &mut Builder, seconds: &str) -> Calendar {
    let (first, after) = (builder.double(FIRST), builder.double(AFTER_LAST));
    let (nan, zero) = (builder.double(f64::NAN), builder.double(0.0));
    let early = builder.op("Less", &[seconds, &first]);
    let late = builder.op("GreaterOrEqual", &[seconds, &after]);
    let out = builder.op("Or", &[&early, &late]);
    let marks = builder.op("Where", &[&out, &nan, &zero]);
    let unreadable = builder.along_row("ReduceSum", &marks);
    let seconds = builder.op("Floor", &[seconds]);
    let mut sum = Formula { builder };
    let days = sum.quotient(&seconds, 86_400.0);
    let second_of_day = sum.rest(&seconds, &days, 86_400.0);
    let hour = sum.quotient(&second_of_day, 3600.0);
    // The first of January 1970 was a Thursday.
    let from_monday = sum.plus(&days, 3.0);
    let weeks = sum.quotient(&from_monday, 7.0);
    let weekday = sum.rest(&from_monday, &weeks, 7.0);
    let [year, month, day] = sum.civil(&days);
    Calendar { parts: [year, month, day, weekday, hour], unreadable }
}

/// Arithmetic with constants.
struct Formula<'a> {
    builder: &'a mut Builder,
}

impl Formula<'_> {
    fn with(&mut self, op: &str, value: &str, number: f64) -> Name {
        let number = self.builder.double(number);
        self.builder.op(op, &[value, &number])
    }

    fn plus(&mut self, value: &str, number: f64) -> Name {
        self.with("Add", value, number)
    }

    fn times(&mut self, value: &str, number: f64) -> Name {
        self.with("Mul", value, number)
    }

    /// `floor(value / by)`. The values are whole and far below 2^53, so the division never reaches the next.
    fn quotient(&mut self, value: &str, by: f64) -> Name {
        let share = self.with("Div", value, by);
        self.builder.op("Floor", &[&share])
    }

    /// `value − quotient·by`
    fn rest(&mut self, value: &str, quotient: &str, by: f64) -> Name {
        let whole = self.times(quotient, by);
        self.builder.op("Sub", &[value, &whole])
    }

    /// Year, month and day of days since 1970. Years start with March in between, so that leap days are last.
    fn civil(&mut self, days: &str) -> [Name; 3] {
        let shifted = self.plus(days, 719_468.0);
        let era = self.quotient(&shifted, 146_097.0);
        let day_of_era = self.rest(&shifted, &era, 146_097.0);
        let year_of_era = self.year_of_era(&day_of_era);
        let (fours, hundreds) =
            (self.quotient(&year_of_era, 4.0), self.quotient(&year_of_era, 100.0));
        let day_of_year = self.rest(&day_of_era, &year_of_era, 365.0);
        let day_of_year = self.builder.op("Sub", &[&day_of_year, &fours]);
        let day_of_year = self.builder.op("Add", &[&day_of_year, &hundreds]);
        let fives = self.times(&day_of_year, 5.0);
        let fives = self.plus(&fives, 2.0);
        let month_from_march = self.quotient(&fives, 153.0);
        let before = self.times(&month_from_march, 153.0);
        let before = self.plus(&before, 2.0);
        let before = self.quotient(&before, 5.0);
        let day = self.builder.op("Sub", &[&day_of_year, &before]);
        let day = self.plus(&day, 1.0);
        // March is 0: January and February belong to the next year.
        let is_early = self.with("GreaterOrEqual", &month_from_march, 10.0);
        let is_early = self.builder.as_double(&is_early);
        let month = self.plus(&month_from_march, 3.0);
        let month = self.rest(&month, &is_early, 12.0);
        let centuries = self.times(&era, 400.0);
        let year = self.builder.op("Add", &[&year_of_era, &centuries]);
        [self.builder.op("Add", &[&year, &is_early]), month, day]
    }

    /// `(d − ⌊d/1460⌋ + ⌊d/36524⌋ − ⌊d/146096⌋) / 365`
    fn year_of_era(&mut self, day_of_era: &str) -> Name {
        let fours = self.quotient(day_of_era, 1460.0);
        let centuries = self.quotient(day_of_era, 36_524.0);
        let eras = self.quotient(day_of_era, 146_096.0);
        let days = self.builder.op("Sub", &[day_of_era, &fours]);
        let days = self.builder.op("Add", &[&days, &centuries]);
        let days = self.builder.op("Sub", &[&days, &eras]);
        self.quotient(&days, 365.0)
    }
}
