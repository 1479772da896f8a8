//! `derby predict`: the rows of a file, one line each, to standard output or a file.

use super::model_args::PredictArgs;
use super::out::{self, Role, cut, error_width, safe};
use super::packed::Packed;
use super::text::{count, duration, plural};
use super::whole_file::WholeFile;
use super::{CliError, Exit, Ui};
use crate::bundle::{Bundle, BundleError, OutputFormat, PredictOptions, Predicted, predict_file};
use crate::data::SourceOptions;
use crate::data::stream::{ColumnNotes, StreamSettings};
use crate::host::{self, Interrupts};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Columns, and texts of a column, that a note lists.
const SHOWN: usize = 8;
const SHOWN_TEXTS: usize = 3;
/// A progress line comes after this long, and changes this often.
const QUICK: Duration = Duration::from_millis(500);
const FRAME: Duration = Duration::from_millis(100);
/// Extensions of formats that are not written.
const OTHERS: [&str; 6] = ["tsv", "parquet", "xlsx", "json", "arrow", "feather"];

pub(super) fn run(ui: &Ui, args: &PredictArgs) -> Result<Exit, CliError> {
    let format = format(args)?;
    let mut settings = StreamSettings::default();
    if let Some(jobs) = args.jobs {
        settings.threads = jobs;
    }
    if settings.threads == 0 {
        return Err(CliError::usage("--jobs is '0'").hint("at least 1 thread has to predict"));
    }
    check_paths(args)?;
    let bundle = Packed::find(ui, &args.reference)?.bundle;
    let options = PredictOptions { format, stream: settings };
    let started = Instant::now();
    let Some(path) = &args.output else {
        let mut out = Counted::new(ui, out::lines(), None);
        let predicted = predict(&bundle, args, &mut out, options)?;
        notes(ui, &bundle, &predicted);
        return Ok(Exit::Done);
    };
    let interrupts = host::interrupts::install()?;
    let mut out = Counted::new(ui, WholeFile::create(path)?, Some(&interrupts));
    let predicted = predict(&bundle, args, &mut out, options);
    if interrupts.count() > 0 {
        drop(out);
        ui.out.note(" interrupted: nothing is written");
        return Ok(if interrupts.terminated() { Exit::Terminated } else { Exit::Interrupted });
    }
    let predicted = predicted.map_err(|error| unwritten(error, path))?;
    out.inner.finish()?;
    notes(ui, &bundle, &predicted);
    let seconds = started.elapsed().as_secs_f64();
    let path = safe(&path.display().to_string());
    let rows = plural(predicted.rows, "row");
    ui.out.line(&format!(" wrote  {path}   {rows} in {}", duration(seconds)))?;
    Ok(Exit::Done)
}

/// As asked for, else by the extension of the output.
fn format(args: &PredictArgs) -> Result<OutputFormat, CliError> {
    if let Some(format) = &args.format {
        return Ok(if format == "jsonl" { OutputFormat::JsonLines } else { OutputFormat::Csv });
    }
    let extension = args.output.as_deref().and_then(Path::extension).unwrap_or_default();
    let extension = extension.to_string_lossy().to_lowercase();
    match &*extension {
        "jsonl" | "ndjson" => Ok(OutputFormat::JsonLines),
        other if OTHERS.contains(&other) => {
            let error = format!("predictions are written as csv or jsonl, not as '{other}'");
            Err(CliError::usage(error).hint("name the file .csv or .jsonl, or say --format"))
        }
        _ => Ok(OutputFormat::Csv),
    }
}

/// What can be told before a model is read or fitted.
fn check_paths(args: &PredictArgs) -> Result<(), CliError> {
    let data = args.data.display();
    if args.data.as_os_str() == "-" {
        return Err(CliError::usage("'-' is no file: data is read more than once")
            .hint("write standard input to a file first: cat > rows.csv"));
    }
    let there = args.data.canonicalize().map_err(|error| {
        CliError::new(Exit::Failed, format!("cannot read '{data}': {error}"))
            .hint("usage: derby predict MODEL DATA")
    })?;
    let Some(output) = &args.output else { return Ok(()) };
    if output.canonicalize().is_ok_and(|output| output == there) {
        return Err(CliError::usage(format!("'{data}' would be replaced by its own predictions"))
            .hint("name another file with -o"));
    }
    // Tried now: fitting a run may take long.
    drop(WholeFile::create(output)?);
    Ok(())
}

fn predict(
    bundle: &Bundle,
    args: &PredictArgs,
    out: &mut Counted<'_, impl Write>,
    options: PredictOptions,
) -> Result<Predicted, CliError> {
    let source = SourceOptions {
        path: args.data.clone(),
        shown: args.data.display().to_string(),
        ..SourceOptions::default()
    };
    let predicted = predict_file(bundle, &source, out, options);
    out.clear();
    predicted.map_err(|error| match error {
        BundleError::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe => {
            source.into()
        }
        error => error.into(),
    })
}

/// The bundle's own words name no path.
fn unwritten(mut error: CliError, path: &Path) -> CliError {
    error.text = error.text.replace("'the predictions'", &format!("'{}'", path.display()));
    error
}

/// Counts the lines that go by, says how many on a terminal, and ends at Ctrl-C.
struct Counted<'a, W> {
    ui: &'a Ui,
    inner: W,
    interrupts: Option<&'a Interrupts>,
    rows: u64,
    started: Instant,
    last: Option<Instant>,
    redraws: bool,
}

impl<'a, W: Write> Counted<'a, W> {
    fn new(ui: &'a Ui, inner: W, interrupts: Option<&'a Interrupts>) -> Self {
        // Lines on the same terminal would be torn apart.
        let redraws = ui.out.can_redraw() && (interrupts.is_some() || !ui.out.is_terminal());
        Self { ui, inner, interrupts, rows: 0, started: Instant::now(), last: None, redraws }
    }

    fn show(&mut self) {
        let elapsed = self.started.elapsed();
        let is_due = self.last.is_none_or(|last| last.elapsed() >= FRAME);
        if !self.redraws || elapsed < QUICK || !is_due {
            return;
        }
        self.last = Some(Instant::now());
        let pace = (self.rows as f64 / elapsed.as_secs_f64()) as u64;
        let text = format!(" {} predicted   {}/s", plural(self.rows, "row"), count(pace));
        self.ui.out.redraw(&cut(&text, error_width().saturating_sub(1)));
    }

    fn clear(&mut self) {
        if self.last.take().is_some() {
            self.ui.out.redraw("");
        }
    }
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.interrupts.is_some_and(|interrupts| interrupts.count() > 0) {
            return Err(io::Error::other("interrupted"));
        }
        let n = self.inner.write(bytes)?;
        if self.redraws {
            self.rows += bytes[..n].split(|&byte| byte == b'\n').count() as u64 - 1;
            self.show();
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// What is notable about the rows, a line each.
fn notes(ui: &Ui, bundle: &Bundle, predicted: &Predicted) {
    let note = |text: String| {
        ui.out.note(&format!(" {}   {text}", ui.out.paint_error(Role::Warn, "note")));
    };
    let columns = &predicted.columns;
    let of = |is: &dyn Fn(&ColumnNotes) -> u64, text: &dyn Fn(&ColumnNotes) -> String| {
        let found: Vec<String> = columns.iter().filter(|notes| is(notes) > 0).map(text).collect();
        (!found.is_empty()).then(|| listed(&found))
    };
    if predicted.rows == 0 {
        note("the file has no rows".into());
    }
    if let Some(text) = of(&|notes| notes.unknown, &unknown) {
        note(format!("words that the model never saw: {text}"));
    }
    let known = |notes: &ColumnNotes| {
        bundle
            .schema()
            .and_then(|schema| schema.find(&notes.name))
            .is_some_and(|column| column.has_missing)
    };
    let missing = |notes: &ColumnNotes| {
        let new = if known(notes) { "" } else { " (none in training)" };
        format!("'{}' {}{new}", safe(&notes.name), count(notes.missing))
    };
    if let Some(text) = of(&|notes| notes.missing, &missing) {
        note(format!("missing cells: {text}"));
    }
    let outside = |notes: &ColumnNotes| format!("'{}' {}", safe(&notes.name), count(notes.outside));
    if let Some(text) = of(&|notes| notes.outside, &outside) {
        note(format!("cells outside the range of training: {text}"));
    }
    if !predicted.ignored.is_empty() {
        let target = bundle.manifest().target.as_deref();
        let name = |name: &String| {
            let role = if Some(name.as_str()) == target { " (the target)" } else { "" };
            format!("'{}'{role}", safe(name))
        };
        note(format!(
            "columns not read: {}",
            listed(&predicted.ignored.iter().map(name).collect::<Vec<_>>())
        ));
    }
}

/// `'island' 'Mars' 3×, 'Venus' 1×`
fn unknown(notes: &ColumnNotes) -> String {
    let texts = &notes.unknown_texts;
    let shown = texts.iter().take(SHOWN_TEXTS);
    let shown: Vec<String> =
        shown.map(|(text, n)| format!("{}× '{}'", count(*n), safe(&cut(text, 30)))).collect();
    let counted: u64 = texts.iter().take(SHOWN_TEXTS).map(|(_, n)| n).sum();
    let more = match notes.unknown - counted {
        0 => String::new(),
        rest => format!(" and {} more", plural(rest, "cell")),
    };
    format!("'{}' {}{more}", safe(&notes.name), shown.join(", "))
}

fn listed(items: &[String]) -> String {
    let more = items.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!(", and {more} more") } else { String::new() };
    let separator = if items.iter().any(|item| item.contains(", ")) { "; " } else { ", " };
    format!("{}{rest}", items[..items.len() - more].join(separator))
}
