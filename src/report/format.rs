//! Which format a file's name asks for.

use super::{Markdown, Report, html, json, junit, markdown, openmetrics, text};
use std::path::{Path, PathBuf};

/// A way to write a report into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As on a terminal.
    Text,
    /// For a comment or a summary.
    Markdown,
    /// A file for a browser.
    Html,
    /// For programs, and as the next baseline.
    Json,
    /// For a forge's list of tests.
    Junit,
    /// For GitLab's metrics report and Prometheus.
    OpenMetrics,
}

/// The name says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{path}' does not say which format; mend: end the name with one of .txt, .md, .html, .json, .xml, .prom (metrics.txt is OpenMetrics too)"
)]
pub struct FormatError {
    /// The file.
    pub path: PathBuf,
}

impl Format {
    /// Every format, with its word and the endings of its files.
    pub const ALL: [(Self, &'static str, &'static [&'static str]); 6] = [
        (Self::Text, "text", &["txt"]),
        (Self::Markdown, "markdown", &["md", "markdown"]),
        (Self::Html, "html", &["html", "htm"]),
        (Self::Json, "json", &["json"]),
        (Self::Junit, "junit", &["xml"]),
        (Self::OpenMetrics, "openmetrics", &["prom", "om", "openmetrics"]),
    ];

    /// The format of a file by the end of its name.
    ///
    /// # Errors
    /// When the end is none of a report's.
    pub fn of(path: &Path) -> Result<Self, FormatError> {
        // The name by which GitLab's metrics reports go.
        if path.file_name().is_some_and(|name| name == "metrics.txt") {
            return Ok(Self::OpenMetrics);
        }
        let end = path.extension().and_then(std::ffi::OsStr::to_str).map(str::to_lowercase);
        let named = |ends: &[&str]| end.as_deref().is_some_and(|end| ends.contains(&end));
        let found = Self::ALL.into_iter().find(|(_, _, ends)| named(ends));
        found.map(|(format, ..)| format).ok_or_else(|| FormatError { path: path.into() })
    }

    /// The word of the command line.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(format, ..)| *format == self).map_or("", |(_, word, _)| word)
    }

    /// Reads the word of the command line.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, name, _)| *name == word).map(|(format, ..)| format)
    }

    /// Writes a report; `options` are for Markdown.
    pub fn render(self, report: &Report, options: &Markdown<'_>) -> String {
        match self {
            Self::Text => text(report),
            Self::Markdown => markdown(report, options),
            Self::Html => html(report),
            Self::Json => json(report),
            Self::Junit => junit(report),
            Self::OpenMetrics => openmetrics(report),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_name_decides() {
        for (format, word, ends) in Format::ALL {
            assert_eq!((Format::parse(word), format.word()), (Some(format), word));
            for end in ends {
                assert_eq!(Format::of(&PathBuf::from(format!("a/b.{end}"))), Ok(format));
            }
        }
        assert_eq!(Format::of(Path::new("REPORT.MD")), Ok(Format::Markdown));
        assert_eq!(Format::of(Path::new("a/metrics.txt")), Ok(Format::OpenMetrics));
        for name in ["report", "report.pdf", ".md", "dir.md/"] {
            let said = Format::of(Path::new(name)).map_err(|error| error.to_string());
            let expect = name == "dir.md/";
            assert_eq!(said.is_ok(), expect, "{said:?}");
        }
    }
}
