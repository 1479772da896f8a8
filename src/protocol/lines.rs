//! Bytes in any pieces, turned into lines; memory stays below two of the longest lines.

use std::io::BufRead;

/// The longest line, in bytes: 64 KiB. What is longer is cut there and goes on as the next line.
pub const MAX_LINE: usize = 64 * 1024;

/// Turns pieces of a stream into lines, the same ones however the stream was cut into pieces.
#[derive(Debug)]
pub struct Lines {
    partial: Vec<u8>,
    longest: usize,
}

impl Default for Lines {
    fn default() -> Self {
        Self::new()
    }
}

impl Lines {
    /// At the start of a stream.
    pub fn new() -> Self {
        Self::with_longest(MAX_LINE)
    }

    /// With another longest line than [`MAX_LINE`].
    pub(super) fn with_longest(longest: usize) -> Self {
        Self { partial: Vec::new(), longest: longest.max(1) }
    }

    /// Takes in the next bytes and hands out the lines that they complete: without their newline (a `\r`
    /// before it is dropped too) and `true`, or `false` for a piece of a line that is too long.
    pub fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8], bool)) {
        self.feed_exactly(bytes, |line, is_whole| {
            each(if is_whole { without_return(line) } else { line }, is_whole);
        });
    }

    /// As [`Lines::feed`], a `\r` before a newline kept.
    pub(super) fn feed_exactly(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8], bool)) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let mut after = rest;
            // Reading from a slice cannot fail; this is the standard library's fast search for a byte.
            let n = after.skip_until(b'\n').unwrap_or(rest.len());
            let (line, is_whole) = match rest[..n].strip_suffix(b"\n") {
                Some(line) => (line, true),
                None => (&rest[..n], false),
            };
            rest = after;
            let line = self.cut(line, &mut each);
            if is_whole && self.partial.is_empty() {
                each(line, true);
            } else if is_whole {
                self.partial.extend_from_slice(line);
                each(&self.partial, true);
                self.partial.clear();
            } else {
                self.partial.extend_from_slice(line);
            }
        }
    }

    /// Hands out pieces while what is held and `line` are longer than a line may be; returns what is left of
    /// `line`.
    fn cut<'a>(&mut self, mut line: &'a [u8], each: &mut impl FnMut(&[u8], bool)) -> &'a [u8] {
        while self.partial.len() + line.len() > self.longest {
            let (piece, left) = line.split_at(self.longest - self.partial.len());
            line = left;
            if self.partial.is_empty() {
                each(piece, false);
            } else {
                self.partial.extend_from_slice(piece);
                each(&self.partial, false);
                self.partial.clear();
            }
        }
        line
    }

    /// The end of the stream: hands out the last line if it had no newline.
    pub fn finish(&mut self, mut each: impl FnMut(&[u8], bool)) {
        if !self.partial.is_empty() {
            each(&self.partial, false);
            self.partial = Vec::new();
        }
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(pieces: &[&[u8]], longest: usize) -> Vec<(Vec<u8>, bool)> {
        let mut found = Vec::new();
        let mut lines = Lines::with_longest(longest);
        for piece in pieces {
            lines.feed(piece, |line, whole| found.push((line.to_vec(), whole)));
            assert!(lines.partial.len() <= longest);
        }
        lines.finish(|line, whole| found.push((line.to_vec(), whole)));
        found
    }

    fn check(pieces: &[&str], expect: &[(&str, bool)]) {
        let pieces: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
        let found = lines(&pieces, 8);
        let expect: Vec<_> =
            expect.iter().map(|(l, whole)| (l.as_bytes().to_vec(), *whole)).collect();
        assert_eq!(found, expect, "{pieces:?}");
    }

    #[test]
    fn lines_are_put_together_and_long_ones_cut() {
        check(&["a\nb", "c\r", "\n\nd"], &[("a", true), ("bc", true), ("", true), ("d", false)]);
        check(&["12345678\n"], &[("12345678", true)]);
        check(&["1234567", "8\n"], &[("12345678", true)]);
        check(&["123456789\n"], &[("12345678", false), ("9", true)]);
        check(&["1234567812345678x"], &[("12345678", false), ("12345678", false), ("x", false)]);
        check(&["a\rb\r"], &[("a\rb\r", false)]);
        check(&[""], &[]);
    }

    #[test]
    fn a_gigantic_line_takes_no_memory() {
        let mut lines = Lines::new();
        let chunk = vec![b'x'; 100_000];
        let mut n = 0;
        for _ in 0..100 {
            lines.feed(&chunk, |line, _| n += line.len());
            assert!(lines.partial.capacity() <= 2 * MAX_LINE);
        }
        lines.finish(|line, _| n += line.len());
        assert_eq!(n, 10_000_000);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_lines(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..200),
            cuts in prop::collection::vec(1usize..20, 1..30),
        ) {
            let mut pieces: Vec<&[u8]> = Vec::new();
            let mut rest = bytes.as_slice();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            prop_assert_eq!(lines(&pieces, 16), lines(&[&bytes], 16));
        }
    }
}
