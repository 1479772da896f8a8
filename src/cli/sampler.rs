//! `derby sampler`: the samplers over JSON lines, for programs in any language.

use super::ask_args::SamplerArgs;
use super::out::lines;
use super::{CliError, Exit, Ui};
use crate::sampler::wire::{Wire, serve};
use crate::sampler::{SessionError, names};
use std::io::{self, IsTerminal};

pub(super) fn run(ui: &Ui, args: SamplerArgs) -> Result<Exit, CliError> {
    if let Some(name) = args.sampler.as_ref().filter(|name| !names().contains(&name.as_str())) {
        return Err(CliError::usage(
            SessionError::UnknownSampler { name: name.clone() }.to_string(),
        ));
    }
    if io::stdin().is_terminal() {
        ui.out.note(
            "reading JSON lines, the first of them with a \"space\" (see --help); Ctrl-D ends",
        );
    }
    let mut wire = Wire::default();
    wire.sampler = args.sampler;
    serve(&mut wire, io::stdin().lock(), lines())?;
    Ok(Exit::Done)
}
