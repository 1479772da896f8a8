//! Numbers as scripts write them.

/// A number: its value, and exactly which whole number it is, if it is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    /// The nearest float; overflow is infinity.
    pub value: f64,
    /// The whole number, exact above 2^53 too, where it was written without a point.
    pub whole: Option<i64>,
}

impl Number {
    /// A number that is nothing but `text`: decimal, or `nan`, `inf`, `infinity` in any case with or without a
    /// sign. A bare point (`.5`, `3.`), leading zeros and a plus are fine: `bc` and `awk` write so.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(number) = Self::short_whole(text.as_bytes()) {
            return Some(number);
        }
        let value: f64 = match text.parse() {
            Ok(value) => value,
            // What C's printf writes for a NaN with its sign bit set.
            Err(_) if is_signed_nan(text) => f64::NAN,
            Err(_) => return None,
        };
        let whole = text.parse().ok().or_else(|| whole(value));
        Some(Self { value, whole })
    }

    /// Up to 18 digits: no overflow to look for.
    fn short_whole(text: &[u8]) -> Option<Self> {
        let (is_negative, digits) = match text {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        if digits.is_empty() || digits.len() > 18 {
            return None;
        }
        let mut whole = 0_i64;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            whole = whole * 10 + i64::from(digit - b'0');
        }
        let value = whole as f64;
        Some(if is_negative {
            Self { value: -value, whole: Some(-whole) }
        } else {
            Self { value, whole: Some(whole) }
        })
    }

    /// A number within running text: as [`Number::parse`], with blanks around it and a `%`, `,` or `;` behind
    /// it left out; `93%` is 93.
    pub(super) fn in_text(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?.trim();
        Self::parse(text.trim_end_matches(['%', ',', ';']).trim_end())
    }

    /// A number, or one of the words for true and false as 1 and 0.
    pub(super) fn in_cell(text: &str) -> Option<Self> {
        Self::parse(text).or_else(|| match text {
            "true" | "True" | "TRUE" => Some(1.0.into()),
            "false" | "False" | "FALSE" => Some(0.0.into()),
            _ => None,
        })
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self { value, whole: whole(value) }
    }
}

fn whole(value: f64) -> Option<i64> {
    // 2^63 as a float is one more than the largest i64.
    let fits = value.fract() == 0.0 && value.abs() < 9_223_372_036_854_775_808.0;
    fits.then_some(value as i64)
}

fn is_signed_nan(text: &str) -> bool {
    text.strip_prefix(['-', '+']).is_some_and(|word| word.eq_ignore_ascii_case("nan"))
}

/// The words that stand for a value where JSON has no number: NaN and the infinities, with or without a sign.
pub(super) fn special(text: &str) -> Option<f64> {
    let is_number = text.bytes().any(|byte| byte.is_ascii_digit());
    if text.len() > 12 || is_number { None } else { Number::parse(text).map(|number| number.value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, value: f64, whole: Option<i64>) {
        let number = Number::parse(text).unwrap();
        assert_eq!(number.value.to_bits(), value.to_bits(), "{text}");
        assert_eq!(number.whole, whole, "{text}");
    }

    #[test]
    fn numbers_of_every_writing() {
        check("0", 0.0, Some(0));
        check("-0", -0.0, Some(0));
        check("-12", -12.0, Some(-12));
        check("9007199254740993", 9_007_199_254_740_992.0, Some(9_007_199_254_740_993));
        check("9223372036854775807", 9_223_372_036_854_775_807.0, Some(i64::MAX));
        check("9223372036854775808", 9_223_372_036_854_775_808.0, None);
        check("1e999", f64::INFINITY, None);
        check("-1E999", f64::NEG_INFINITY, None);
        check("3.0", 3.0, Some(3));
        check("1e-3", 0.001, None);
        check(".5", 0.5, None);
        check("-Infinity", f64::NEG_INFINITY, None);
        check("inf", f64::INFINITY, None);
        for text in ["nan", "NaN", "-nan", "+nan"] {
            assert!(Number::parse(text).unwrap().value.is_nan(), "{text}");
        }
        for text in ["", "-", "abc", "1,5", "1 2", "0x10", "1_000", "--1", ".", "e5"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_within_text() {
        assert_eq!(Number::in_text(b" 93% ").unwrap().value, 93.0);
        assert_eq!(Number::in_text(b"0.93,").unwrap().value, 0.93);
        assert_eq!(Number::in_text(b"1,234.5"), None);
        assert_eq!(Number::in_text(b"\xff"), None);
        assert_eq!(Number::in_cell("True").unwrap().whole, Some(1));
        assert_eq!(special("inf"), Some(f64::INFINITY));
        assert_eq!(special("0.5"), None);
    }

    proptest! {
        #[test]
        fn json_numbers_equal_those_of_serde(text in "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?") {
            let expect: serde_json::Value = serde_json::from_str(&text).unwrap();
            let found = Number::parse(&text).unwrap();
            prop_assert_eq!(found.value.to_bits(), expect.as_f64().unwrap().to_bits());
            if let Some(whole) = expect.as_i64() {
                prop_assert_eq!(found.whole, Some(whole));
            }
        }
    }
}
