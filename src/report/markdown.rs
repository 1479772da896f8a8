//! The report for a comment on a pull request or for a job's summary, on GitHub and GitLab.

use super::Report;
use super::escape::{markdown as escape, markdown_code, markdown_line};
use super::page::{Block, Mark, Page, Piece, Table};
use super::words::{clean, count, cut};
use crate::gate::Decision;
use std::fmt::Write;

/// Bytes of a job's summary. GitHub drops one above 1 MiB, even silently just below it (actions/runner#4337).
pub const SUMMARY_CAP: usize = 900_000;
/// Bytes of a comment. GitHub refuses one above 65,536 characters.
pub const COMMENT_CAP: usize = 60_000;

/// No cell is longer, in characters, and no sentence four times as long.
const MAX_CELL: usize = 300;
/// Cells of the bar of a whole.
const BAR: f64 = 16.0;

/// How Markdown is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Markdown<'a> {
    /// Bytes at most; rows of tables go, the last first, until it fits.
    pub cap: usize,
    /// Where the rows that went can be read: `report.json`.
    pub whole: &'a str,
    /// True if figures are linked by their files. A job's summary cannot show them.
    pub figures: bool,
}

impl Default for Markdown<'_> {
    fn default() -> Self {
        Self { cap: SUMMARY_CAP, whole: "report.json", figures: true }
    }
}

/// The first line, by which a newer report finds the comment that it replaces: `<!-- derby-report:penguins -->`.
pub fn watermark(name: &str) -> String {
    // Two hyphens or a '>' would end the comment, so that everything unusual is written as its number.
    let mut plain = String::new();
    for char in cut(&clean(name), 100).chars() {
        match char {
            _ if char.is_alphanumeric() || "._/@ ".contains(char) => plain.push(char),
            '-' if !plain.ends_with('-') => plain.push(char),
            _ => {
                let _ = write!(plain, "%{:x}", u32::from(char));
            }
        }
    }
    format!("<!-- derby-report:{} -->", plain.trim_end_matches('-'))
}

/// The report as Markdown with a line end, of at most `options.cap` bytes.
pub fn markdown(report: &Report, options: &Markdown<'_>) -> String {
    let page = Page::of(report);
    let mut parts =
        vec![Part::fixed(format!("{}\n\n## {}\n\n", watermark(&report.name), words(&page.title)))];
    for block in &page.blocks {
        parts.push(part(block, options));
    }
    fit(&mut parts, options);
    let mut text: String = parts.iter().map(|part| part.shown(options)).collect();
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// Text that stays, and rows that may go from its end.
struct Part {
    head: String,
    rows: Vec<String>,
    kept: usize,
    noun: &'static str,
}

impl Part {
    fn fixed(head: String) -> Self {
        Self { head, rows: Vec::new(), kept: 0, noun: "" }
    }

    fn shown(&self, options: &Markdown<'_>) -> String {
        let mut text = self.head.clone();
        text.extend(self.rows[..self.kept].iter().map(String::as_str));
        if self.kept < self.rows.len() {
            text.push_str(&self.rest(options));
        }
        if !self.rows.is_empty() {
            text.push('\n');
        }
        text
    }

    /// What stands in place of the rows that went.
    fn rest(&self, options: &Markdown<'_>) -> String {
        let left = (self.rows.len() - self.kept) as u64;
        format!("\n{} more {} in {}\n", count(left), self.noun, markdown_code(options.whole))
    }
}

/// Gives each table, in order, as many rows as there is room for.
fn fit(parts: &mut [Part], options: &Markdown<'_>) {
    // Every table may need the line that says what is missing.
    let line = 80 + options.whole.len();
    let fixed: usize = parts
        .iter()
        .map(|part| part.head.len() + 1 + usize::from(!part.rows.is_empty()) * line)
        .sum();
    let mut room = options.cap.saturating_sub(fixed);
    for part in parts {
        for row in &part.rows {
            if row.len() > room {
                break;
            }
            room -= row.len();
            part.kept += 1;
        }
    }
}

fn part(block: &Block, options: &Markdown<'_>) -> Part {
    match block {
        Block::Heading(text) => Part::fixed(format!("### {}\n\n", words(text))),
        Block::Verdict(decision, reason) => {
            let sign = sign(Mark::from(*decision));
            let word = match decision {
                Decision::Promote => "Promote",
                Decision::Hold => "Hold",
                Decision::Reject => "Reject",
            };
            Part::fixed(format!(
                "**{sign} {word}:** {}\n\n",
                escape(&cut(&clean(reason), 4 * MAX_CELL))
            ))
        }
        Block::Sentence(pieces) => Part::fixed(format!("{}\n\n", sentence(pieces))),
        Block::Small(pieces) => Part::fixed(format!("<sub>{}</sub>\n", sentence(pieces))),
        Block::Table(table) => rows(table),
        Block::Figure(plot) => Part::fixed(match &plot.file {
            Some(file) if options.figures => {
                format!("![{}]({})\n\n", escape(&cut(&clean(&plot.title), MAX_CELL)), link(file))
            }
            Some(file) => {
                format!(
                    "{} in {}\n\n",
                    markdown_line(&cut(&plot.title, MAX_CELL)),
                    markdown_code(file)
                )
            }
            None => format!("{}\n\n", markdown_line(&cut(&plot.title, MAX_CELL))),
        }),
    }
}

fn words(text: &str) -> String {
    escape(&cut(&clean(text), MAX_CELL))
}

fn sentence(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            // The spaces at its ends part it from its neighbors.
            Piece::Words(words) => {
                let inner = cut(words.trim(), 4 * MAX_CELL);
                let lead = if words.starts_with(' ') { " " } else { "" };
                let trail = if words.ends_with(' ') && !inner.is_empty() { " " } else { "" };
                let escaped = if text.is_empty() { markdown_line(&inner) } else { escape(&inner) };
                text.extend([lead, &escaped, trail]);
            }
            other => text.push_str(&cell(other)),
        }
    }
    text
}

/// A path as a link's target.
fn link(path: &str) -> String {
    let mut out = String::new();
    for byte in clean(path).bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn rows(table: &Table) -> Part {
    let mut head = String::from("|");
    for (name, _) in &table.columns {
        let name = words(name);
        let _ = write!(head, " {name} |");
    }
    head.push_str("\n|");
    for (_, right) in &table.columns {
        head.push_str(if *right { " --: |" } else { " :-- |" });
    }
    head.push('\n');
    let rows = table.rows.iter().map(|row| {
        let cells = row.iter().map(|piece| format!(" {} |", cell(piece)));
        format!("|{}\n", cells.collect::<String>())
    });
    Part { head, rows: rows.collect(), kept: 0, noun: table.noun }
}

fn cell(piece: &Piece) -> String {
    match piece {
        Piece::Words(text) => words(text),
        Piece::Code(text) => markdown_code(&cut(&clean(text), MAX_CELL)),
        Piece::Mark(mark, word) => format!("{} {word}", sign(*mark)),
        Piece::Share(share) => "█".repeat((share * BAR).round() as usize),
    }
}

fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Good => "✅",
        Mark::Warn => "🟡",
        Mark::Bad => "❌",
        Mark::None => "▫️",
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn default(report: &Report) -> String {
        markdown(report, &Markdown::default())
    }

    #[test]
    fn the_first_line_is_the_watermark_and_never_ends_early() {
        let check = |name: &str, expect: &str| assert_eq!(watermark(name), expect);
        check("penguins", "<!-- derby-report:penguins -->");
        check("a--b", "<!-- derby-report:a-%2db -->");
        check("--><b>", "<!-- derby-report:-%2d%3e%3cb%3e -->");
        check("x-", "<!-- derby-report:x -->");
        for (name, report) in sample::all() {
            let text = default(&report);
            assert!(text.starts_with("<!-- derby-report:"), "{name}");
            assert_eq!(text.lines().next().unwrap().matches("--").count(), 2, "{name}");
        }
    }

    #[test]
    fn every_row_has_as_many_cells_as_its_head() {
        for (name, report) in sample::all() {
            let mut cells = 0;
            for line in default(&report).lines() {
                match line.starts_with('|') {
                    true if cells == 0 => cells = line.matches('|').count(),
                    true => assert_eq!(line.matches('|').count(), cells, "{name}: {line}"),
                    false => cells = 0,
                }
            }
        }
    }

    #[test]
    fn foreign_markup_does_not_get_through() {
        let text = default(&sample::hostile());
        for part in
            ["<script", "\n# h", "](javascript", "](http", "@everyone\n", "\u{1b}", "\u{202e}"]
        {
            let outside: Vec<&str> =
                text.split('`').step_by(2).filter(|of| of.contains(part)).collect();
            assert!(outside.is_empty(), "{part:?}: {outside:?}");
        }
    }

    #[test]
    fn rows_go_until_it_fits() {
        let mut report = sample::hostile();
        let gate = report.gate.as_mut().unwrap();
        let checks = gate.verdict.checks.clone();
        gate.verdict.checks = checks.iter().cycle().take(20_000).cloned().collect();
        for cap in [SUMMARY_CAP, COMMENT_CAP] {
            let text = markdown(&report, &Markdown { cap, ..Markdown::default() });
            assert!(text.len() <= cap && text.len() > cap * 9 / 10, "{} of {cap}", text.len());
            assert!(text.contains("more checks in `report.json`"), "{}", text.len());
        }
        assert!(!default(&sample::full()).contains(" more "));
    }
}
