//! `derby explain`: which columns a model leans on, or why it said what it said.

use super::bars::bar;
use super::csv_text::CsvText;
use super::explain_shap;
use super::insight_args::ExplainArgs;
use super::out::{Out, Role, safe};
use super::table::{Cell, Column, Table};
use super::text::{nearest, plural};
use super::unseen::{Source, Unseen};
use super::{CliError, Exit, Ui};
use crate::domain::format_number;
use crate::explain::{
    ExplainError, PermutationImportance, PermutationOptions, PermutedScore, Scored,
    correlated_columns, permutation,
};
use crate::metrics;

/// Rows that are shuffled at most.
const MAX_ROWS: usize = 10_000;
/// Columns that correlate so much say nearly the same.
const ALIKE: f64 = 0.9;
/// The longest bar.
const BAR: f64 = 20.0;

pub(super) fn run(ui: &Ui, args: &ExplainArgs) -> Result<Exit, CliError> {
    if args.max_rows == Some(0) {
        return Err(CliError::usage("'--max-rows 0' leaves no row; mend: at least 1"));
    }
    if args.shap || args.row.is_some() {
        let unseen = Unseen::find(ui, &args.reference, &args.rows, false)?;
        return explain_shap::run(ui, args, unseen);
    }
    if args.class.is_some() {
        return Err(CliError::usage("'--class' is of --shap and --row; mend: add --shap"));
    }
    if let Some(r) = args.together.filter(|r| !(*r > 0.0 && *r <= 1.0)) {
        return Err(CliError::usage(format!(
            "'--together {r}' is no correlation; mend: above 0, at most 1"
        )));
    }
    let unseen = Unseen::find(ui, &args.reference, &args.rows, true)?;
    let metric = metric_of(&unseen, args.metric.as_deref())?;
    shuffle(ui, args, unseen, metric)
}

/// The metric that is asked for, or the sweep's own.
pub(super) fn metric_of(unseen: &Unseen, asked: Option<&str>) -> Result<String, CliError> {
    let name = asked.unwrap_or(&unseen.objective.metric);
    match metrics::info(name) {
        Some(info) if !info.measured => Ok(name.to_string()),
        Some(_) => Err(CliError::usage(format!(
            "'{name}' is measured, not scored from predictions; mend: --metric NAME"
        ))),
        None => {
            let near = nearest(name, metrics::catalogue().iter().map(|info| info.name));
            let near = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
            Err(CliError::usage(format!("unknown metric '{name}'{near}")))
        }
    }
}

/// What a permutation brought, most important first.
struct Shuffled {
    unseen: Unseen,
    metric: String,
    score: f64,
    repeats: usize,
    columns: Vec<PermutationImportance>,
}

fn shuffle(
    ui: &Ui,
    args: &ExplainArgs,
    mut unseen: Unseen,
    metric: String,
) -> Result<Exit, CliError> {
    unseen.thin(args.max_rows.unwrap_or(MAX_ROWS), args.seed);
    let read = read_columns(&unseen)?;
    let groups: Vec<Vec<String>> = match args.together {
        Some(threshold) => correlated_columns(&unseen.table, &read, threshold),
        None => read.iter().map(|&idx| vec![unseen.table.columns[idx].name.clone()]).collect(),
    };
    if args.together.is_none() {
        let alike = correlated_columns(&unseen.table, &read, ALIKE);
        let n: usize = alike.iter().filter(|group| group.len() > 1).map(Vec::len).sum();
        if n > 0 {
            unseen.notes.push(format!(
                "{n} of {} say nearly what another says: each alone looks idle; --together {ALIKE} shuffles them together",
                plural(read.len() as u64, "column")
            ));
        }
    }
    let names = [metric];
    let untouched = unseen.predict(&unseen.table)?;
    let score = metrics::score(&names[0], unseen.truth()?, &untouched, unseen.weights.as_deref());
    let score = score.map_err(|error| CliError::new(Exit::Failed, error.to_string()))?;
    let scored = Scored {
        truth: unseen.truth()?,
        weights: unseen.weights.as_deref(),
        metrics: &names,
        options: PermutationOptions {
            repeats: args.repeats,
            seed: args.seed,
            ..PermutationOptions::default()
        },
    };
    let predict = |table: &crate::data::Table| unseen.predict(table).map_err(|error| error.text);
    let found = permutation(&unseen.table, &scored, &groups, predict);
    let mut columns = found.map_err(|error| unexplained(&error))?;
    columns.sort_by(|a, b| b.scores[0].mean.total_cmp(&a.scores[0].mean));
    let [metric] = names;
    let found = Shuffled { unseen, metric, score, repeats: args.repeats, columns };
    if args.json {
        ui.out.line(&found.as_json().to_string())?;
    } else if args.csv {
        ui.out.raw(&found.as_csv()?)?;
    } else {
        found.say(&ui.out, args.top)?;
    }
    if args.json || args.csv {
        warn_of_holdout(ui, &found.unseen);
    }
    Ok(Exit::Done)
}

/// Whoever reads numbers out of a program still hears that they are of the holdout.
pub(super) fn warn_of_holdout(ui: &Ui, unseen: &Unseen) {
    if unseen.source == Source::Holdout {
        let text = format!("warning: {}", unseen.notes[0]);
        ui.out.note(&ui.out.paint_error(Role::Warn, &text));
    }
}

pub(super) fn unexplained(error: &ExplainError) -> CliError {
    let exit = match error {
        ExplainError::Option { .. } | ExplainError::Column { .. } => Exit::Usage,
        _ => Exit::Failed,
    };
    CliError::new(exit, error.to_string())
}

/// Places of the columns that any of the models reads.
fn read_columns(unseen: &Unseen) -> Result<Vec<usize>, CliError> {
    let mut is_read = vec![false; unseen.table.columns.len()];
    for part in &unseen.parts {
        for name in part.pipeline()?.sources() {
            if let Some(idx) = unseen.table.find(name) {
                is_read[idx] = true;
            }
        }
    }
    Ok((0..is_read.len()).filter(|&idx| is_read[idx]).collect())
}

/// Notes below what was found.
pub(super) fn say_notes(out: &Out, unseen: &Unseen) -> Result<(), CliError> {
    for (at, note) in unseen.notes.iter().enumerate() {
        let is_warning = at == 0 && unseen.source == Source::Holdout;
        let role = if is_warning { Role::Warn } else { Role::Muted };
        out.line(&out.paint(role, &format!(" note   {}", safe(note))))?;
    }
    Ok(())
}

impl Shuffled {
    fn say(&self, out: &Out, top: usize) -> Result<(), CliError> {
        let metric = safe(&self.metric);
        out.line(&format!(
            " {}   permutation importance, {}: how much worse {metric} gets without a column",
            out.paint(Role::Strong, &safe(&self.unseen.name)),
            plural(self.repeats as u64, "shuffle"),
        ))?;
        out.line(&format!(
            " {}   {metric} {}",
            safe(&self.unseen.words),
            format_number(self.score, 4),
        ))?;
        let first = |column: &PermutationImportance| column.scores[0].clone();
        let most = self.columns.first().map_or(0.0, |column| first(column).mean);
        let mut table = Table::new(vec![
            Column::filling("column", 0),
            Column::fixed("worse by", true),
            Column::fixed("95 % interval", false),
            Column::optional("", false, 1),
        ]);
        let top = if top == 0 { self.columns.len() } else { top };
        for column in self.columns.iter().take(top) {
            let PermutedScore { mean, lower, upper, .. } = first(column);
            let role = if lower > 0.0 { Role::Text } else { Role::Muted };
            let number = |value: f64| format_number(value, 2);
            let cell = |text: String| Cell { text, role };
            table.push(vec![
                cell(column.name.clone()),
                cell(number(mean)),
                cell(format!("{} … {}", number(lower), number(upper))),
                cell(bar(mean / most, BAR)),
            ]);
        }
        table.print(out)?;
        let rest = self.columns.len().saturating_sub(top);
        if rest > 0 {
            let text = format!(" and {} more: --top 0 lists all", plural(rest as u64, "column"));
            out.line(&out.paint(Role::Muted, &text))?;
        }
        let idle = self.columns.iter().filter(|column| first(column).lower <= 0.0).count();
        if idle > 0 {
            let text = format!(
                " the intervals of {} of {} hold 0: the score may do without each by itself",
                idle,
                plural(self.columns.len() as u64, "column")
            );
            out.line(&out.paint(Role::Muted, &text))?;
        }
        say_notes(out, &self.unseen)
    }

    fn as_json(&self) -> serde_json::Value {
        let column = |column: &PermutationImportance| {
            let score = &column.scores[0];
            serde_json::json!({
                "column": column.name, "mean": score.mean, "lower": score.lower,
                "upper": score.upper, "sd": score.sd, "repeats": score.repeats,
            })
        };
        serde_json::json!({
            "model": self.unseen.name,
            "method": "permutation",
            "source": self.unseen.source.word(),
            "rows": self.unseen.numbers.len(),
            "of": self.unseen.words,
            "metric": self.metric,
            "score": self.score,
            "repeats": self.repeats,
            "columns": self.columns.iter().map(column).collect::<Vec<_>>(),
            "notes": self.unseen.notes,
        })
    }

    fn as_csv(&self) -> Result<String, CliError> {
        let mut text = CsvText::new();
        text.row(["column", "metric", "mean", "lower", "upper", "sd"])?;
        for column in &self.columns {
            let score = &column.scores[0];
            let numbers = [score.mean, score.lower, score.upper, score.sd];
            let names = [column.name.clone(), self.metric.clone()].into_iter();
            text.row(names.chain(numbers.map(|number| number.to_string())))?;
        }
        text.finish()
    }
}
