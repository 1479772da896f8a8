//! What the tables of the screen say: parameters, scores by fold and by part of the data, code and data. Pure.

use super::finding::MetricRow;
use super::load::Found;
use super::predicted::Slices;
use super::table::{Sheet, Title};
use crate::compare::{Difference, differences};
use crate::domain::{Goal, RunId, RunRecord, Value, format_number};
use crate::report::words;
use crate::tui::paint::clean;
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::CellText;

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
            let n = words::count(equal.len() as u64);
            let names = clean(&names.join(" "));
            notes.push((format!("{n} equal, d shows: {names}"), Role::Muted));
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
        made.extend(shown.into_iter().map(|row| row.cells(theme)));
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
    rows
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

/// More or less than the reference, or other.
fn against(first: Option<&Value>, value: Option<&Value>, theme: &Theme) -> &'static str {
    let (Some(first), Some(value)) = (first, value) else { return " " };
    match (first.as_f64(), value.as_f64()) {
        (Some(a), Some(b)) if b > a => theme.glyph("▲", "^"),
        (Some(a), Some(b)) if b < a => theme.glyph("▼", "v"),
        _ if first.same(value) => " ",
        _ => theme.glyph("≠", "!"),
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
    let mut rows = Vec::new();
    for context in &contexts {
        let mut cells = vec![CellText::new(clean(context), Role::Muted)];
        let first = value(0, context);
        for at in 0..row.scores.len() {
            let own = value(at, context);
            cells.push(number_cell(&row.name, own, theme));
            if at > 0 {
                cells.push(difference_cell(row, first.zip(own), theme));
            }
        }
        rows.push(cells);
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

fn number_cell(metric: &str, value: Option<f64>, theme: &Theme) -> CellText {
    match value {
        None => CellText::new(theme.glyph("—", "-"), Role::Muted),
        Some(value) if value.is_finite() => {
            CellText::new(words::measured(metric, value), Role::Text)
        }
        Some(value) => CellText::new(words::number(value), Role::Bad),
    }
}

/// A difference with its sign, colored by the direction of the metric.
fn difference_cell(row: &MetricRow, pair: Option<(f64, f64)>, theme: &Theme) -> CellText {
    let difference = pair.map(|(first, own)| own - first).filter(|d| d.is_finite());
    let Some(difference) = difference else {
        return CellText::new(theme.glyph("—", "-"), Role::Muted);
    };
    CellText::new(signed(&row.name, difference), side(row.goal, difference))
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
    let text = words::measured_to(metric, difference, 2);
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
    let mut rows = Vec::new();
    let mut column = "";
    for slice in &slices.rows {
        if slice.column != column {
            column = &slice.column;
            rows.push(vec![CellText::new(clean(column), Role::Accent)]);
        }
        let indent = if slice.column.is_empty() { "" } else { "  " };
        let mut cells = vec![
            CellText::new(format!("{indent}{}", clean(&slice.value)), Role::Text),
            CellText::new(words::count(slice.rows as u64), Role::Muted),
        ];
        let score = |id: &RunId| slice.scores.get(id).copied();
        let first = columns.first().and_then(|(_, id, _)| score(id));
        for (at, (_, id, _)) in columns.iter().enumerate() {
            cells.push(number_cell(&slices.metric, score(id), theme));
            if at > 0 {
                cells.push(difference_cell(&metric, first.zip(score(id)), theme));
            }
        }
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
