//! A frame as a file: text, or SVG.

mod svg;

pub use svg::svg;

use ratatui::buffer::Buffer;

/// The frame as lines of text, without spaces at their ends.
pub fn text(frame: &Buffer) -> String {
    let mut text = String::new();
    for y in frame.area.y..frame.area.bottom() {
        let mut line = String::new();
        let mut skip = 0;
        for x in frame.area.x..frame.area.right() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = frame[(x, y)].symbol();
            skip = super::paint::cells(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
