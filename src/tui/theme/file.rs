//! A theme of the user's own: a TOML file of roles and colours.

use super::{Palette, Theme, palettes};
use ratatui::style::Color;
use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

/// A theme that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// No theme of that name.
    #[error("unknown theme '{0}'; one of {names}, or a .toml file of roles", names = Theme::NAMES.join(", "))]
    Unknown(String),
    /// The file cannot be read.
    #[error("could not read the theme '{path}': {source}")]
    Read {
        /// Its path.
        path: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("the theme '{path}' is no TOML of roles: {text}")]
    Toml {
        /// Its path.
        path: String,
        /// What the parser says.
        text: String,
    },
    /// A key that is no role.
    #[error("{path}: '{role}' is no role; roles are {roles}", roles = ROLES.join(", "))]
    Role {
        /// The file.
        path: String,
        /// The key.
        role: String,
    },
    /// A value that is no colour.
    #[error(
        "{path}: '{color}' of '{role}' is no color; write \"#88c0d0\", \"cyan\" or \"bright-red\""
    )]
    Color {
        /// The file.
        path: String,
        /// The role.
        role: String,
        /// The value.
        color: String,
    },
}

const ROLES: [&str; 13] = [
    "text",
    "ground",
    "selection",
    "muted",
    "accent",
    "focus",
    "frame",
    "good",
    "warn",
    "bad",
    "live",
    "champion",
    "series",
];

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Given {
    One(String),
    Many(Vec<String>),
}

/// The palette of a file; roles that it does not name are the default theme's.
pub(super) fn read(path: &str) -> Result<Palette, ThemeError> {
    let text = std::fs::read_to_string(Path::new(path))
        .map_err(|source| ThemeError::Read { path: path.into(), source })?;
    let toml = |error: toml::de::Error| ThemeError::Toml {
        path: path.into(),
        text: error.message().into(),
    };
    let given: BTreeMap<String, Given> = toml::from_str(&text).map_err(toml)?;
    let mut palette = palettes::by_name("terminal").flatten().unwrap_or_else(|| Palette {
        text: Color::Reset,
        muted: Color::Reset,
        accent: Color::Reset,
        focus: Color::Reset,
        frame: Color::Reset,
        good: Color::Reset,
        warn: Color::Reset,
        bad: Color::Reset,
        live: Color::Reset,
        champion: Color::Reset,
        series: vec![Color::Reset],
        ground: Color::Reset,
        selection: Color::Reset,
    });
    for (role, value) in given {
        let color = |text: &str| {
            Color::from_str(text).map_err(|_| ThemeError::Color {
                path: path.into(),
                role: role.clone(),
                color: text.into(),
            })
        };
        match (&value, palette.of(&role)) {
            (Given::One(text), Some(place)) => *place = color(text)?,
            (Given::Many(all), _) if role == "series" && !all.is_empty() => {
                palette.series = all.iter().map(|text| color(text)).collect::<Result<_, _>>()?;
            }
            _ => return Err(ThemeError::Role { path: path.into(), role }),
        }
    }
    Ok(palette)
}

impl Palette {
    fn of(&mut self, role: &str) -> Option<&mut Color> {
        Some(match role {
            "text" => &mut self.text,
            "ground" => &mut self.ground,
            "selection" => &mut self.selection,
            "muted" => &mut self.muted,
            "accent" => &mut self.accent,
            "focus" => &mut self.focus,
            "frame" => &mut self.frame,
            "good" => &mut self.good,
            "warn" => &mut self.warn,
            "bad" => &mut self.bad,
            "live" => &mut self.live,
            "champion" => &mut self.champion,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Palette, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, text).unwrap();
        read(path.to_str().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn roles_are_read_and_the_rest_stays() {
        let palette = check("bad = '#ff0000'\nseries = ['red', 'bright-blue']").unwrap();
        assert_eq!((palette.bad, palette.series.len()), (Color::Rgb(255, 0, 0), 2));
        assert_eq!(palette.good, Color::Green);
    }

    #[test]
    fn a_wrong_role_or_color_is_named() {
        assert!(check("worse = 'red'").unwrap_err().contains("'worse' is no role"));
        assert!(check("bad = 'ultraviolett'").unwrap_err().contains("'ultraviolett' of 'bad'"));
        assert!(check("bad = ").unwrap_err().contains("no TOML"));
    }
}
