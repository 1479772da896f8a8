//! Stub.
use super::model_args::RuleArgs;
use super::registry::Books;
use super::{CliError, Exit, Ui};
pub(super) fn run(_: &Ui, _: &Books, _: &str, _: &str, _: &RuleArgs) -> Result<Exit, CliError> {
    Err(CliError::usage("x"))
}
