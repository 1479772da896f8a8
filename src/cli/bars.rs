//! Numbers as lengths in a line of text.

/// Eighths of a cell, from one to a whole.
const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// A bar of a share in `[0, 1]` of so many cells; what is above 0 shows.
pub(super) fn bar(share: f64, cells: f64) -> String {
    if share.is_nan() || share <= 0.0 {
        return String::new();
    }
    let eighths = (share.min(1.0) * cells * 8.0).round().max(1.0) as usize;
    let mut text = "█".repeat(eighths / 8);
    if let Some(rest) = (eighths % 8).checked_sub(1) {
        text.push(EIGHTHS[rest]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_share() {
        let check = |share: f64, expected: &str| assert_eq!(bar(share, 4.0), expected, "{share}");
        check(1.0, "████");
        check(0.5, "██");
        check(0.3, "█▎");
        check(1e-9, "▏");
        check(0.0, "");
        check(-1.0, "");
        check(f64::NAN, "");
        check(7.0, "████");
    }
}
