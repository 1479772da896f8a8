//! Stub until the reports come.
use super::gate::Trial;
use super::{CliError, Ui};
use crate::candidate::Answer;
use crate::store::Store;
pub(super) fn after_gate(
    _: &Ui,
    _: &Store,
    _: &Trial,
    _: Option<&Answer>,
    _: &[std::path::PathBuf],
) -> Result<(), CliError> {
    Ok(())
}
