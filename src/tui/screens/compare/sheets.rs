//! What the tables of the screen say: parameters, scores by fold and by part of the data, code and data. Pure.

use super::finding::MetricRow;
use super::load::Found;
use super::predicted::{Slice, Slices};
use super::table::{Sheet, Title};
use crate::compare::{Difference, differences};
use crate::domain::{Goal, RunId, RunRecord, Value, format_number};
use crate::report::words;
use crate::tui::paint::clean;
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::CellText;
use indexmap::IndexSet;

/// Digits beyond which numbers count as equal to the eye.
const MOST_DIGITS: usize = 17;
/// Names of equal parameters that are told.
const TOLD: usize = 40;

/// The runs that are compared: a letter each, and the record where there is one.
pub(super) type Columns<'a> = [(char, RunId, Option<&'a Found>)];

fn letters(columns: &Columns<'_>) -> Vec<char> {
    columns.iter().map(|column| column.0).collect()
}

/// Parameters side by side, and what was run where; what differs first. Also how many differ, of how many.
pub(super) fn params(columns: &Columns<'_>, only: bool, theme: &Theme) -> (Sheet, (usize, usize)) {
    let rows = differing(columns);
    let (equal, differ): (Vec<_>, Vec<_>) = rows.into_iter().partition(Difference::is_equal);
    let counts = (differ.len(), differ.len() + equal.len());
    let mut made: Vec<Vec<CellText>> = differ.iter().map(|row| param_row(row, theme)).collect();
    let mut notes = Vec::new();
    if only {
        let names: Vec<&str> = equal.iter().take(TOLD).map(|row| row.name.as_str()).collect();
        if !names.is_empty() {
            let n = words::plural(equal.len() as u64, "parameter");
            let are = if equal.len() == 1 { "is" } else { "are" };
            let names = clean(&names.join(", "));
            notes.push((format!("{n} {are} equal, d shows: {names}"), Role::Muted));
        }
    } else {
        made.extend(equal.iter().map(|row| param_row(row, theme)));
    }
    let facts = facts_of(columns, false);
    let shown: Vec<&FactRow> = facts.iter().filter(|row| !only || row.differs()).collect();
    if !shown.is_empty() {
        if !made.is_empty() {
            made.push(vec![CellText::new("code, data, place", Role::Muted)]);
        }
        // A parameter may be called so too.
        let is_taken = |name: &str| differ.iter().chain(&equal).any(|row| row.name == name);
        made.extend(shown.into_iter().map(|row| {
            let mut cells = row.cells(theme);
            if is_taken(row.name) {
                cells[0].text = format!("run's {}", row.name);
            }
            cells
        }));
    }
    let mut sheet = Sheet::new(Sheet::titles_of("parameter", &letters(columns)), made, notes);
    sheet.empty = if columns.len() < 2 {
        "a adds a run to compare with".into()
    } else {
        "nothing differs — d shows all".into()
    };
    (sheet, counts)
}

/// The parameters of all columns; a run that is gone has none.
pub(super) fn differing(columns: &Columns<'_>) -> Vec<Difference> {
    let known: Vec<&RunRecord> =
        columns.iter().filter_map(|(_, _, found)| Some(&(*found)?.record)).collect();
    let mut rows = differences(&known);
    if known.len() < columns.len() {
        for row in &mut rows {
            let mut values = std::mem::take(&mut row.values).into_iter();
            let value =
                |found: Option<&Found>| found.and_then(|_| values.next().unwrap_or_default());
            row.values = columns.iter().map(|(_, _, found)| *found).map(value).collect();
        }
    }
    rows.into_iter().flat_map(|row| by_model(row, columns)).collect()
}

/// A parameter that is several models' own is as many parameters of one name: a row each.
fn by_model(row: Difference, columns: &Columns<'_>) -> Vec<Difference> {
    let model = |at: usize| {
        let found = columns[at].2.filter(|found| found.own.contains(&row.name))?;
        found.record.params.get("model").map(ToString::to_string)
    };
    let models: Vec<Option<String>> = (0..columns.len()).map(model).collect();
    let distinct: IndexSet<&String> = models.iter().flatten().collect();
    let is_shared = |at: usize| models[at].is_none() && row.values[at].is_some();
    if distinct.len() < 2 || (0..columns.len()).any(is_shared) {
        return vec![row];
    }
    let of = |model: &String| {
        let is_its = |at: usize| models[at].as_ref() == Some(model);
        let value = |(at, value): (usize, &Option<Value>)| value.clone().filter(|_| is_its(at));
        Difference {
            name: format!("{} of {model}", row.name),
            values: row.values.iter().enumerate().map(value).collect(),
        }
    };
    distinct.into_iter().map(of).collect()
}

/// Values as texts that differ where the values do.
pub(super) fn value_texts(values: &[Option<Value>]) -> Vec<Option<String>> {
    let text = |value: &Value, digits: usize| match value {
        Value::Float(float) => format_number(*float, digits),
        other => clean(&other.to_string()),
    };
    let mut digits = 4;
    loop {
        let texts: Vec<Option<String>> =
            values.iter().map(|value| value.as_ref().map(|value| text(value, digits))).collect();
        let same = |a: usize, b: usize| match (&values[a], &values[b]) {
            (Some(Value::Float(x)), Some(Value::Float(y))) => x == y || texts[a] != texts[b],
            _ => true,
        };
        let n = values.len();
        let told = (0..n).all(|a| (a + 1..n).all(|b| same(a, b)));
        if told || digits >= MOST_DIGITS {
            return texts;
        }
        digits += 1;
    }
}

fn param_row(row: &Difference, theme: &Theme) -> Vec<CellText> {
    let is_equal = row.is_equal();
    let role = if is_equal { Role::Muted } else { Role::Text };
    let mut cells = vec![CellText::new(clean(&row.name), role)];
    let texts = value_texts(&row.values);
    for (at, text) in texts.into_iter().enumerate() {
        let Some(text) = text else {
            cells.push(CellText::new(format!("{} ", theme.glyph("—", "-")), Role::Muted));
            continue;
        };
        let mark = if at == 0 {
            " "
        } else {
            against(row.values[0].as_ref(), row.values[at].as_ref(), theme)
        };
        let role = if at > 0 && mark != " " { Role::Accent } else { role };
        let text = if is_equal { text } else { format!("{text}{mark}") };
        cells.push(CellText::new(text, role));
    }
    cells
}

/// Other than the reference. More of a parameter is neither better nor worse, and gets no arrow.
fn against(first: Option<&Value>, value: Option<&Value>, theme: &Theme) -> &'static str {
    match (first, value) {
        (Some(first), Some(value)) if !first.same(value) => theme.glyph("≠", "!="),
        _ => " ",
    }
}

/// A fact of every run.
#[derive(Debug, Clone)]
pub(super) struct FactRow {
    pub(super) name: &'static str,
    /// None where it is not known.
    pub(super) values: Vec<Option<String>>,
}

impl FactRow {
    fn differs(&self) -> bool {
        self.values.windows(2).any(|pair| pair[0] != pair[1])
    }

    fn cells(&self, theme: &Theme) -> Vec<CellText> {
        let differs = self.differs();
        let mut cells = vec![CellText::new(self.name, Role::Muted)];
        for value in &self.values {
            let role = match (differs, *value == self.values[0]) {
                (true, false) => Role::Accent,
                (true, true) => Role::Text,
                _ => Role::Muted,
            };
            let text = value.clone().unwrap_or_else(|| theme.glyph("—", "-").into());
            cells.push(CellText::new(text, role));
        }
        cells
    }
}

/// Data, split, code, machine; with `all` also what is another in any two runs.
pub(super) fn facts_of(columns: &Columns<'_>, all: bool) -> Vec<FactRow> {
    let row = |name: &'static str, of: &dyn Fn(&RunRecord) -> Option<String>| FactRow {
        name,
        values: columns
            .iter()
            .map(|(_, _, found)| found.and_then(|found| of(&found.record)).map(|v| clean(&v)))
            .collect(),
    };
    let hash =
        |hash: &Option<String>| hash.as_ref().map(|hash| format!("b3:{}", words::short(hash)));
    let code = |run: &RunRecord| {
        let git = run.git.as_ref()?;
        let dirty = if git.dirty { "+" } else { "" };
        Some(format!("{}{dirty}", git.commit.chars().take(7).collect::<String>()))
    };
    let change = |run: &RunRecord| {
        let git = run.git.as_ref()?;
        Some(match (&git.diff, git.dirty) {
            (Some(diff), _) => format!("b3:{}", words::short(diff)),
            (None, true) => "dirty".into(),
            (None, false) => "clean".into(),
        })
    };
    let mut rows = vec![
        row("data", &|run| hash(&run.data_hash)),
        row("split", &|run| hash(&run.split)),
        row("seed", &|run| run.seed.map(|seed| seed.to_string())),
        row("code", &code),
        row("uncommitted", &change),
        row("derby", &|run| Some(run.version.clone())),
        row("host", &|run| Some(run.host.clone())),
    ];
    if all {
        rows.extend([
            row("schema", &|run| hash(&run.schema_hash)),
            row("rows", &|run| run.rows.map(words::count)),
            row("branch", &|run| run.git.as_ref().and_then(|git| git.branch.clone())),
            row("sweep", &|run| run.sweep.clone()),
            row("trial", &|run| run.trial.map(|trial| trial.to_string())),
            row("experiment", &|run| Some(run.experiment.clone())),
            row("user", &|run| Some(run.user.clone())),
            row("time", &|run| run.seconds.map(words::duration)),
            row("status", &|run| Some(run.status.word().into())),
            row("reason", &|run| run.reason.clone()),
            row("taken over", &|run| run.cached_from.map(|of| format!("of run {of}"))),
            row("name", &|run| Some(run.name.clone())),
            row("note", &|run| run.note.clone()),
            row("command", &|run| Some(run.argv.join(" "))),
        ]);
        rows.retain(|row| row.values.iter().any(Option::is_some));
        rows.sort_by_key(|row| !row.differs());
    }
    rows
}

/// Everything about code, data and place, what differs first.
pub(super) fn facts(columns: &Columns<'_>, theme: &Theme) -> Sheet {
    let facts = facts_of(columns, true);
    let (differ, equal): (Vec<_>, Vec<_>) = facts.iter().partition(|row| row.differs());
    let mut rows: Vec<Vec<CellText>> = differ.iter().map(|row| row.cells(theme)).collect();
    if !equal.is_empty() && columns.len() > 1 {
        rows.push(vec![CellText::new("equal", Role::Muted)]);
    }
    rows.extend(equal.iter().map(|row| row.cells(theme)));
    Sheet::new(Sheet::titles_of("", &letters(columns)), rows, Vec::new())
}

/// Scores by fold, side by side.
pub(super) fn folds(row: &MetricRow, letters: &[char], theme: &Theme) -> Sheet {
    let mut contexts: Vec<&str> = Vec::new();
    for (context, _) in row.scores.iter().flat_map(|score| &score.folds) {
        if !contexts.contains(&context.as_str()) {
            contexts.push(context);
        }
    }
    let value = |at: usize, context: &str| {
        row.scores[at].folds.iter().find(|fold| fold.0 == context).map(|fold| fold.1)
    };
    let scores = |context: &&str| (0..row.scores.len()).map(|at| value(at, context)).collect();
    let scores: Vec<Vec<Option<f64>>> = contexts.iter().map(scores).collect();
    let mut rows = score_cells(row, &scores, theme);
    for (cells, context) in rows.iter_mut().zip(&contexts) {
        // The title says that it is a fold.
        let name = context.strip_prefix("fold=").unwrap_or(context);
        cells.insert(0, CellText::new(clean(name), Role::Muted));
    }
    let mut titles = vec![Title { text: "fold".into(), ..Title::default() }];
    for (at, letter) in letters.iter().enumerate() {
        titles.push(Title { text: letter.to_string(), run: Some(at), right: true });
        if at > 0 {
            let delta = theme.glyph("Δ", "d");
            titles.push(Title { text: format!("{delta}{letter}"), run: Some(at), right: true });
        }
    }
    let mut notes = Vec::new();
    for (score, letter) in row.scores.iter().zip(letters).skip(1) {
        let pairs = || score.folds.iter().filter_map(|(at, own)| Some((value(0, at)?, *own)));
        let n = pairs().count();
        if let (Some(goal), true) = (row.goal, n > 0) {
            let won = pairs().filter(|(first, own)| goal.better(*own, *first)).count();
            notes.push((format!("{letter} is better than A on {won} of {n} folds"), Role::Muted));
        }
    }
    let mut sheet = Sheet::new(titles, rows, notes);
    sheet.empty = format!("'{}' has no scores by fold", clean(&row.name));
    sheet
}

/// A number of a run in a row of scores.
type Of<'a> = &'a dyn Fn(&[Option<f64>], usize) -> Option<f64>;

/// Scores by row and run as cells, from the second run on with the difference to the first: each with one number of
/// decimals.
fn score_cells(row: &MetricRow, scores: &[Vec<Option<f64>>], theme: &Theme) -> Vec<Vec<CellText>> {
    let by = |values: &[Option<f64>], at: usize| {
        Some(values[at]? - values[0]?).filter(|by| by.is_finite())
    };
    let texts = |of: Of<'_>| {
        let value = |values, at| (row.name.as_str(), of(values, at).unwrap_or(f64::NAN));
        let all =
            scores.iter().flat_map(|values| (0..values.len()).map(move |at| value(values, at)));
        words::column(&all.collect::<Vec<_>>()).into_iter()
    };
    let (mut own, mut changes) = (texts(&|values, at| values[at]), texts(&by));
    let none = || CellText::new(theme.glyph("—", "-"), Role::Muted);
    let mut rows = Vec::with_capacity(scores.len());
    for values in scores {
        let mut cells = Vec::with_capacity(values.len() * 2);
        for (at, value) in values.iter().enumerate() {
            let (text, change) = (own.next().unwrap_or_default(), changes.next());
            cells.push(match value {
                None => none(),
                Some(value) if value.is_finite() => CellText::new(text, Role::Text),
                Some(_) => CellText::new(text, Role::Bad),
            });
            if at > 0 {
                cells.push(match (by(values, at), change) {
                    (Some(by), Some(text)) => {
                        let sign = if by > 0.0 { "+" } else { "" };
                        CellText::new(format!("{sign}{text}"), side(row.goal, by))
                    }
                    _ => none(),
                });
            }
        }
        rows.push(cells);
    }
    rows
}

fn side(goal: Option<Goal>, difference: f64) -> Role {
    match goal.map(|goal| goal.loss(difference)) {
        Some(loss) if loss < 0.0 => Role::Good,
        Some(loss) if loss > 0.0 => Role::Bad,
        _ => Role::Muted,
    }
}

/// A difference of a metric with its sign.
pub(super) fn signed(metric: &str, difference: f64) -> String {
    let text = words::with_unit_to(metric, difference, 2);
    if difference > 0.0 { format!("+{text}") } else { text }
}

/// Scores by part of the data.
pub(super) fn slices(
    slices: &Slices,
    columns: &Columns<'_>,
    (goal, theme): (Option<Goal>, &Theme),
) -> Sheet {
    let row = |name: &str| MetricRow { name: name.into(), goal, scores: Vec::new() };
    let metric = row(&slices.metric);
    let score = |slice: &Slice, id: &RunId| slice.scores.get(id).copied();
    let scores = |slice: &Slice| columns.iter().map(|(_, id, _)| score(slice, id)).collect();
    let scores: Vec<Vec<Option<f64>>> = slices.rows.iter().map(scores).collect();
    let scores = score_cells(&metric, &scores, theme);
    let mut rows = Vec::new();
    let mut column = "";
    for (slice, scores) in slices.rows.iter().zip(scores) {
        if slice.column != column {
            column = &slice.column;
            rows.push(vec![CellText::new(clean(column), Role::Accent)]);
        }
        let indent = if slice.column.is_empty() { "" } else { "  " };
        let mut cells = vec![
            CellText::new(format!("{indent}{}", clean(&slice.value)), Role::Text),
            CellText::new(words::count(slice.rows as u64), Role::Muted),
        ];
        cells.extend(scores);
        rows.push(cells);
    }
    let mut titles = vec![
        Title { text: "part of the data".into(), ..Title::default() },
        Title { text: "rows".into(), right: true, run: None },
    ];
    for (at, (letter, _, _)) in columns.iter().enumerate() {
        titles.push(Title { text: letter.to_string(), run: Some(at), right: true });
        if at > 0 {
            let delta = theme.glyph("Δ", "d");
            titles.push(Title { text: format!("{delta}{letter}"), run: Some(at), right: true });
        }
    }
    let mut notes = lacking(columns, &slices.lacking);
    if slices.hidden > 0 {
        notes.push((format!("{} more columns are not cut by", slices.hidden), Role::Muted));
    }
    Sheet::new(titles, rows, notes)
}

/// Why runs have no predictions to show, a line each.
pub(super) fn lacking(
    columns: &Columns<'_>,
    lacking: &std::collections::BTreeMap<RunId, String>,
) -> Vec<(String, Role)> {
    let why = |(letter, id, _): &(char, RunId, Option<&Found>)| {
        let why = lacking.get(id)?;
        Some((format!("{letter}: {}", clean(why)), Role::Warn))
    };
    columns.iter().filter_map(why).collect()
}
