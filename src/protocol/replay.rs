//! Loggers that write their whole file anew (`PyTorch` Lightning's does when a column is added, older ones at every
//! save) repeat what they have said. What is repeated is no new value.

use indexmap::IndexMap;

/// Values that are compared one by one; the rest by their hash.
const HEAD: usize = 8;

/// A value of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Value<'a> {
    pub metric: &'a str,
    pub context: &'a str,
    pub step: Option<i64>,
    pub number: f64,
}

/// Per series of a file: what it has said, and how far it has repeated that since the file began anew.
///
/// While a series repeats its first values its values are held back: either it repeats all that it had said,
/// and they are dropped, or it says something else, and they are handed out.
#[derive(Debug, Default)]
pub(super) struct Replay {
    tracks: IndexMap<(String, String), Track>,
}

#[derive(Debug, Default)]
struct Track {
    said: Said,
    again: Option<Again>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Said {
    n: u64,
    hash: u64,
    head: Vec<(Option<i64>, u64)>,
}

#[derive(Debug, Default)]
struct Again {
    said: Said,
    held: Vec<(Option<i64>, f64)>,
}

impl Said {
    fn push(&mut self, step: Option<i64>, value: f64) {
        self.n += 1;
        // FNV-1a, a word at a time, after a turn that lets the high bits count.
        for word in [u64::from(step.is_some()), step.unwrap_or(0) as u64, value.to_bits()] {
            self.hash = (self.hash.rotate_left(29) ^ word).wrapping_mul(0x0100_0000_01b3);
        }
        if self.head.len() < HEAD {
            self.head.push((step, value.to_bits()));
        }
    }
}

impl Replay {
    /// The file begins anew.
    pub(super) fn restart(&mut self) {
        for track in self.tracks.values_mut().filter(|track| track.said.n > 0) {
            track.again = Some(Again::default());
        }
    }

    /// Hands out a value unless it repeats one, with those that were held back before it.
    pub(super) fn value(&mut self, value: &Value<'_>, each: &mut impl FnMut(&Value<'_>)) {
        let key = (value.metric.to_string(), value.context.to_string());
        let track = self.tracks.entry(key).or_default();
        let Some(again) = &mut track.again else {
            track.said.push(value.step, value.number);
            each(value);
            return;
        };
        again.said.push(value.step, value.number);
        again.held.push((value.step, value.number));
        if again.said == track.said {
            track.again = None;
        } else if again.said.n == track.said.n || !track.said.head.starts_with(&again.said.head) {
            track.release((value.metric, value.context), each);
        }
    }

    /// The end: hands out what is held back, unless it is known to be a repetition.
    pub(super) fn finish(&mut self, each: &mut impl FnMut(&Value<'_>)) {
        for ((metric, context), track) in &mut self.tracks {
            if track.again.as_ref().is_some_and(|again| again.held.len() > HEAD) {
                track.release((metric, context), each);
            }
        }
    }
}

impl Track {
    fn release(&mut self, (metric, context): (&str, &str), each: &mut impl FnMut(&Value<'_>)) {
        let Some(again) = self.again.take() else { return };
        self.said = again.said;
        for (step, value) in again.held {
            each(&Value { metric, context, step, number: value });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(replay: &mut Replay, values: &[f64]) -> Vec<f64> {
        let mut found = Vec::new();
        for value in values {
            let value = Value { metric: "a", context: "", step: None, number: *value };
            replay.value(&value, &mut |value| found.push(value.number));
        }
        found
    }

    #[test]
    fn what_is_repeated_is_dropped_and_what_is_other_is_not() {
        let first: Vec<f64> = (0..20).map(f64::from).collect();
        let mut replay = Replay::default();
        assert_eq!(tell(&mut replay, &first), first);
        replay.restart();
        assert_eq!(tell(&mut replay, &first), [] as [f64; 0]);
        assert_eq!(tell(&mut replay, &[20.0]), [20.0]);
        // Other from the third value on: told at once.
        replay.restart();
        assert_eq!(tell(&mut replay, &[0.0, 1.0]), [] as [f64; 0]);
        assert_eq!(tell(&mut replay, &[7.0]), [0.0, 1.0, 7.0]);
        assert_eq!(tell(&mut replay, &[8.0]), [8.0]);
    }

    #[test]
    fn what_is_held_back_comes_at_the_end() {
        let first: Vec<f64> = (0..20).map(f64::from).collect();
        let mut replay = Replay::default();
        tell(&mut replay, &first);
        replay.restart();
        assert!(tell(&mut replay, &first[..10]).is_empty());
        let mut found = Vec::new();
        replay.finish(&mut |value| found.push(value.number));
        assert_eq!(found, first[..10]);
    }
}
