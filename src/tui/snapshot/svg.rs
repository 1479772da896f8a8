//! A frame as SVG. Lines, blocks and braille dots are drawn as shapes and words are stretched to their cells, so that the
//! picture is the same with every font.

use super::super::paint::cells;
use super::super::theme::Theme;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A cell's width and height.
const CELL: (f64, f64) = (8.4, 17.0);
/// The space around the frame.
const MARGIN: f64 = 10.0;
/// Size of letters.
const FONT: f64 = 14.0;
/// Ground and text of a terminal without colours of its own.
const GROUND: &str = "#11151c";
const INK: &str = "#d8dee9";

/// Color and opacity of what is drawn, as attributes.
type Paint = String;

/// The frame as an SVG picture, on the theme's ground; `title` is what a reader aloud says.
pub fn svg(frame: &Buffer, title: &str, theme: &Theme) -> String {
    let (ink, ground) = theme.base();
    let own =
        (hex(ink).unwrap_or_else(|| INK.into()), hex(ground).unwrap_or_else(|| GROUND.into()));
    let size = (
        f64::from(frame.area.width) * CELL.0 + 2.0 * MARGIN,
        f64::from(frame.area.height) * CELL.1 + 2.0 * MARGIN,
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0}\" height=\"{1:.0}\" viewBox=\"0 0 {0:.0} {1:.0}\" role=\"img\">\n\
         <title>{2}</title>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{3}\"/>\n\
         <g font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\" font-size=\"{FONT}\" xml:space=\"preserve\">\n",
        size.0,
        size.1,
        escaped(title),
        own.1
    );
    let mut shapes = Shapes::default();
    let mut texts = String::new();
    for y in 0..frame.area.height {
        row(frame, y, &own, (&mut shapes, &mut texts));
    }
    shapes.write(&mut svg);
    svg.push_str(&texts);
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// Shapes by their paint, in few elements.
#[derive(Default)]
struct Shapes {
    grounds: BTreeMap<Paint, String>,
    blocks: BTreeMap<Paint, String>,
    thin: BTreeMap<Paint, String>,
    thick: BTreeMap<Paint, String>,
    dots: BTreeMap<Paint, String>,
}

impl Shapes {
    fn write(&self, svg: &mut String) {
        for (kind, style) in [
            (&self.grounds, "fill"),
            (&self.blocks, "fill"),
            (&self.thin, "fill=\"none\" stroke-width=\"1.1\" stroke"),
            (&self.thick, "fill=\"none\" stroke-width=\"2.4\" stroke"),
            (&self.dots, "fill=\"none\" stroke-linecap=\"round\" stroke-width=\"2.3\" stroke"),
        ] {
            for (paint, path) in kind {
                let _ = writeln!(svg, "<path {style}={paint} d=\"{path}\"/>");
            }
        }
    }
}

/// A run of letters in one style.
struct Word {
    x: u16,
    cells: usize,
    text: String,
    style: String,
}

/// Ink and ground.
type Colors = (String, String);

fn row(frame: &Buffer, y: u16, own: &Colors, (shapes, texts): (&mut Shapes, &mut String)) {
    let mut word: Option<Word> = None;
    let mut skip = 0;
    for x in 0..frame.area.width {
        if skip > 0 {
            skip -= 1;
            continue;
        }
        let cell = &frame[(frame.area.x + x, frame.area.y + y)];
        let symbol = cell.symbol();
        let width = cells(symbol).max(1);
        skip = width - 1;
        let (ink, ground) = colors(cell, own);
        let at = (MARGIN + f64::from(x) * CELL.0, MARGIN + f64::from(y) * CELL.1);
        if ground != own.1 {
            let path = shapes.grounds.entry(format!("\"{ground}\"")).or_default();
            rect(path, at, (width as f64 * CELL.0, CELL.1));
        }
        let drawn = symbol
            .chars()
            .next()
            .is_some_and(|c| shape(c, at, &paint(cell, &ink, 1.0), shapes, cell, &ink));
        let style = letters(cell, &ink);
        let blank = symbol.trim().is_empty();
        let goes_on = word.as_ref().is_some_and(|word| {
            !drawn
                && width == 1
                && word.style == style
                && word.x as usize + word.cells == x as usize
        });
        if goes_on && let Some(word) = &mut word {
            word.text.push_str(symbol);
            word.cells += 1;
            continue;
        }
        flush(word.take(), y, texts);
        if !drawn && !blank {
            word = Some(Word { x, cells: width, text: symbol.into(), style });
        }
    }
    flush(word, y, texts);
}

fn flush(word: Option<Word>, y: u16, texts: &mut String) {
    let Some(word) = word else { return };
    let text = word.text.trim_end();
    let n = word.cells - (cells(&word.text) - cells(text)).min(word.cells);
    let x = MARGIN + f64::from(word.x) * CELL.0;
    let base = MARGIN + f64::from(y) * CELL.1 + CELL.1 * 0.75;
    let _ = writeln!(
        texts,
        "<text x=\"{x:.1}\" y=\"{base:.1}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\"{}>{}</text>",
        n as f64 * CELL.0,
        word.style,
        escaped(text)
    );
}

/// Ink and ground of a cell, reversed if it is.
fn colors(cell: &Cell, own: &Colors) -> Colors {
    let ink = hex(cell.fg).unwrap_or_else(|| own.0.clone());
    let ground = hex(cell.bg).unwrap_or_else(|| own.1.clone());
    if cell.modifier.contains(Modifier::REVERSED) { (ground, ink) } else { (ink, ground) }
}

fn opacity(cell: &Cell) -> f64 {
    let is_dim =
        cell.modifier.contains(Modifier::DIM) && !cell.modifier.contains(Modifier::REVERSED);
    if is_dim { 0.6 } else { 1.0 }
}

fn paint(cell: &Cell, ink: &str, share: f64) -> Paint {
    let opacity = opacity(cell) * share;
    if opacity < 1.0 { format!("\"{ink}\" opacity=\"{opacity:.2}\"") } else { format!("\"{ink}\"") }
}

fn letters(cell: &Cell, ink: &str) -> String {
    let mut style = format!(" fill={}", paint(cell, ink, 1.0));
    if cell.modifier.contains(Modifier::BOLD) {
        style.push_str(" font-weight=\"bold\"");
    }
    if cell.modifier.contains(Modifier::UNDERLINED) {
        style.push_str(" text-decoration=\"underline\"");
    }
    style
}

/// Draws a character that is a shape; false if it is a letter.
fn shape(
    c: char,
    at: (f64, f64),
    paint_of: &Paint,
    shapes: &mut Shapes,
    cell: &Cell,
    ink: &str,
) -> bool {
    match c {
        '\u{2800}'..='\u{28ff}' => {
            let path = shapes.dots.entry(paint_of.clone()).or_default();
            braille(c, at, path);
        }
        '\u{2581}'..='\u{2588}' => {
            let eighths = f64::from(u32::from(c) - 0x2580);
            let height = CELL.1 * eighths / 8.0;
            let path = shapes.blocks.entry(paint_of.clone()).or_default();
            rect(path, (at.0, at.1 + CELL.1 - height), (CELL.0, height));
        }
        '\u{2589}'..='\u{258f}' => {
            let eighths = f64::from(0x2590 - u32::from(c));
            let path = shapes.blocks.entry(paint_of.clone()).or_default();
            rect(path, at, (CELL.0 * eighths / 8.0, CELL.1));
        }
        '░' | '▒' | '▓' => {
            let share = match c {
                '░' => 0.22,
                '▒' => 0.45,
                _ => 0.7,
            };
            let path = shapes.blocks.entry(paint(cell, ink, share)).or_default();
            rect(path, at, CELL);
        }
        _ => match arms(c) {
            Some((arms, is_heavy)) => {
                let kind = if is_heavy { &mut shapes.thick } else { &mut shapes.thin };
                strokes(arms, at, kind.entry(paint_of.clone()).or_default());
            }
            None => return false,
        },
    }
    true
}

/// Which arms of a line character there are (left, right, up, down), and whether it is heavy.
fn arms(c: char) -> Option<([bool; 4], bool)> {
    let (code, heavy) = match c {
        '─' | '╌' | '┄' => ("lr", false),
        '│' | '╎' | '┊' => ("ud", false),
        '┌' | '╭' => ("rd", false),
        '┐' | '╮' => ("ld", false),
        '└' | '╰' => ("ru", false),
        '┘' | '╯' => ("lu", false),
        '├' => ("rud", false),
        '┤' => ("lud", false),
        '┬' => ("lrd", false),
        '┴' => ("lru", false),
        '┼' => ("lrud", false),
        '━' => ("lr", true),
        '┃' => ("ud", true),
        '┏' => ("rd", true),
        '┓' => ("ld", true),
        '┗' => ("ru", true),
        '┛' => ("lu", true),
        _ => return None,
    };
    Some((["l", "r", "u", "d"].map(|arm| code.contains(arm)), heavy))
}

fn strokes(arms: [bool; 4], (x, y): (f64, f64), path: &mut String) {
    let (cx, cy) = (x + CELL.0 / 2.0, y + CELL.1 / 2.0);
    let ends = [(x, cy), (x + CELL.0, cy), (cx, y), (cx, y + CELL.1)];
    for (is_there, (ex, ey)) in arms.into_iter().zip(ends) {
        if is_there {
            let _ = write!(path, "M{cx:.1} {cy:.1}L{ex:.1} {ey:.1}");
        }
    }
}

fn braille(c: char, (x, y): (f64, f64), path: &mut String) {
    const DOTS: [(u32, u32); 8] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)];
    let bits = u32::from(c) - 0x2800;
    for (bit, (column, row)) in DOTS.into_iter().enumerate() {
        if bits >> bit & 1 == 1 {
            let dx = x + CELL.0 * (0.25 + 0.5 * f64::from(column));
            let dy = y + CELL.1 * (0.125 + 0.25 * f64::from(row));
            let _ = write!(path, "M{dx:.1} {dy:.1}h0");
        }
    }
}

fn rect(path: &mut String, (x, y): (f64, f64), (width, height): (f64, f64)) {
    let _ = write!(path, "M{x:.1} {y:.1}h{width:.1}v{height:.1}h-{width:.1}z");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A color for a picture; none for the terminal's own.
fn hex(color: Color) -> Option<String> {
    let name = match color {
        Color::Reset => return None,
        Color::Rgb(r, g, b) => return Some(format!("#{r:02x}{g:02x}{b:02x}")),
        Color::Indexed(index) => return Some(indexed(index)),
        Color::Black => "#1d232d",
        Color::Red => "#e06c75",
        Color::Green => "#8fc97f",
        Color::Yellow => "#e5c07b",
        Color::Blue => "#61afef",
        Color::Magenta => "#c678dd",
        Color::Cyan => "#56b6c2",
        Color::Gray => "#b6bfcc",
        Color::DarkGray => "#7b8799",
        Color::LightRed => "#ff8f98",
        Color::LightGreen => "#b4e8a2",
        Color::LightYellow => "#ffe0a0",
        Color::LightBlue => "#8cc8ff",
        Color::LightMagenta => "#e2a3f5",
        Color::LightCyan => "#8be0ea",
        Color::White => "#ffffff",
    };
    Some(name.into())
}

/// An entry of xterm's table of 256 colors.
fn indexed(index: u8) -> String {
    const ANSI: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    match index {
        0..=15 => hex(ANSI[usize::from(index)]).unwrap_or_default(),
        16..=231 => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let index = index - 16;
            let (r, g, b) = (level(index / 36), level(index / 6 % 6), level(index % 6));
            format!("#{r:02x}{g:02x}{b:02x}")
        }
        _ => {
            let level = 8 + 10 * (index - 232);
            format!("#{level:02x}{level:02x}{level:02x}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn words_are_words_and_lines_are_shapes() {
        let mut frame = Buffer::empty(Rect::new(0, 0, 12, 2));
        frame.set_string(0, 0, "a<b &c ━⣿█", Style::new().fg(Color::Green));
        frame.set_string(
            0,
            1,
            "bold",
            Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED),
        );
        let svg = svg(&frame, "a & b", &Theme::default());
        assert!(svg.contains("<title>a &amp; b</title>"));
        assert!(svg.contains(">a&lt;b &amp;c</text>"), "{svg}");
        assert_eq!(svg.matches("h0").count(), 8, "eight dots");
        assert!(svg.contains("stroke-width=\"2.4\"") && !svg.contains('━') && !svg.contains('█'));
        assert!(svg.contains("font-weight=\"bold\""));
        assert!(svg.contains(&format!("fill=\"{GROUND}\" font-weight")), "reversed: {svg}");
    }

    #[test]
    fn the_ground_is_the_themes() {
        use crate::tui::theme::Depth;
        for (name, ground) in [("light", "#fcfcfd"), ("dark", "#11151c"), ("terminal", GROUND)] {
            let theme = Theme::load(name, false, Depth::True).unwrap();
            let mut frame = Buffer::empty(Rect::new(0, 0, 3, 1));
            frame.set_string(0, 0, "abc", Style::new());
            theme.fill(&mut frame);
            let svg = svg(&frame, name, &theme);
            assert!(svg.contains(&format!("rx=\"8\" fill=\"{ground}\"/>")), "{svg}");
            assert_eq!(svg.matches("<path").count(), 0, "no cell has another ground: {svg}");
        }
    }
}
