//! A frame as SVG.

use super::text;
use ratatui::buffer::Buffer;

/// The frame as an SVG picture.
pub fn svg(frame: &Buffer, _title: &str) -> String {
    let mut svg = String::from("<svg xmlns=\"http://www.w3.org/2000/svg\"><text>");
    svg.push_str(&text(frame).replace('&', "&amp;").replace('<', "&lt;"));
    svg.push_str("</text></svg>\n");
    svg
}
