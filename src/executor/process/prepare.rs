//! From the section and an assignment to everything that a process starts with.

use super::environment::{self, Surroundings};
use super::folders::{OWN_NAMES, RunFolder, checkpoint_folder, run_folder};
use super::launch::{Input, Launch, is_shortage};
use super::sources::Sources;
use super::{Fault, HandedFile, ProcessError, ProcessSetup, program};
use crate::executor::Assignment;
use crate::protocol::{Intake, IntakeError, MetricFile};
use crate::spec::{
    self, CommandSection, FileFormat, Invocation, MetricSource, Piece, RenderValues, Text,
};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// A command whose parts have been checked.
pub(super) struct Plan {
    pub(super) section: CommandSection,
    pub(super) setup: ProcessSetup,
    sources: Sources,
    /// The program's file, where it is the same for every run.
    program: Option<PathBuf>,
}

/// One run, ready to start.
pub(super) struct Prepared {
    pub(super) folder: RunFolder,
    pub(super) run_key: String,
    program: PathBuf,
    arguments: Vec<String>,
    cwd: PathBuf,
    environment: Vec<(OsString, Option<OsString>)>,
    files: Vec<(PathBuf, FileFormat)>,
}

impl Plan {
    /// Checks the section; its paths become absolute.
    pub(super) fn new(section: &CommandSection, setup: ProcessSetup) -> Result<Self, ProcessError> {
        let mut section = section.clone();
        let mut setup = setup;
        section.folder = absolute(&section.folder)?;
        setup.store = absolute(&setup.store)?;
        for template in &section.templates {
            check_template(&template.name)?;
        }
        let sources = Sources::find(&section.folder, &section.copy, &setup.store)?;
        let mut plan = Self { section, setup, sources, program: None };
        plan.intake()?;
        plan.program = plan.check_program()?;
        Ok(plan)
    }

    /// Lines to metrics, from the beginning.
    pub(super) fn intake(&self) -> Result<Intake, IntakeError> {
        let objective = self.setup.objectives.first().map_or("", String::as_str);
        Intake::new(&self.section.metrics, objective, &self.section.summaries)
    }

    /// Finds the program if no run changes what it is or where it starts.
    fn check_program(&self) -> Result<Option<PathBuf>, ProcessError> {
        let Some(cwd) = self.fixed_cwd()? else { return self.check_copied() };
        let name = match &self.section.run {
            Invocation::Shell(_) => Some("sh".to_string()),
            Invocation::Args(groups) => {
                groups.first().and_then(|group| group.first()).and_then(fixed)
            }
        };
        match (name, self.fixed_path()) {
            (Some(name), Some(path)) => program::find(&name, &cwd, &path).map(Some),
            _ => Ok(None),
        }
    }

    /// The folder that every run starts in, where it is one.
    fn fixed_cwd(&self) -> Result<Option<PathBuf>, ProcessError> {
        let cwd = match &self.section.cwd {
            Some(text) => fixed(text).map(|text| self.section.folder.join(text)),
            None => self.sources.is_empty().then(|| self.section.folder.clone()),
        };
        match cwd {
            Some(cwd) if !cwd.is_dir() => Err(ProcessError::WorkingFolder(cwd)),
            cwd => Ok(cwd),
        }
    }

    /// Where every run starts in its own folder: the program is looked for where it is copied from.
    fn check_copied(&self) -> Result<Option<PathBuf>, ProcessError> {
        let Invocation::Args(groups) = &self.section.run else { return Ok(None) };
        let name = groups.first().and_then(|group| group.first()).and_then(fixed);
        let (Some(name), Some(path)) = (name, self.fixed_path()) else { return Ok(None) };
        let is_below = name.contains('/') && Path::new(&name).is_relative();
        let starts_in_own = self.section.cwd.as_ref().is_none_or(|cwd| cwd.0 == [Piece::RunDir]);
        let is_template = self.section.templates.iter().any(|template| {
            Path::new(&template.name).components().eq(plain(Path::new(&name)).components())
        });
        if is_below && starts_in_own && !is_template && !self.sources.holds(Path::new(&name)) {
            return Err(ProcessError::Program {
                reason:
                    "is looked for in the folder of the run, where nothing copies it to: add it to \
                         [command] copy, or write its whole path"
                        .into(),
                name,
            });
        }
        if is_template || (is_below && !starts_in_own) {
            return Ok(None);
        }
        let found = program::find(&name, &self.section.folder, &path)?;
        Ok((!is_below).then_some(found))
    }

    /// The PATH that every run gets, where it is one.
    fn fixed_path(&self) -> Option<OsString> {
        match self.section.env.iter().rev().find(|(name, _)| name == "PATH") {
            Some((_, text)) => fixed(text).map(OsString::from),
            None => Some(program::search_path()),
        }
    }

    /// Makes the folders of a run and everything in them.
    pub(super) fn prepare(
        &self,
        assignment: &Assignment,
        gpus: Option<&str>,
    ) -> Result<Prepared, Fault> {
        let (section, setup) = (&self.section, &self.setup);
        let folder = RunFolder::make(
            run_folder(&setup.store, assignment.run),
            checkpoint_folder(
                &setup.store,
                &setup.checkpoint_key,
                assignment.trial,
                assignment.replicate,
            ),
            &assignment.params,
        )
        .map_err(|error| Fault::machine("the run's folder cannot be made", &error))?;
        let values = RenderValues {
            params: &assignment.params,
            seed: assignment.seed,
            trial: assignment.trial,
            run: assignment.run.0,
            run_dir: &folder.path,
            artifacts: &folder.artifacts,
            checkpoint: &folder.checkpoint,
            json: &folder.params,
        };
        self.write_files(&folder, &values).map_err(|error| write_fault(&error))?;
        let cwd = self.cwd(&folder, &values)?;
        let own: Vec<(String, String)> = section
            .env
            .iter()
            .filter_map(|(name, text)| Some((name.clone(), text.render(&values)?)))
            .collect();
        let run_key = format!("{}-{}", setup.owner, assignment.run);
        let environment = environment::changes(&Surroundings {
            assignment,
            folder: &folder,
            store: &setup.store,
            owner: &setup.owner,
            run_key: &run_key,
            cpus: setup.cpus,
            gpus,
            own: &own,
            handed: &setup.handed,
        });
        let arguments = spec::arguments(&section.run, &values);
        let program = self.program(&arguments, &cwd, &own)?;
        let files = self.metric_files(&cwd, &values)?;
        Ok(Prepared { folder, run_key, program, arguments, cwd, environment, files })
    }

    fn write_files(&self, folder: &RunFolder, values: &RenderValues<'_>) -> io::Result<()> {
        for file in &self.setup.handed {
            hand_over(file)?;
        }
        self.sources.copy_to(&folder.path)?;
        for template in &self.section.templates {
            let file = folder.path.join(&template.name);
            if let Some(parent) = file.parent() {
                fs::create_dir_all(parent)?;
            }
            // Through a link among the copies, the file that it leads to would be overwritten.
            let _ = fs::remove_file(&file);
            fs::write(file, template.fill(values))?;
        }
        Ok(())
    }

    fn cwd(&self, folder: &RunFolder, values: &RenderValues<'_>) -> Result<PathBuf, Fault> {
        let Some(text) = &self.section.cwd else {
            let is_own = !self.sources.is_empty();
            return Ok(if is_own { folder.path.clone() } else { self.section.folder.clone() });
        };
        let text = text.render(values).ok_or_else(|| inactive("cwd", text, values))?;
        let cwd = self.section.folder.join(text);
        let is_own = cwd.starts_with(&folder.path) || cwd.starts_with(&folder.checkpoint);
        if is_own {
            fs::create_dir_all(&cwd).map_err(|error| write_fault(&error))?;
        } else if !cwd.is_dir() {
            return Err(Fault::own(ProcessError::WorkingFolder(cwd).to_string()));
        }
        Ok(cwd)
    }

    fn program(
        &self,
        arguments: &[String],
        cwd: &Path,
        own: &[(String, String)],
    ) -> Result<PathBuf, Fault> {
        if let Some(program) = &self.program {
            return Ok(program.clone());
        }
        let Some(name) = arguments.first() else {
            return Err(Fault::own(
                "no argument of [command] run is left: all name inactive parameters",
            ));
        };
        let path = own.iter().rev().find(|(name, _)| name == "PATH");
        let path = path.map_or_else(program::search_path, |(_, path)| path.into());
        program::find(name, cwd, &path).map_err(|error| Fault::own(error.to_string()))
    }

    fn metric_files(
        &self,
        cwd: &Path,
        values: &RenderValues<'_>,
    ) -> Result<Vec<(PathBuf, FileFormat)>, Fault> {
        let mut files = Vec::new();
        for source in &self.section.metrics {
            if let MetricSource::File { path, format } = source {
                let text =
                    path.render(values).ok_or_else(|| inactive("metrics file", path, values))?;
                files.push((cwd.join(text), *format));
            }
        }
        Ok(files)
    }
}

impl Prepared {
    /// What is started.
    pub(super) fn launch(&self) -> Launch<'_> {
        Launch {
            program: &self.program,
            arguments: &self.arguments,
            cwd: &self.cwd,
            environment: &self.environment,
            input: Input::None,
        }
    }

    /// Files that grow, to be followed from before the process starts. What another run has left in the
    /// file of the sweep is not this run's.
    pub(super) fn files(&self) -> Result<Vec<MetricFile>, Fault> {
        let follow = |(path, format): &(PathBuf, FileFormat)| {
            MetricFile::skip_old(path, *format).map_err(|error| {
                Fault::own(format!(
                    "the file of metrics '{}' cannot be read: {error}",
                    path.display()
                ))
            })
        };
        let mut files = self.files.iter().map(follow).collect::<Result<Vec<_>, _>>()?;
        // `derby log` makes this one; the folder is new.
        files.push(MetricFile::new(&self.folder.metrics, FileFormat::Jsonl));
        Ok(files)
    }
}

/// What a process that could not be started says of it.
pub(super) fn start_fault(prepared: &Prepared, error: &io::Error) -> Fault {
    let name = prepared.arguments.first().map_or("", String::as_str);
    if is_shortage(error) {
        return Fault::machine(&format!("'{name}' cannot be started"), error);
    }
    // The kernel does not say which of the files is missing.
    let reason = match program::find(name, &prepared.cwd, &program::search_path()) {
        Err(problem) => problem.to_string(),
        Ok(_) if error.kind() == io::ErrorKind::InvalidInput => {
            format!("'{name}' cannot be started: an argument or a variable holds a NUL byte")
        }
        Ok(file) => format!("'{name}' ('{}') cannot be started: {error}", file.display()),
    };
    Fault::own(reason)
}

/// The text where no run changes it.
fn fixed(text: &Text) -> Option<String> {
    let pieces = text.0.iter().map(|piece| match piece {
        Piece::Literal(text) => Some(text.clone()),
        Piece::Env(name) => {
            Some(std::env::var_os(name).unwrap_or_default().to_string_lossy().into_owned())
        }
        _ => None,
    });
    pieces.collect()
}

/// A path without `.` components.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

fn absolute(path: &Path) -> Result<PathBuf, ProcessError> {
    // An empty path is the current folder, which `absolute` refuses to take for it.
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    std::path::absolute(path).map_err(ProcessError::CurrentFolder)
}

fn check_template(name: &str) -> Result<(), ProcessError> {
    let wrong =
        |reason: &str| Err(ProcessError::Template { name: name.into(), reason: reason.into() });
    let mut parts = Path::new(name).components();
    if name.is_empty() || !parts.clone().all(|part| matches!(part, Component::Normal(_))) {
        return wrong("write a relative path without '..'");
    }
    if parts.next().is_some_and(|first| OWN_NAMES.iter().any(|own| first.as_os_str() == *own)) {
        return wrong("derby writes a file of that name there itself");
    }
    Ok(())
}

fn inactive(what: &str, text: &Text, values: &RenderValues<'_>) -> Fault {
    let name = text.params().find(|name| values.params.get(name).is_none()).unwrap_or_default();
    Fault::own(format!(
        "[command] {what} names '{name}', which is not active in this configuration"
    ))
}

/// Writes a file that all runs share, whole or not at all: other processes may do the same.
fn hand_over(file: &HandedFile) -> io::Result<()> {
    let Some(text) = file.text.as_ref().filter(|_| !file.path.exists()) else { return Ok(()) };
    if let Some(folder) = file.path.parent() {
        fs::create_dir_all(folder)?;
    }
    // A name of its own: other workers of this process do it, too.
    let part = file.path.with_extension(format!("{}.part", uuid::Uuid::now_v7().simple()));
    fs::write(&part, text.as_bytes())?;
    fs::rename(&part, &file.path)
}

/// The run's files could not be written: the disk is to blame, unless a source has gone meanwhile.
fn write_fault(error: &io::Error) -> Fault {
    let is_infrastructure = error.kind() != io::ErrorKind::NotFound;
    Fault { reason: format!("the run's files cannot be written: {error}"), is_infrastructure }
}
