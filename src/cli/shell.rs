//! `derby completions` and `derby man`: what a package of derby installs.

use super::args::{Cli, CompletionsArgs, ManArgs};
use super::{CliError, Exit, Ui};
use clap::CommandFactory;

pub(super) fn completions(ui: &Ui, args: &CompletionsArgs) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "derby", &mut script);
    ui.out.raw(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

pub(super) fn man(ui: &Ui, args: &ManArgs) -> Result<Exit, CliError> {
    std::fs::create_dir_all(&args.folder)?;
    clap_mangen::generate_to(Cli::command(), &args.folder)?;
    ui.out.line(&format!(" wrote  {}", args.folder.display()))?;
    Ok(Exit::Done)
}
