//! What is remembered from one start to the next: theme, columns, views. A file of the user's, never of the project's.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// The theme.
    pub theme: Option<String>,
    /// What every screen remembers.
    pub screens: BTreeMap<String, serde_json::Value>,
}

/// Where it is kept: `DERBY_STATE`, else `derby/tui.json` in `XDG_STATE_HOME` or `~/.local/state`.
pub fn file() -> Option<PathBuf> {
    let given =
        |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = given("DERBY_STATE") {
        return Some(path);
    }
    let folder = given("XDG_STATE_HOME").or_else(|| Some(given("HOME")?.join(".local/state")))?;
    Some(folder.join("derby/tui.json"))
}

impl Remembered {
    /// What was remembered; nothing if there is no such file or it cannot be understood.
    pub fn load(file: &std::path::Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Remembers it, whole or not at all. A link keeps its place; what is no regular file, like `/dev/null`, keeps nothing.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, file: &std::path::Path) -> io::Result<()> {
        let file = &std::fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
        if std::fs::metadata(file).is_ok_and(|there| !there.is_file()) {
            return Ok(());
        }
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let fresh = file.with_extension(format!("{}.new", std::process::id()));
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        std::fs::write(&fresh, text)?;
        std::fs::rename(&fresh, file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_and_nonsense_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a/tui.json");
        assert_eq!(Remembered::load(&file), Remembered::default());
        let mut remembered = Remembered { theme: Some("dark".into()), ..Remembered::default() };
        remembered.screens.insert("runs".into(), serde_json::json!({"columns": ["auc"]}));
        remembered.save(&file).unwrap();
        assert_eq!(Remembered::load(&file), remembered);
        std::fs::write(&file, "{ not json").unwrap();
        assert_eq!(Remembered::load(&file), Remembered::default());
    }

    #[test]
    fn only_a_regular_file_is_replaced_and_a_link_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        Remembered::default().save(std::path::Path::new("/dev/null")).unwrap();
        assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
        std::fs::write(path("kept.json"), "{}").unwrap();
        std::os::unix::fs::symlink(path("kept.json"), path("tui.json")).unwrap();
        let remembered = Remembered { theme: Some("dark".into()), ..Remembered::default() };
        remembered.save(&path("tui.json")).unwrap();
        assert!(std::fs::symlink_metadata(path("tui.json")).unwrap().is_symlink());
        assert_eq!(Remembered::load(&path("kept.json")), remembered);
        std::fs::create_dir(path("folder")).unwrap();
        remembered.save(&path("folder")).unwrap();
    }
}
