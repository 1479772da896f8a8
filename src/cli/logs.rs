//! `derby logs`: the output of a run, as it was written or as it comes.

use super::out::safe;
use super::script_args::LogsArgs;
use super::show::OUTPUT;
use super::{CliError, Exit, Ui};
use crate::domain::RunRecord;
use crate::protocol::{LogLine, LogReader, Stream};
use crate::store::Store;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::thread::park_timeout;
use std::time::Duration;

/// Between two looks at a run that is at work.
const LOOK: Duration = Duration::from_millis(100);
/// Bytes that are printed at once.
const CHUNK: usize = 64 * 1024;

type Reader = LogReader<BufReader<Box<dyn Read>>>;

pub(super) fn run(ui: &Ui, args: &LogsArgs) -> Result<Exit, CliError> {
    let store = ui.read_store()?;
    let mut run = store.run(&args.run)?;
    let mut printer = Printer::new(ui, args);
    let mut reader: Option<Reader> = None;
    let mut seen = None;
    loop {
        // Looked at before the output is read: what a run wrote last is there once it is over.
        let now = store.change_seq()?;
        if seen != Some(now) {
            seen = Some(now);
            run = store.run_by_id(run.id)?;
        }
        let is_lost = !run.status.is_over() && args.follow && store.is_lost(run.id)?;
        let is_over = run.status.is_over() || is_lost;
        if reader.is_none() {
            reader = open(&store, &run)?;
        }
        if let Some(reader) = &mut reader {
            drain(reader, &mut printer)?;
            if is_over || !args.follow {
                reader.rest().map(|line| printer.take(line)).transpose()?;
            }
        }
        printer.settle()?;
        if is_lost {
            let (id, name) = (run.id, safe(&run.name));
            let text = format!(
                " run {id} {name} lost its process; its sweep again, or any derby run, closes it"
            );
            ui.out.note(&text);
        }
        if is_over || !args.follow {
            break;
        }
        park_timeout(LOOK);
    }
    printer.close()?;
    if reader.is_none() {
        let (id, name) = (run.id, safe(&run.name));
        ui.out.note(&match (run.status.is_over(), &run.exit_code, &run.exit_signal) {
            (false, ..) => {
                format!(" run {id} {name} has no output yet   derby logs {id} -f waits for it")
            }
            (true, None, None) => format!(" run {id} {name} has no output"),
            _ => format!(" run {id} {name} printed nothing"),
        });
    }
    Ok(Exit::Done)
}

/// The record of the output: in the run's folder while it is at work, else among the store's objects.
fn open(store: &Store, run: &RunRecord) -> Result<Option<Reader>, CliError> {
    let reader = |file: Box<dyn Read>| LogReader::new(BufReader::with_capacity(CHUNK, file));
    if let Some(file) = store.open_artifact(run.id, OUTPUT)? {
        return Ok(Some(reader(file)));
    }
    match File::open(store.run_folder(run.id).join(OUTPUT)) {
        Ok(file) => Ok(Some(reader(Box::new(file)))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn drain<R: BufRead>(reader: &mut LogReader<R>, printer: &mut Printer<'_>) -> Result<(), CliError> {
    for line in reader.by_ref() {
        printer.take(line?)?;
    }
    Ok(())
}

/// Prints the lines that were asked for.
struct Printer<'a> {
    ui: &'a Ui,
    args: &'a LogsArgs,
    is_terminal: bool,
    /// The newest lines, until all that is there has been read.
    last: Option<VecDeque<LogLine>>,
    text: Vec<u8>,
    /// The stream whose line has not ended yet.
    open: Option<Stream>,
}

impl<'a> Printer<'a> {
    fn new(ui: &'a Ui, args: &'a LogsArgs) -> Self {
        let last = args.lines.map(|_| VecDeque::new());
        Self { ui, args, is_terminal: ui.out.is_terminal(), last, text: Vec::new(), open: None }
    }

    fn take(&mut self, line: LogLine) -> Result<(), CliError> {
        let is_wanted = match line.stream {
            Some(Stream::Out) => !self.args.stderr,
            Some(Stream::Err) => !self.args.stdout,
            None => true,
        };
        if !is_wanted {
            return Ok(());
        }
        match (&mut self.last, self.args.lines) {
            (Some(last), Some(most)) => {
                last.push_back(line);
                if last.len() > most {
                    last.pop_front();
                }
                Ok(())
            }
            _ => self.print(&line),
        }
    }

    fn print(&mut self, line: &LogLine) -> Result<(), CliError> {
        let Some(stream) = line.stream else {
            // No line of the script's: it would be taken for one among the others.
            self.flush()?;
            self.ui.out.note(&format!(" {}", safe(&String::from_utf8_lossy(&line.text))));
            return Ok(());
        };
        if self.open.is_some_and(|open| open != stream || self.args.times) {
            self.text.push(b'\n');
        }
        if self.args.times {
            let word = if stream == Stream::Out { "out" } else { "err" };
            let at = format!("{:>9}.{:03}  {word}  ", line.ms / 1000, line.ms % 1000);
            self.text.extend_from_slice(at.as_bytes());
        }
        if self.is_terminal {
            let text = String::from_utf8_lossy(&line.text);
            let shown: Vec<String> = text.split('\t').map(safe).collect();
            self.text.extend_from_slice(shown.join("\t").as_bytes());
        } else {
            self.text.extend_from_slice(&line.text);
        }
        self.open = line.is_partial.then_some(stream);
        if !line.is_partial {
            self.text.push(b'\n');
        }
        if self.text.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    /// All that is there has been read.
    fn settle(&mut self) -> Result<(), CliError> {
        for line in self.last.take().unwrap_or_default() {
            self.print(&line)?;
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), CliError> {
        if !self.text.is_empty() {
            self.ui.out.bytes(&self.text)?;
            self.ui.out.flush()?;
            self.text.clear();
        }
        Ok(())
    }

    /// A last line without a newline gets one where a person reads it.
    fn close(&mut self) -> Result<(), CliError> {
        if self.open.is_some() && (self.is_terminal || self.args.times) {
            self.text.push(b'\n');
        }
        self.flush()
    }
}
