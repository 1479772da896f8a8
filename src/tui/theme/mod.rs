//! Colours by role, and the glyphs: what a screen says is a role, what the terminal gets is the theme's.

mod file;
mod palettes;
pub mod signs;

pub use file::ThemeError;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

/// What a piece of text or a line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Labels, units, what is less important.
    Muted,
    /// Names of things, keys.
    Accent,
    /// The frame that has the focus.
    Focus,
    /// Frames without the focus.
    Frame,
    /// Better, done, passed.
    Good,
    /// Needs a look.
    Warn,
    /// Worse, failed.
    Bad,
    /// At work right now.
    Live,
    /// The champion.
    Champion,
    /// The n-th curve; numbers wrap.
    Series(usize),
}

/// How many colours the terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The terminal's own 16.
    Ansi,
    /// xterm's 256.
    Indexed,
    /// 24 bits.
    True,
}

/// Colours of the roles; `Color::Reset` is the terminal's own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Palette {
    pub(super) text: Color,
    pub(super) muted: Color,
    pub(super) accent: Color,
    pub(super) focus: Color,
    pub(super) frame: Color,
    pub(super) good: Color,
    pub(super) warn: Color,
    pub(super) bad: Color,
    pub(super) live: Color,
    pub(super) champion: Color,
    pub(super) series: Vec<Color>,
    /// Behind everything; `Color::Reset` leaves the terminal's own.
    pub(super) ground: Color,
    /// Behind a selected row; `Color::Reset` for text and ground reversed.
    pub(super) selection: Color,
}

/// A look: colours and glyphs.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    name: String,
    /// None for a theme without any colour.
    palette: Option<Palette>,
    /// True if only ASCII may be drawn.
    pub ascii: bool,
}

impl Theme {
    /// Names of the built-in themes, the default first.
    pub const NAMES: [&'static str; 5] = ["terminal", "dark", "light", "safe", "mono"];

    /// A theme by name, or from a TOML file of roles (a name with a `.` or a `/`).
    ///
    /// # Errors
    /// [`ThemeError`] for a name that is none, or a file that does not say roles and colours.
    pub fn load(name: &str, ascii: bool, depth: Depth) -> Result<Self, ThemeError> {
        let palette = match palettes::by_name(name) {
            Some(palette) => palette,
            None if name.contains(['.', '/']) => Some(file::read(name)?),
            None => return Err(ThemeError::Unknown(name.into())),
        };
        let palette = palette.map(|palette| palette.at_depth(depth));
        Ok(Self { name: name.into(), palette, ascii })
    }

    /// The name that it was loaded by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True if it uses no colour.
    pub fn is_mono(&self) -> bool {
        self.palette.is_none()
    }

    /// The style of a role. Without colours, weight and reverse video say the most important.
    pub fn style(&self, role: Role) -> Style {
        let Some(palette) = &self.palette else { return mono(role) };
        let color = match role {
            Role::Text => palette.text,
            Role::Muted => palette.muted,
            Role::Accent => palette.accent,
            Role::Focus => palette.focus,
            Role::Frame => palette.frame,
            Role::Good => palette.good,
            Role::Warn => palette.warn,
            Role::Bad => palette.bad,
            Role::Live => palette.live,
            Role::Champion => palette.champion,
            Role::Series(n) => palette.series[n % palette.series.len()],
        };
        let style = Style::new().fg(color);
        match role {
            Role::Champion | Role::Focus => style.add_modifier(Modifier::BOLD),
            // Where there is no grey of its own; the terminal's grey is the ground itself in some palettes.
            Role::Muted | Role::Frame if color == palette.text || color == Color::Reset => {
                style.add_modifier(Modifier::DIM)
            }
            _ => style,
        }
    }

    /// The style of a row that is selected: one color on one ground, whatever the colors of its cells.
    pub fn selected(&self, is_focused: bool) -> Style {
        let (text, selection) = match &self.palette {
            Some(palette) => (palette.text, palette.selection),
            None => (Color::Reset, Color::Reset),
        };
        let style = Style::new().fg(text);
        let style = if selection == Color::Reset {
            let ground = self.palette.as_ref().map_or(Color::Reset, |palette| palette.ground);
            style.bg(ground).add_modifier(Modifier::REVERSED)
        } else {
            style.bg(selection)
        };
        if is_focused {
            style.remove_modifier(Modifier::DIM).add_modifier(Modifier::BOLD)
        } else {
            style.remove_modifier(Modifier::BOLD).add_modifier(Modifier::DIM)
        }
    }

    /// Text and ground where nothing else is said; `Color::Reset` for the terminal's own.
    pub fn base(&self) -> (Color, Color) {
        self.palette
            .as_ref()
            .map_or((Color::Reset, Color::Reset), |palette| (palette.text, palette.ground))
    }

    /// Gives every cell that has no color of its own the theme's: a theme for a light ground brings that ground along.
    pub(super) fn fill(&self, buf: &mut Buffer) {
        let (text, ground) = self.base();
        if (text, ground) == (Color::Reset, Color::Reset) {
            return;
        }
        for cell in &mut buf.content {
            if cell.fg == Color::Reset {
                cell.fg = text;
            }
            if cell.bg == Color::Reset {
                cell.bg = ground;
            }
        }
    }

    /// The glyph: the first, or the second where only ASCII may be drawn.
    pub fn glyph(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { unicode }
    }
}

impl Default for Theme {
    fn default() -> Self {
        Self {
            name: "terminal".into(),
            palette: palettes::by_name("terminal").flatten(),
            ascii: false,
        }
    }
}

fn mono(role: Role) -> Style {
    match role {
        Role::Muted | Role::Frame => Style::new().add_modifier(Modifier::DIM),
        Role::Bad | Role::Champion | Role::Focus | Role::Accent => {
            Style::new().add_modifier(Modifier::BOLD)
        }
        _ => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_theme_loads_and_mono_has_no_color() {
        for name in Theme::NAMES {
            let theme = Theme::load(name, false, Depth::Ansi).unwrap();
            let roles = [Role::Text, Role::Muted, Role::Good, Role::Bad, Role::Series(9)];
            let colored = roles.iter().any(|role| theme.style(*role).fg.is_some());
            assert_eq!(colored, name != "mono", "{name}");
        }
        assert!(Theme::load("solarised", false, Depth::True).is_err());
    }

    #[test]
    fn a_theme_of_fixed_colors_brings_its_ground_and_what_is_selected_is_of_one_color() {
        use ratatui::layout::Rect;
        for name in Theme::NAMES {
            for depth in [Depth::Ansi, Depth::Indexed, Depth::True] {
                let theme = Theme::load(name, false, depth).unwrap();
                let area = Rect::new(0, 0, 3, 1);
                let mut buf = Buffer::empty(area);
                buf.set_string(0, 0, "a", theme.style(Role::Good));
                buf.set_string(1, 0, "b", theme.style(Role::Muted));
                buf.set_style(Rect::new(0, 0, 2, 1), theme.selected(true));
                theme.fill(&mut buf);
                let (a, b) = (&buf[(0, 0)], &buf[(1, 0)]);
                assert_eq!((a.fg, a.bg, a.modifier), (b.fg, b.bg, b.modifier), "{name}");
                let is_own = ["terminal", "mono"].contains(&name);
                assert_eq!(buf[(2, 0)].bg == Color::Reset, is_own, "{name}");
                assert_eq!(theme.base().0 == Color::Reset, is_own, "{name}");
                assert!(is_own || theme.base().0 != theme.base().1, "{name}");
            }
        }
    }

    #[test]
    fn what_is_muted_never_has_the_gray_that_may_be_the_ground() {
        for name in Theme::NAMES {
            let theme = Theme::load(name, false, Depth::Ansi).unwrap();
            for role in [Role::Muted, Role::Frame] {
                let style = theme.style(role);
                assert_ne!(style.fg, Some(Color::DarkGray), "{name}");
                assert!(style.add_modifier.contains(Modifier::DIM), "{name}");
            }
        }
    }

    #[test]
    fn sixteen_colors_never_get_more() {
        for name in Theme::NAMES {
            let theme = Theme::load(name, false, Depth::Ansi).unwrap();
            for n in 0..8 {
                let style = theme.style(Role::Series(n));
                assert!(!matches!(style.fg, Some(Color::Rgb(..) | Color::Indexed(_))), "{name}");
            }
        }
    }
}
