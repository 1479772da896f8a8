//! The command line: arguments, one file per verb, and the only output of the program.

mod args;
mod artifacts;
mod ask;
mod ask_args;
mod attributed;
mod bars;
mod best;
mod champion;
mod champion_show;
mod check;
mod csv_text;
mod data;
mod diff;
mod edit;
mod ensemble;
mod error;
mod front;
mod gate;
mod gate_show;
mod holdout;
mod errors;
mod explain;
mod explain_shap;
mod feasible;
mod file_rows;
mod importance;
mod export;
mod export_onnx;
mod init;
mod init_cut;
mod insight_args;
mod listing;
mod log;
mod logs;
mod model_args;
mod models;
mod open_trials;
mod out;
mod packed;
mod plot;
mod predict;
mod progress;
mod promote;
mod reaper;
mod reference;
mod registry;
mod replicates;
mod report;
mod report_args;
mod reporting;
mod reproduce;
mod run;
mod runs;
mod sampler;
mod script_args;
mod shell;
mod show;
mod show_curves;
mod show_sweep;
mod space;
mod sparkline;
mod steer;
mod steer_args;
mod store;
mod sweep;
mod sweep_gate;
mod sweeps;
mod table;
mod tell;
mod text;
mod trial;
mod tui;
mod tui_args;
mod unseen;
mod verify;
mod whole_file;

use args::Cli;
use error::{CliError, Exit};

use crate::host;
use crate::store::{Mode, Store};
use args::Command;
use clap::Parser;
use out::{Out, Role};
use std::path::PathBuf;

/// What every verb gets.
struct Ui {
    out: Out,
    color: out::ColorChoice,
    store: Option<PathBuf>,
}

impl Ui {
    /// The folder of the store: `--store`, `DERBY_STORE`, or the nearest `.derby` above.
    fn store_folder(&self) -> Result<PathBuf, CliError> {
        let here = std::env::current_dir()?;
        Ok(Store::find(&here, self.store.as_deref()))
    }

    /// The folder of a store that exists; one that does not is an error with the way to make it.
    fn existing_folder(&self) -> Result<PathBuf, CliError> {
        let folder = self.store_folder()?;
        if !folder.exists() {
            return Err(CliError::new(
                Exit::Failed,
                format!("no store at '{}': nothing has been recorded here", folder.display()),
            )
            .hint("derby sweep FILE makes one (derby init DATA.csv writes a FILE); --store names another place"));
        }
        Ok(folder)
    }

    /// The store for reading.
    fn read_store(&self) -> Result<Store, CliError> {
        Ok(Store::open(&self.existing_folder()?, Mode::ReadOnly)?)
    }

    /// The store for writing, made where there is none.
    fn write_store(&self, create: bool) -> Result<Store, CliError> {
        let folder = if create { self.store_folder() } else { self.existing_folder() }?;
        Ok(Store::open(&folder, Mode::ReadWrite { create })?)
    }
}

/// Parses the arguments, runs the verb, and returns the exit code.
pub fn run() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A help text that nobody reads to the end is no failure.
            let _ = error.print();
            return error.exit_code() as u8;
        }
    };
    if let Err(text) = host::clock::check() {
        return report(&Out::new(cli.color), &CliError::usage(text));
    }
    let ui = Ui { out: Out::new(cli.color), color: cli.color, store: cli.store };
    let result = match cli.command {
        Some(command) => dispatch(&ui, command),
        None => tui::alone(&ui),
    };
    match result {
        Ok(code) => code,
        Err(error) => report(&ui.out, &error),
    }
}

fn dispatch(ui: &Ui, command: Command) -> Result<u8, CliError> {
    let exit = match command {
        Command::Tui(args) => return tui::run(ui, &args),
        Command::Sweep(args) => sweep::run(ui, &args),
        Command::Steer(args) => steer::run(ui, &args),
        Command::Check(args) => check::run(ui, &args),
        Command::Space(args) => space::run(ui, &args),
        Command::Data(args) => data::run(ui, &args),
        Command::Init(args) => init::run(ui, &args),
        Command::Runs(args) => runs::run(ui, &args),
        Command::Show(args) => show::run(ui, &args),
        Command::Artifacts(args) => artifacts::run(ui, &args),
        Command::Run(args) => return run::run(ui, &args),
        Command::Log(args) => log::run(&args),
        Command::Logs(args) => logs::run(ui, &args),
        Command::Diff(args) => diff::run(ui, &args),
        Command::Best(args) => best::run(ui, &args),
        Command::Sweeps(args) => sweeps::run(ui, &args),
        Command::Gate(args) => gate::run(ui, &args),
        Command::Holdout(args) => holdout::run(ui, &args),
        Command::Champion(args) => champion::run(ui, &args),
        Command::Reproduce(args) => reproduce::run(ui, &args),
        Command::Explain(args) => explain::run(ui, &args),
        Command::Errors(args) => errors::run(ui, &args),
        Command::Importance(args) => importance::run(ui, &args),
        Command::Ensemble(args) => ensemble::run(ui, &args),
        Command::Export(args) => export::run(ui, &args),
        Command::Verify(args) => verify::run(ui, &args),
        Command::Predict(args) => predict::run(ui, &args),
        Command::Models(args) => models::run(ui, &args),
        Command::Note(args) => edit::note(ui, &args),
        Command::Tag(args) => edit::tag(ui, &args),
        Command::Rename(args) => edit::rename(ui, &args),
        Command::Rm(args) => edit::rm(ui, &args),
        Command::Store(args) => store::run(ui, &args),
        Command::Plot(args) => plot::run(ui, &args),
        Command::Report(args) => return report::run(ui, &args),
        Command::Completions(args) => shell::completions(ui, &args),
        Command::Man(args) => shell::man(ui, &args),
        Command::Reaper(args) => Ok(reaper::run(&args)),
        Command::Trial(args) => trial::run(&args),
        Command::Ask(args) => ask::run(ui, &args),
        Command::Tell(args) => tell::run(ui, &args),
        Command::Sampler(args) => sampler::run(ui, args),
    }?;
    Ok(exit as u8)
}

/// Says the error, unless it is a broken pipe: whoever read has what he wanted.
fn report(out: &Out, error: &CliError) -> u8 {
    if error.is_broken_pipe() {
        return Exit::Done as u8;
    }
    let text = error.to_string().split('\n').map(out::safe).collect::<Vec<_>>().join("\n");
    let (word, rest) = text.split_once(':').unwrap_or(("error", &text));
    out.note(&format!("{}:{rest}", out.paint_error(Role::Bad, word)));
    error.exit as u8
}
