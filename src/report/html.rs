//! The report as one HTML file that opens from a disk: no script, nothing fetched, light and dark, wide and narrow.

use super::Report;
use super::escape;
use super::page::{Block, Mark, Page, Piece, Table};
use super::{Plot, words};
use crate::gate::Decision;
use std::fmt::Write;

const STYLE: &str = include_str!("html.css");

/// Nothing but this file's own style and pictures may load, whatever a name in it says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// No text is longer, in characters: a page is to be read.
const MAX_TEXT: usize = 1_200;

fn xml(text: &str) -> String {
    escape::xml(&words::cut(text, MAX_TEXT))
}

/// The report as a whole HTML document.
pub fn html(report: &Report) -> String {
    let page = Page::of(report);
    let title = xml(&page.title);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"{POLICY}\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta \
         name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <main>\n<h1>{title}</h1>\n"
    );
    for block in &page.blocks {
        write_block(&mut out, block);
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn write_block(out: &mut String, block: &Block) {
    let _ = match block {
        Block::Heading(text) => writeln!(out, "<h2>{}</h2>", xml(text)),
        Block::Verdict(decision, reason) => {
            let class = class(Mark::from(*decision));
            let word = match decision {
                Decision::Promote => "Promote",
                Decision::Hold => "Hold",
                Decision::Reject => "Reject",
            };
            writeln!(
                out,
                "<p class=\"verdict {class}\"><strong>{word}</strong> {}</p>",
                xml(reason)
            )
        }
        Block::Sentence(pieces) => writeln!(out, "<p>{}</p>", sentence(pieces)),
        Block::Small(pieces) => writeln!(out, "<footer>{}</footer>", sentence(pieces)),
        Block::Table(table) => {
            write_table(out, table);
            Ok(())
        }
        Block::Figure(plot) => writeln!(out, "{}", figure(plot)),
    };
}

fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Good => "good",
        Mark::Warn => "warn",
        Mark::Bad => "bad",
        Mark::None => "none",
    }
}

/// A picture of its own document: neither a script nor a style of it reaches this one.
fn figure(plot: &Plot) -> String {
    let title = xml(&plot.title);
    format!(
        "<figure><img src=\"data:image/svg+xml,{}\" alt=\"{title}\"><figcaption>{title}</figcaption></figure>",
        encoded(&plot.svg)
    )
}

/// Percent-encodes what may not stand in a data URI within an attribute.
fn encoded(svg: &str) -> String {
    let mut out = String::with_capacity(svg.len() + svg.len() / 4);
    for byte in svg.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            b' ' | b'/' | b'=' | b':' | b',' | b'.' | b'-' | b'_' | b'(' | b')' | b';' => {
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn sentence(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            // The spaces at its ends part it from its neighbors.
            Piece::Words(words) => {
                let lead = if words.starts_with(' ') { " " } else { "" };
                let trail = if words.ends_with(' ') && words.trim() != "" { " " } else { "" };
                text.extend([lead, &xml(words), trail]);
            }
            other => text.push_str(&cell(other)),
        }
    }
    text
}

fn write_table(out: &mut String, table: &Table) {
    let side = |right: bool| if right { " class=\"number\"" } else { "" };
    out.push_str("<div class=\"wide\" tabindex=\"0\"><table>\n<thead><tr>");
    for (name, right) in &table.columns {
        let _ = write!(out, "<th scope=\"col\"{}>{}</th>", side(*right), xml(name));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (piece, (_, right)) in row.iter().zip(&table.columns) {
            let _ = write!(out, "<td{}>{}</td>", side(*right), cell(piece));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table></div>\n");
}

fn cell(piece: &Piece) -> String {
    match piece {
        Piece::Words(text) => xml(text),
        Piece::Code(text) if words::clean(text).is_empty() => String::new(),
        Piece::Code(text) => format!("<code>{}</code>", xml(text)),
        Piece::Mark(mark, word) => {
            format!("<span class=\"mark {}\">{} {word}</span>", class(*mark), mark.sign())
        }
        Piece::Share(share) => {
            let wide = share * 100.0;
            format!("<span class=\"bar\"><span style=\"width:{wide:.1}%\"></span></span>")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn nothing_is_fetched_and_nothing_runs() {
        for (name, report) in sample::all() {
            let text = html(&report);
            for part in ["<script", "<link", "src=\"http", "url(", "<svg", "javascript:x\""] {
                assert!(!text.contains(part), "{name}: {part}");
            }
            assert_eq!(text.matches("</main>").count(), 1, "{name}");
        }
    }

    #[test]
    fn figures_are_embedded_whole() {
        let text = html(&sample::full());
        let uri =
            text.split("src=\"data:image/svg+xml,").nth(1).unwrap().split('"').next().unwrap();
        let mut bytes = Vec::new();
        let mut rest = uri.bytes();
        while let Some(byte) = rest.next() {
            let hex = |byte: Option<u8>| char::from(byte.unwrap()).to_digit(16).unwrap() as u8;
            bytes.push(if byte == b'%' { hex(rest.next()) * 16 + hex(rest.next()) } else { byte });
        }
        assert_eq!(String::from_utf8(bytes).unwrap(), sample::full().plots[0].svg);
    }
}
