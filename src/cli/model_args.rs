//! Arguments of the verbs around models: gate, champion, export and kin. The doc comments are the help text.

use clap::Args;

/// Arguments of `derby reproduce`.
#[derive(Debug, Args)]
pub(super) struct ReproduceArgs {
    /// A run of a built-in model: 12, its name, or the start of its uuid
    pub(super) run: String,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}
