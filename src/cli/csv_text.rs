//! Comma-separated values: rows in, text out.

use super::CliError;

/// Text under construction. All rows must have as many cells as the first.
pub(super) struct CsvText(csv::Writer<Vec<u8>>);

impl CsvText {
    /// Text without a row.
    pub(super) fn new() -> Self {
        Self(csv::Writer::from_writer(Vec::new()))
    }

    /// Adds a row; cells are quoted where they need it.
    pub(super) fn row<C: AsRef<[u8]>>(
        &mut self,
        cells: impl IntoIterator<Item = C>,
    ) -> Result<(), CliError> {
        Ok(self.0.write_record(cells).map_err(std::io::Error::other)?)
    }

    /// The text.
    pub(super) fn finish(self) -> Result<String, CliError> {
        let bytes = self.0.into_inner().map_err(csv::IntoInnerError::into_error)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
