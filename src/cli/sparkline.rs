//! A curve as one line of block characters.

/// Heights, lowest first.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// A part without a finite value.
const HOLE: char = '·';

/// The values as blocks between the smallest and the largest; equal ones stand in the middle.
pub(super) fn sparkline(values: &[f64]) -> String {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    let top = BLOCKS.len() - 1;
    let block = |value: &f64| {
        if !value.is_finite() {
            return HOLE;
        }
        // Halves first: the range of two large values of opposite sign is no float.
        let share = (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
        let height =
            if share.is_finite() { (share * top as f64).round() as usize } else { top / 2 };
        BLOCKS[height.min(top)]
    };
    values.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_follow_the_values() {
        let check = |values: &[f64], line: &str| assert_eq!(sparkline(values), line, "{values:?}");
        check(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], "▁▂▃▄▅▆▇█");
        check(&[1.0, f64::NAN, 0.0], "█·▁");
        check(&[2.0, 2.0], "▄▄");
        check(&[f64::NAN], "·");
        check(&[f64::MAX, f64::MIN, 0.0], "█▁▅");
        check(&[], "");
    }
}
