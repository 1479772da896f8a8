//! `derby init`: looks at a data file and writes a sweep file for it.

use super::args::InitArgs;
use super::init_cut::{Cut, cut, infinite};
use super::out::Role;
use super::text::{count, nearest, plural};
use super::{CliError, Exit, Ui};
use crate::data::{self, DataOptions, Dataset, SourceOptions, Suggestion, Table, Values};
use crate::domain::Task;
use crate::spec::{self, Known, Overrides};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Kernel machines and neighbors take too long to be suggested above this many rows.
const MANY_ROWS: usize = 5_000;
/// Columns that the summary names one by one.
const NAMED: usize = 3;

pub(super) fn run(ui: &Ui, args: &InitArgs) -> Result<Exit, CliError> {
    let source = SourceOptions {
        path: args.data.clone(),
        shown: args.data.display().to_string(),
        table: args.table.clone(),
        query: args.query.clone(),
        ..SourceOptions::default()
    };
    let (table, content) = data::read(&source)?;
    let mut suggestion = suggestion(&table, args)?;
    let mut options = DataOptions {
        source,
        target: suggestion.target.clone(),
        drop_missing_target: unlabeled(&table, &suggestion.target) > 0,
        ignore: suggestion.ignore.iter().map(|(name, _)| name.clone()).collect(),
        ..DataOptions::default()
    };
    let output = output(args)?;
    let mut dataset = data::load(&options)?;
    let mut cut_by = cut(&dataset)?;
    let (mut clipped, hopeless) = infinite(&mut dataset, &cut_by);
    if !hopeless.is_empty() {
        let names = hopeless.iter().map(|&idx| dataset.table.columns[idx].name.clone());
        suggestion.ignore.extend(names.map(|name| (name, "too many infinite cells".into())));
        options.ignore = suggestion.ignore.iter().map(|(name, _)| name.clone()).collect();
        dataset = data::load(&options)?;
        // Ignored columns are no part of a row's identity, which decides where it goes.
        cut_by = cut(&dataset)?;
        clipped = infinite(&mut dataset, &cut_by).0;
    }
    let dropped = unlabeled(&table, &suggestion.target);
    let found = Found { dataset: &dataset, suggestion: &suggestion, dropped, cut: &cut_by };
    let text = sweep_file(args, &output, &found, !clipped.is_empty())?;
    // What is written must check: anything else is a bug of ours, said as such, and leaves no file.
    let sweep =
        spec::parse(&text, spec::Format::Toml, &output, &Overrides::default(), &Known::built_in())
            .map_err(|error| {
                CliError::new(Exit::Bug, format!("made a file that does not check: {error}"))
            })?;
    if let Some(folder) = output.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&output, &text).map_err(|error| {
        CliError::new(Exit::Failed, format!("cannot write '{}': {error}", output.display()))
    })?;
    let field = |label: &str, text: &str| {
        ui.out.line(&format!(" {}  {text}", ui.out.paint(Role::Muted, &format!("{label:14}"))))
    };
    let name = args.data.file_name().unwrap_or_default().to_string_lossy();
    let shape = format!("{} × {} columns", plural(table.n_rows as u64, "row"), table.columns.len());
    field(&name, &format!("{shape}   {}   {}", content.short(), missing(&table)))?;
    field("target", &target_line(&dataset, &suggestion, dropped))?;
    for (column, why) in &suggestion.ignore {
        field("ignored", &format!("{column}: {why}"))?;
    }
    let families = sweep.space.dims().iter().find(|dim| dim.id == "model");
    let n = families.and_then(crate::space::Dimension::cardinality).unwrap_or(0);
    field(
        "wrote",
        &format!(
            "{}: {}, {}, {} folds, {}",
            output.display(),
            if n == 1 { "1 model family".into() } else { format!("{n} model families") },
            suggestion.metric,
            cut_by.folds,
            if cut_by.holdout == 0.0 { "no holdout" } else { "20 % holdout" }
        ),
    )?;
    field("next", &ui.out.paint(Role::Accent, &format!("derby sweep {}", output.display())))?;
    Ok(Exit::Done)
}

/// Rows without a target, which nothing can be learned from.
fn unlabeled(table: &Table, target: &str) -> usize {
    let column = table.columns.iter().find(|column| column.name == target);
    column.map_or(0, crate::data::Column::n_missing)
}

/// What the columns suggest, with the target that the user names.
fn suggestion(table: &Table, args: &InitArgs) -> Result<Suggestion, CliError> {
    let guessed = match &args.target {
        Some(target) => data::suggest_for(table, target),
        None => data::suggest(table),
    };
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    if let Some(found) = &guessed {
        let profiles = data::profile(table);
        let profile = profiles.iter().find(|profile| profile.name == found.target);
        let what = match profile.map(|profile| profile.distinct) {
            Some(0) => "has no values",
            Some(1) => "is constant: every row has the same value",
            _ => "",
        };
        if !what.is_empty() {
            let text = format!("target '{}' {what}, so nothing can be learned", found.target);
            return Err(
                CliError::usage(text).hint(format!("--target COLUMN, one of {}", names.join(", ")))
            );
        }
    }
    guessed.ok_or_else(|| {
        let text = match &args.target {
            Some(target) => format!("no column '{target}' that could be a target"),
            None => "no column looks like a target".into(),
        };
        let near = args.target.as_deref().and_then(|target| nearest(target, names.iter().copied()));
        let near = near.map(|near| format!("did you mean '{near}'? ")).unwrap_or_default();
        CliError::usage(text).hint(format!("{near}--target COLUMN, one of {}", names.join(", ")))
    })
}

/// `--output`, or `sweeps/NAME.toml`. An existing file is only replaced with `--force`.
fn output(args: &InitArgs) -> Result<PathBuf, CliError> {
    let stem = args.data.file_stem().unwrap_or_default().to_string_lossy();
    let path = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("sweeps/{stem}.toml")));
    if path.exists() && !args.force {
        return Err(CliError::usage(format!("'{}' exists already", path.display()))
            .hint("--force replaces it, --output names another"));
    }
    if path.extension().is_none_or(|extension| extension != "toml") {
        return Err(CliError::usage(format!("'{}' is no TOML file", path.display()))
            .hint("init writes TOML; give --output a name that ends in .toml"));
    }
    Ok(path)
}

/// What was found out about the data.
struct Found<'a> {
    dataset: &'a Dataset,
    suggestion: &'a Suggestion,
    dropped: usize,
    cut: &'a Cut,
}

fn missing(table: &Table) -> String {
    let mut gaps: Vec<(usize, &str)> = table
        .columns
        .iter()
        .map(|column| (column.n_missing(), column.name.as_str()))
        .filter(|(n, _)| *n > 0)
        .collect();
    gaps.sort_by_key(|gap| std::cmp::Reverse(gap.0));
    if gaps.is_empty() {
        return "nothing missing".into();
    }
    let named = gaps.iter().take(NAMED).map(|(n, name)| format!("{} {name}", count(*n as u64)));
    let more = match gaps.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!(", and in {n} more columns"),
    };
    format!("missing: {}{more}", named.collect::<Vec<_>>().join(", "))
}

fn target_line(dataset: &Dataset, suggestion: &Suggestion, dropped: usize) -> String {
    let what = match suggestion_counts(dataset) {
        Some(counts) => format!("{} classes: {counts}", dataset.classes.len()),
        None => dataset.labels.task().word().to_string(),
    };
    let without = match dropped {
        0 => String::new(),
        n => format!("; {} without it left out", plural(n as u64, "row")),
    };
    format!("{} ({what}), {}{without}; change it in [data]", suggestion.target, suggestion.why)
}

/// Rows per class, in the order of the classes; none for regression.
fn suggestion_counts(dataset: &Dataset) -> Option<String> {
    let crate::domain::Labels::Classes { codes, n_classes, .. } = &dataset.labels else {
        return None;
    };
    let mut counts = vec![0u64; *n_classes];
    for &code in codes {
        counts[code as usize] += 1;
    }
    Some(counts.iter().map(|&n| count(n)).collect::<Vec<_>>().join(" · "))
}

/// The sweep file, commented.
fn sweep_file(
    args: &InitArgs,
    output: &Path,
    found: &Found<'_>,
    clip: bool,
) -> Result<String, CliError> {
    let Found { dataset, suggestion, dropped, cut } = *found;
    let mut text = String::new();
    let name = output.file_stem().unwrap_or_default().to_string_lossy();
    let task = dataset.labels.task();
    let path = relative(&args.data, output)?;
    // TOML reads the texts of JSON but for DEL, which it wants escaped.
    let quote = |text: &str| serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f");
    let ignore: Vec<String> = suggestion.ignore.iter().map(|(name, _)| quote(name)).collect();
    let mut put = |line: std::fmt::Arguments<'_>| {
        let _ = text.write_fmt(line);
        text.push('\n');
    };
    put(format_args!("# {}: {} of {}.", name, task.word(), suggestion.target));
    put(format_args!(
        "# derby check FILE says what is wrong with it, derby space FILE what it lets vary.\n"
    ));
    put(format_args!("name = {}\n", quote(&name)));
    put(format_args!("[objective]\nmetric = {}\n", quote(suggestion.metric)));
    put(format_args!("[data]\npath = {}", quote(&path)));
    if let Some(table) = &args.table {
        put(format_args!("table = {}", quote(table)));
    }
    if let Some(query) = &args.query {
        put(format_args!("query = {}", quote(query)));
    }
    put(format_args!("target = {}", quote(&suggestion.target)));
    if task == Task::Binary {
        let positive = dataset.classes.last().cloned().unwrap_or_default();
        put(format_args!(
            "{:38} # the class that precision and recall are about",
            format!("positive = {}", quote(&positive))
        ));
    }
    if dropped > 0 {
        let rows = plural(dropped as u64, "row");
        put(format_args!("{:38} # {rows} without a target", "missing_target = \"drop\""));
    }
    if !ignore.is_empty() {
        put(format_args!("ignore = [{}]", ignore.join(", ")));
    }
    if let Some(why) = &cut.why {
        put(format_args!("# Not the usual 5 folds and 20 % holdout: {why}."));
    }
    put(format_args!(
        "{:38} # rows that no search sees, for the final judgement",
        format!("holdout = {}", cut.holdout)
    ));
    put(format_args!("folds = {}\n", cut.folds));
    put(format_args!("{}", preprocess(dataset, clip)));
    put(format_args!("{}", families(task, dataset.table.n_rows)));
    put(format_args!(
        "[search]\nsampler = \"auto\"                       # or cma-es, gp, grid, nsga-ii, nsga-iii, random, sobol, tpe\nseed = 0\n\
         # pruner = \"race\"                      # hopeless trials see few folds\n"
    ));
    put(format_args!(
        "[budget]\ntrials = 100\n# time = \"10m\"\n# patience = 50                          # trials without a better score"
    ));
    Ok(text)
}

/// Settings that the columns call for.
fn preprocess(dataset: &Dataset, clip: bool) -> String {
    let features = || dataset.features.iter().map(|&idx| &dataset.table.columns[idx]);
    let has_missing = features().any(|column| column.n_missing() > 0);
    let has_words = features().any(|column| matches!(column.values, Values::Codes { .. }));
    let mut text =
        String::from("[preprocess]                           # fitted inside each training fold\n");
    if has_missing {
        text.push_str(
            "impute = [\"median\", \"mean\"]            # words: the most frequent one\n",
        );
    }
    if has_words {
        text.push_str("encode = \"one_hot\"                     # or ordinal, target\n");
    }
    if clip {
        text.push_str("outliers = \"iqr\"                       # clips infinite cells, too\n");
    }
    text.push_str("scale = [\"standard\", \"robust\", \"none\"]\n");
    text
}

/// Families that suit the task and the size, with ranges that usually hold the best.
fn families(task: Task, n_rows: usize) -> String {
    let mut text = String::new();
    if task == Task::Regression {
        text.push_str(
            "[models.elastic_net]\nalpha = { low = 1e-4, high = 10.0, log = true }\n\
             l1_ratio = { low = 0.0, high = 1.0 }\n\n",
        );
    } else {
        text.push_str("[models.logistic]\nC = { low = 1e-4, high = 1e4, log = true }\n\n");
    }
    if n_rows <= MANY_ROWS {
        let family = if task == Task::Regression { "svr" } else { "svm" };
        let _ = write!(
            text,
            "[models.{family}]\nC = {{ low = 1e-2, high = 1e3, log = true }}\n\
             gamma = {{ low = 1e-4, high = 1.0, log = true }}\n\n"
        );
    }
    text.push_str(
        "[models.random_forest]\nn_estimators = { low = 50, high = 300, step = 50 }\n\
         max_depth = { low = 2, high = 16 }\n\n\
         [models.gradient_boosting]\nn_estimators = { low = 50, high = 300, step = 50 }\n\
         learning_rate = { low = 0.01, high = 0.5, log = true }\n\
         max_depth = { low = 2, high = 6 }\n",
    );
    text
}

/// The data's path as the sweep file must name it: relative to its own folder where both stand under
/// one, else absolute.
fn relative(data: &Path, output: &Path) -> Result<String, CliError> {
    let data = std::path::absolute(data)?;
    let folder = std::path::absolute(output)?;
    let folder = folder.parent().unwrap_or(Path::new("/")).to_path_buf();
    let mut up = PathBuf::new();
    for ancestor in folder.ancestors() {
        if ancestor.parent().is_some()
            && let Ok(rest) = data.strip_prefix(ancestor)
        {
            return Ok(up.join(rest).display().to_string());
        }
        up.push("..");
    }
    Ok(data.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_sweep_file() {
        let check = |data: &str, output: &str, expected: &str| {
            assert_eq!(relative(Path::new(data), Path::new(output)).unwrap(), expected);
        };
        check("/a/assets/x.csv", "/a/sweeps/x.toml", "../assets/x.csv");
        check("/a/x.csv", "/a/x.toml", "x.csv");
        check("/b/x.csv", "/a/x.toml", "/b/x.csv");
    }
}
