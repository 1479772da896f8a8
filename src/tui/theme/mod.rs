//! Colours by role, and the glyphs: what a screen says is a role, what the terminal gets is the theme's.

mod file;
mod palettes;

pub use file::ThemeError;

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
            _ => style,
        }
    }

    /// The style of a row that is selected: reversed, whatever the colours.
    pub fn selected(&self, is_focused: bool) -> Style {
        let style = Style::new().add_modifier(Modifier::REVERSED);
        if is_focused {
            style.add_modifier(Modifier::BOLD)
        } else {
            style.add_modifier(Modifier::DIM)
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
