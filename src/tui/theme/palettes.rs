//! The built-in palettes, and what becomes of their colours on terminals with fewer.

use super::{Depth, Palette};
use ratatui::style::Color;

/// The palette of a built-in theme; `Some(None)` is the one without colours.
#[expect(clippy::option_option, reason = "no such theme, a theme without colours, a palette")]
pub(super) fn by_name(name: &str) -> Option<Option<Palette>> {
    match name {
        "terminal" => Some(Some(terminal())),
        "dark" => Some(Some(dark())),
        "light" => Some(Some(light())),
        "safe" => Some(Some(safe())),
        "mono" => Some(None),
        _ => None,
    }
}

/// The terminal's own 16 colours: right on a dark and on a light ground without asking which it is.
fn terminal() -> Palette {
    Palette {
        text: Color::Reset,
        muted: Color::Reset,
        accent: Color::Cyan,
        focus: Color::Cyan,
        frame: Color::Reset,
        good: Color::Green,
        warn: Color::Yellow,
        bad: Color::Red,
        live: Color::Blue,
        champion: Color::Yellow,
        series: vec![
            Color::Cyan,
            Color::Magenta,
            Color::Green,
            Color::Yellow,
            Color::Blue,
            Color::Red,
            Color::LightCyan,
            Color::LightMagenta,
        ],
        ground: Color::Reset,
        selection: Color::Reset,
    }
}

fn dark() -> Palette {
    Palette {
        text: rgb(0x00d8_dee9),
        muted: rgb(0x0080_8a9f),
        accent: rgb(0x0088_c0d0),
        focus: rgb(0x008f_bcff),
        frame: rgb(0x004c_566a),
        good: rgb(0x008f_d48a),
        warn: rgb(0x00eb_cb8b),
        bad: rgb(0x00ff_7b72),
        live: rgb(0x006c_b6ff),
        champion: rgb(0x00ff_d75f),
        series: [
            0x0056_b6c2,
            0x00d6_8fff,
            0x0098_c379,
            0x00e5_c07b,
            0x0061_afef,
            0x00ff_8f87,
            0x00c8_d45a,
            0x00b0_b8c8,
        ]
        .map(rgb)
        .to_vec(),
        ground: rgb(0x0011_151c),
        selection: rgb(0x0030_4160),
    }
}

fn light() -> Palette {
    Palette {
        text: rgb(0x0024_292f),
        muted: rgb(0x0065_6d76),
        accent: rgb(0x0005_60a8),
        focus: rgb(0x0009_4fc4),
        frame: rgb(0x00a8_b1ba),
        good: rgb(0x001a_7f37),
        warn: rgb(0x009a_6700),
        bad: rgb(0x00c9_2a2a),
        live: rgb(0x0005_5fd0),
        champion: rgb(0x008a_5a00),
        series: [
            0x0007_7d8f,
            0x0086_38b8,
            0x002b_7d2b,
            0x00a0_5c00,
            0x001f_5fbf,
            0x00c2_3b3b,
            0x006a_7a00,
            0x0055_5f6b,
        ]
        .map(rgb)
        .to_vec(),
        ground: rgb(0x00fc_fcfd),
        selection: rgb(0x00cb_e0fb),
    }
}

/// Colours that people with any of the common colour blindnesses tell apart (Okabe and Ito, «Color Universal
/// Design», 2008); better is blue and worse is orange.
fn safe() -> Palette {
    Palette {
        text: rgb(0x00e6_e6e6),
        muted: rgb(0x009e_9e9e),
        accent: rgb(0x0056_b4e9),
        focus: rgb(0x0056_b4e9),
        frame: rgb(0x0066_6666),
        good: rgb(0x003a_a6f0),
        warn: rgb(0x00e6_9f00),
        bad: rgb(0x00d5_5e00),
        live: rgb(0x0000_9e73),
        champion: rgb(0x00e6_9f00),
        series: [
            0x0056_b4e9,
            0x00e6_9f00,
            0x0000_9e73,
            0x00cc_79a7,
            0x0000_72b2,
            0x00d5_5e00,
            0x00f0_e442,
            0x0099_9999,
        ]
        .map(rgb)
        .to_vec(),
        ground: rgb(0x0012_1212),
        selection: rgb(0x003a_3a3a),
    }
}

fn rgb(hex: u32) -> Color {
    Color::from_u32(hex)
}

impl Palette {
    /// The same palette on a terminal with so many colours.
    pub(super) fn at_depth(mut self, depth: Depth) -> Self {
        if depth == Depth::Ansi {
            self.make_plain();
        }
        let all = [
            &mut self.text,
            &mut self.ground,
            &mut self.selection,
            &mut self.muted,
            &mut self.accent,
            &mut self.focus,
            &mut self.frame,
            &mut self.good,
            &mut self.warn,
            &mut self.bad,
            &mut self.live,
            &mut self.champion,
        ];
        for color in all.into_iter().chain(self.series.iter_mut()) {
            *color = lower(*color, depth);
        }
        self
    }

    /// Sixteen colors have no shades: text and ground are black and white, what is muted is dim text, what is selected
    /// is reversed.
    fn make_plain(&mut self) {
        if let (Color::Rgb(..), Color::Rgb(r, g, b)) = (self.text, self.ground) {
            let is_light = u16::from(r) + u16::from(g) + u16::from(b) > 3 * 128;
            let (ink, ground) = (Color::Black, Color::White);
            (self.text, self.ground) = if is_light { (ink, ground) } else { (ground, ink) };
            (self.muted, self.frame, self.selection) = (self.text, self.text, Color::Reset);
        }
    }
}

fn lower(color: Color, depth: Depth) -> Color {
    let Color::Rgb(r, g, b) = color else { return color };
    match depth {
        Depth::True => color,
        Depth::Indexed => Color::Indexed(cube(r, g, b)),
        Depth::Ansi => nearest_ansi(r, g, b),
    }
}

/// The nearest color of xterm's 6×6×6 cube or its grey ramp. Exact entries stay themselves inside tmux.
fn cube(r: u8, g: u8, b: u8) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |v: u8| {
        (0..6u8)
            .min_by_key(|&i| i32::from(LEVELS[usize::from(i)]).abs_diff(i32::from(v)))
            .unwrap_or(0)
    };
    let (i, j, k) = (step(r), step(g), step(b));
    let at = |i: u8| LEVELS[usize::from(i)];
    let grey = ((u16::from(r) + u16::from(g) + u16::from(b)) / 3).clamp(8, 238) as u8;
    let ramp = (grey - 8) / 10;
    let level = 8 + 10 * ramp;
    let in_cube = distance((r, g, b), (at(i), at(j), at(k)));
    let in_ramp = distance((r, g, b), (level, level, level));
    if in_ramp < in_cube { 232 + ramp } else { 16 + 36 * i + 6 * j + k }
}

fn nearest_ansi(r: u8, g: u8, b: u8) -> Color {
    const ANSI: [(Color, (u8, u8, u8)); 13] = [
        (Color::Red, (205, 49, 49)),
        (Color::Green, (13, 188, 121)),
        (Color::Yellow, (200, 160, 16)),
        (Color::Blue, (36, 114, 200)),
        (Color::Magenta, (188, 63, 188)),
        (Color::Cyan, (17, 168, 205)),
        (Color::Gray, (200, 200, 200)),
        (Color::LightRed, (241, 76, 76)),
        (Color::LightGreen, (35, 209, 139)),
        (Color::LightYellow, (245, 245, 67)),
        (Color::LightBlue, (59, 142, 234)),
        (Color::LightMagenta, (214, 112, 214)),
        (Color::LightCyan, (41, 184, 219)),
    ];
    let near = ANSI.iter().min_by_key(|(_, other)| distance((r, g, b), *other));
    near.map_or(Color::Reset, |(color, _)| *color)
}

fn distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> u32 {
    let square = |x: u8, y: u8| u32::from(x.abs_diff(y)).pow(2);
    square(a.0, b.0) + square(a.1, b.1) + square(a.2, b.2)
}
