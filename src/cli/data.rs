//! `derby data`: the profile of a data file, and what the quality checks say about it.

use super::args::DataArgs;
use super::csv_text::CsvText;
use super::out::{Role, safe};
use super::table::{Cell, Column, draw};
use super::text::{count, plural};
use super::{CliError, Exit, Ui};
use crate::data::checks::{self, CheckOptions, Finding, Input, Level};
use crate::data::{
    self, ColumnProfile, ColumnType, DataOptions, NumberProfile, SourceOptions, Table,
};
use crate::domain::{Digest, format_number};
use crate::host;
use crate::spec::{self, Known, Overrides, Work};
use std::path::Path;

/// Eight heights of a histogram's bars.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Row numbers that stand beside a finding.
const SHOWN_ROWS: usize = 5;

/// What was read.
struct Read {
    table: Table,
    content: Digest,
    findings: Vec<Finding>,
    shown: String,
    target: Option<String>,
}

pub(super) fn run(ui: &Ui, args: &DataArgs) -> Result<Exit, CliError> {
    let read = read(args)?;
    let profile = data::profile(&read.table);
    if args.json {
        ui.out.line(&json(&read, &profile).to_string())?;
    } else if args.csv {
        csv(ui, &profile)?;
    } else {
        head(ui, &read)?;
        table(ui, &profile)?;
        findings(ui, &read)?;
    }
    let failed = read.findings.iter().any(|finding| finding.level == Level::Error);
    Ok(if failed { Exit::Rejected } else { Exit::Done })
}

/// A sweep file stands for its `[data]`; anything else is data itself.
fn read(args: &DataArgs) -> Result<Read, CliError> {
    let options = if is_sweep(&args.file) {
        of_sweep(&args.file)?
    } else {
        DataOptions {
            source: SourceOptions {
                path: args.file.clone(),
                shown: args.file.display().to_string(),
                table: args.table.clone(),
                query: args.query.clone(),
                ..SourceOptions::default()
            },
            target: args.target.clone().unwrap_or_default(),
            ..DataOptions::default()
        }
    };
    let shown = options.source.shown.clone();
    let check = CheckOptions { id: options.id.clone(), ..CheckOptions::default() };
    if options.target.is_empty() {
        let (table, content) = data::read(&options.source)?;
        let findings = checks::run(&Input::table(&table), &check, None);
        return Ok(Read { table, content, findings, shown, target: None });
    }
    let dataset = data::load(&options)?;
    let findings = checks::run(&Input::dataset(&dataset), &check, None);
    let content = dataset.provenance.content;
    Ok(Read { table: dataset.table, content, findings, shown, target: Some(options.target) })
}

/// True for a file whose extension only sweep files have, and for a JSON object with the sections of one.
fn is_sweep(file: &Path) -> bool {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("toml" | "yaml" | "yml") => true,
        Some("json") if file.is_file() => {
            let object = std::fs::read(file).ok().and_then(|bytes| {
                // Data is most often a list, which need not be parsed to know that.
                let start = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
                (start == Some(&b'{')).then(|| serde_json::from_slice(&bytes).ok()).flatten()
            });
            object.is_some_and(|object: serde_json::Map<String, serde_json::Value>| {
                object.contains_key("objective")
                    && (object.contains_key("data") || object.contains_key("function"))
            })
        }
        _ => false,
    }
}

fn of_sweep(file: &Path) -> Result<DataOptions, CliError> {
    let sweep = spec::load(file, &Overrides::default(), &Known::built_in())?;
    match sweep.work {
        Work::Models(section) => Ok(section.data),
        Work::Command(_) => Err(CliError::usage(format!(
            "'{}' runs a command and reads no data itself; mend: name a data file",
            file.display()
        ))),
        Work::Elsewhere => Err(CliError::usage(format!(
            "trials of '{}' are carried out elsewhere, and it names no data; mend: name a data file",
            file.display()
        ))),
        Work::Function(name) => Err(CliError::usage(format!(
            "'{}' is a sweep of the function '{name}' and has no data",
            file.display()
        ))),
    }
}

fn head(ui: &Ui, read: &Read) -> Result<(), CliError> {
    let mut parts = vec![
        format!(
            "{} × {} columns",
            plural(read.table.n_rows as u64, "row"),
            read.table.columns.len()
        ),
        read.content.short(),
        format!("schema {}", data::schema_digest(&read.table).short()),
    ];
    parts.extend(read.target.as_ref().map(|target| format!("target {}", safe(target))));
    let name = ui.out.paint(Role::Strong, &safe(&read.shown));
    ui.out.line(&format!(" {name}   {}", parts.join("   ")))?;
    Ok(())
}

fn table(ui: &Ui, profile: &[ColumnProfile]) -> Result<(), CliError> {
    let columns = [
        Column::fixed("column", false),
        Column::fixed("type", false),
        Column::fixed("missing", true),
        Column::fixed("distinct", true),
        Column::optional("min", true, 3),
        Column::optional("q25 … q75", true, 5),
        Column::optional("median", true, 2),
        Column::optional("max", true, 4),
        Column::filling("values", 1),
    ];
    let rows: Vec<Vec<Cell>> = profile.iter().map(row).collect();
    for line in draw(&ui.out, &columns, &rows).lines {
        ui.out.line(&line)?;
    }
    Ok(())
}

fn row(column: &ColumnProfile) -> Vec<Cell> {
    let missing = match column.missing {
        0 => Cell { text: "0".into(), role: Role::Muted },
        n => Cell { text: format!("{} ({})", count(n), percent(n, column.n)), role: Role::Warn },
    };
    let mut cells: Vec<Cell> = vec![
        column.name.clone().into(),
        column.kind.word().into(),
        missing,
        count(column.distinct).into(),
    ];
    if let Some(numbers) = &column.numbers {
        let value = |value: f64| shown(column.kind, value);
        let middle = format!("{} … {}", value(numbers.q25), value(numbers.q75));
        cells.push(value(numbers.min).into());
        cells.push(middle.into());
        cells.extend([numbers.median, numbers.max].map(|number| Cell::from(value(number))));
        cells.push(histogram(numbers).into());
    } else {
        cells.extend((0..4).map(|_| Cell::from("")));
        let top = column.top.iter().map(|(value, n)| format!("{value} {}", count(*n)));
        cells.push(top.collect::<Vec<_>>().join(" · ").into());
    }
    cells
}

/// A number, or the day of a date.
fn shown(kind: ColumnType, value: f64) -> String {
    if kind == ColumnType::Date {
        host::clock::iso((value * 1e3) as i64).chars().take(10).collect()
    } else {
        format_number(value, 4)
    }
}

fn percent(part: u64, all: u64) -> String {
    format!("{} %", format_number(part as f64 * 100.0 / all.max(1) as f64, 2))
}

fn histogram(numbers: &NumberProfile) -> String {
    let most = numbers.histogram.iter().copied().max().unwrap_or(0).max(1);
    let bar = |&n: &u64| match n {
        0 => ' ',
        n => BARS[((n * 8).div_ceil(most) as usize).clamp(1, 8) - 1],
    };
    numbers.histogram.iter().map(bar).collect()
}

fn findings(ui: &Ui, read: &Read) -> Result<(), CliError> {
    ui.out.line("")?;
    let (skipped, made): (Vec<&Finding>, Vec<&Finding>) =
        read.findings.iter().partition(|finding| finding.is_not_checked());
    for finding in made {
        let (mark, role) = match finding.level {
            Level::Ok => continue,
            Level::Info => ("·", Role::Muted),
            Level::Warn => ("!", Role::Warn),
            Level::Error => ("✗", Role::Bad),
        };
        let rows: Vec<String> =
            finding.rows.iter().take(SHOWN_ROWS).map(|row| (row + 1).to_string()).collect();
        let rows = match finding.rows.len() {
            0 => String::new(),
            n if n > SHOWN_ROWS => format!("   rows {} …", rows.join(", ")),
            _ => format!("   rows {}", rows.join(", ")),
        };
        let name = finding.name.replace('_', " ");
        ui.out.line(&format!(
            " {}  {name}: {}{rows}",
            ui.out.paint(role, mark),
            safe(&finding.text)
        ))?;
    }
    if !skipped.is_empty() {
        let names: Vec<String> =
            skipped.iter().map(|finding| finding.name.replace('_', " ")).collect();
        let text = format!(" ·  not checked: {} (why: --json)", names.join(", "));
        ui.out.line(&ui.out.paint(Role::Muted, &text))?;
    }
    let of = |level: Level| read.findings.iter().filter(|finding| finding.level == level).count();
    let target = match read.target {
        Some(_) => "",
        None => "   --target COLUMN adds the checks that need one",
    };
    let line = format!(
        " {} passed, {}, {}, {} to note, {} not checked{target}",
        of(Level::Ok),
        plural(of(Level::Warn) as u64, "warning"),
        plural(of(Level::Error) as u64, "error"),
        of(Level::Info) - skipped.len(),
        skipped.len(),
    );
    ui.out.line(&ui.out.paint(Role::Muted, &line))?;
    Ok(())
}

fn json(read: &Read, profile: &[ColumnProfile]) -> serde_json::Value {
    serde_json::json!({
        "source": read.shown,
        "rows": read.table.n_rows,
        "data_hash": read.content.hex(),
        "schema_hash": data::schema_digest(&read.table).hex(),
        "target": read.target,
        "columns": profile,
        "findings": read.findings,
    })
}

fn csv(ui: &Ui, profile: &[ColumnProfile]) -> Result<(), CliError> {
    let mut writer = CsvText::new();
    let header = [
        "column", "type", "n", "missing", "distinct", "min", "q25", "median", "q75", "max", "mean",
        "sd",
    ];
    writer.row(header)?;
    for column in profile {
        let counts = [column.n, column.missing, column.distinct].map(|n| n.to_string());
        let numbers = column.numbers.as_ref().map_or_else(
            || vec![String::new(); 7],
            |n| {
                let of = [n.min, n.q25, n.median, n.q75, n.max, n.mean].map(|v| v.to_string());
                of.into_iter().chain([n.sd.map(|sd| sd.to_string()).unwrap_or_default()]).collect()
            },
        );
        let head = [column.name.clone(), column.kind.word().to_string()];
        writer.row(head.into_iter().chain(counts).chain(numbers))?;
    }
    ui.out.raw(&writer.finish()?)?;
    Ok(())
}
