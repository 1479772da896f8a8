//! The answer of `derby importance`: a table, one JSON object, comma-separated values.

use crate::cli::csv_text::CsvText;
use crate::cli::out::{Role, safe};
use crate::cli::table::{Cell, Column, Table};
use crate::cli::text::{count, plural};
use crate::cli::{CliError, Ui, bars};
use crate::compare::{
    Direction, ImportanceMethod, Importances, PAIRED, POOR_FOREST, PairImportance, ParamImportance,
};
use crate::domain::{Objective, format_number};
use crate::store::SweepRow;
use crate::sweep::LeftOut;
use serde_json::json;

/// The longest bar.
const BAR: f64 = 14.0;
/// A smaller share has no direction that is worth a word.
const LEAST: f64 = 0.01;

/// Which parameters made the difference in a sweep, and in which trials.
pub(super) struct Answer<'a> {
    pub(super) sweep: &'a SweepRow,
    pub(super) objective: &'a Objective,
    pub(super) found: Importances,
    /// Trials without a say, by why.
    pub(super) left_out: Vec<(LeftOut, u64)>,
}

impl Answer<'_> {
    /// For people.
    pub(super) fn say(&self, ui: &Ui) -> Result<(), CliError> {
        let (out, found) = (&ui.out, &self.found);
        out.line(&format!(
            " {}   {}   {} over {}",
            out.paint(Role::Strong, &safe(&self.sweep.name)),
            safe(&self.objective.metric),
            found.method.word(),
            found.over(count),
        ))?;
        out.line(&out.paint(Role::Muted, &format!(" {}", question(found.method))))?;
        self.table().print(out)?;
        if !found.pairs.is_empty() {
            out.line("")?;
            self.pairs().print(out)?;
        }
        let notes = self.notes();
        let widest = notes.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, text) in notes {
            out.line(&out.paint(Role::Muted, &format!(" {name:widest$}   {}", safe(&text))))?;
        }
        for doubt in &found.doubts {
            out.line(&out.paint(Role::Warn, &format!(" note   {}", safe(doubt))))?;
        }
        Ok(())
    }

    fn table(&self) -> Table {
        let found = &self.found;
        let has = |what: fn(&ParamImportance) -> bool| found.params.iter().any(what);
        let has_interval = has(|param| param.interval.is_some());
        let is_shap = found.method == ImportanceMethod::Shap;
        let is_conditional = found.params.iter().any(|param| param.active < found.trials);
        let unit = match found.method {
            ImportanceMethod::PedAnova => None,
            ImportanceMethod::Fanova => Some("of variance"),
            ImportanceMethod::Shap => Some("mean |SHAP|"),
        };
        let mut columns = vec![Column::fixed("parameter", false), Column::fixed("share", true)];
        columns.extend(has_interval.then(|| Column::optional("95 % interval", false, 1)));
        columns.push(Column::optional("", false, 4));
        columns.extend(is_shap.then(|| Column::optional("better", false, 1)));
        columns.extend(is_conditional.then(|| Column::optional("active in", false, 2)));
        columns.extend(unit.map(|unit| Column::optional(unit, true, 3)));
        let mut table = Table::new(columns);
        for (param, name) in found.params.iter().zip(found.names()) {
            let mut row = vec![Cell::from(name), Cell::from(format!("{:.2}", param.share))];
            row.extend(has_interval.then(|| Cell::from(interval(param.interval))));
            row.push(Cell::from(bars::bar(param.share, BAR)));
            row.extend(is_shap.then(|| Cell::from(better(param))));
            row.extend(is_conditional.then(|| Cell::from(active(param.active, found.trials))));
            row.extend(unit.map(|_| Cell::from(format_number(param.raw, 2))));
            table.push(row);
        }
        table
    }

    fn pairs(&self) -> Table {
        let found = &self.found;
        let mut columns = vec![
            Column::fixed("together", false),
            Column::fixed("of variance", true),
            Column::optional("95 % interval", false, 1),
        ];
        let is_conditional = found.pairs.iter().any(|pair| pair.active < found.trials);
        columns.extend(is_conditional.then(|| Column::optional("active in", false, 2)));
        let mut table = Table::new(columns);
        for pair in &found.pairs {
            let mut row = vec![
                Cell::from(found.names_of(pair).join(" × ")),
                Cell::from(format!("{:.2}", pair.raw)),
                Cell::from(interval(pair.raw_interval)),
            ];
            row.extend(is_conditional.then(|| Cell::from(active(pair.active, found.trials))));
            table.push(row);
        }
        table
    }

    /// What the numbers rest on.
    fn notes(&self) -> Vec<(&'static str, String)> {
        let found = &self.found;
        let mut notes = vec![];
        if let Some(parts) = found.variance {
            let rest = (1.0 - parts.alone - parts.pairs).max(0.0);
            let is_whole = found.params.len() <= PAIRED;
            let more = if is_whole { "more together" } else { "other pairs and more together" };
            notes.push((
                "variance",
                format!(
                    "{:.2} by single parameters, {:.2} by pairs, {rest:.2} by {more}",
                    parts.alone, parts.pairs
                ),
            ));
        }
        // A worse one is among the doubts.
        if let Some(explained) = found.explained.filter(|explained| *explained >= POOR_FOREST) {
            let percent = 100.0 * explained;
            notes.push((
                "forest",
                format!("explains {percent:.0} % of the variance of unseen trials"),
            ));
        }
        notes.extend(found.intervals().map(|text| ("intervals", text)));
        if !self.left_out.is_empty() {
            notes.push(("left out", left_out(&self.left_out)));
        }
        let others = self.sweep.objectives.iter().filter(|other| *other != self.objective);
        let others: Vec<String> =
            others.map(|other| format!("--metric {}", other.metric)).collect();
        if !others.is_empty() {
            notes.push(("objectives", format!("the others: {}", others.join(", "))));
        }
        notes
    }

    /// For programs.
    pub(super) fn json(&self) -> serde_json::Value {
        let found = &self.found;
        let param = |param: &ParamImportance| {
            let (share, raw) = (ends(param.interval), ends(param.raw_interval));
            json!({
                "id": param.id, "name": param.name,
                "share": param.share, "share_low": share.0, "share_high": share.1,
                "raw": param.raw, "raw_low": raw.0, "raw_high": raw.1,
                "active": param.active,
                "better": param.direction.as_ref().map(Direction::word),
                "correlation": param.direction.as_ref().and_then(Direction::correlation),
            })
        };
        let pair = |pair: &PairImportance| {
            let (low, high) = ends(pair.raw_interval);
            json!({
                "ids": pair.ids, "names": pair.names, "raw": pair.raw, "raw_low": low,
                "raw_high": high, "active": pair.active, "conditional": pair.is_conditional,
            })
        };
        let left_out: serde_json::Map<String, serde_json::Value> =
            self.left_out.iter().map(|(why, n)| (why.key().to_string(), json!(n))).collect();
        json!({
            "sweep": self.sweep.name,
            "metric": self.objective.metric,
            "goal": self.objective.goal.word(),
            "method": found.method.word(),
            "trials": found.trials,
            "of": found.of,
            "left_out": left_out,
            "intervals": found.intervals(),
            "explained": found.explained,
            "variance": found.variance.map(|parts| json!({"alone": parts.alone, "pairs": parts.pairs})),
            "params": found.params.iter().map(param).collect::<Vec<_>>(),
            "pairs": found.pairs.iter().map(pair).collect::<Vec<_>>(),
            "notes": found.doubts,
        })
    }

    /// For spreadsheets.
    pub(super) fn csv(&self) -> Result<String, CliError> {
        let mut text = CsvText::new();
        text.row([
            "method",
            "id",
            "name",
            "share",
            "share_low",
            "share_high",
            "raw",
            "raw_low",
            "raw_high",
            "active",
            "trials",
            "better",
        ])?;
        for param in &self.found.params {
            let shown =
                |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
            let (share, raw) = (ends(param.interval), ends(param.raw_interval));
            text.row([
                self.found.method.word().to_string(),
                param.id.clone(),
                param.name.clone(),
                param.share.to_string(),
                shown(share.0),
                shown(share.1),
                param.raw.to_string(),
                shown(raw.0),
                shown(raw.1),
                param.active.to_string(),
                self.found.trials.to_string(),
                param.direction.as_ref().map(Direction::word).unwrap_or_default(),
            ])?;
        }
        text.finish()
    }
}

fn question(method: ImportanceMethod) -> &'static str {
    match method {
        ImportanceMethod::PedAnova => "what sets the best trials apart from the rest",
        ImportanceMethod::Fanova => "shares of the score's variance over the whole space",
        ImportanceMethod::Shap => "what moved the score of the trials",
    }
}

/// How many trials have no say, by why: `12 failed, 30 pruned`.
pub(super) fn left_out(counts: &[(LeftOut, u64)]) -> String {
    let texts = counts.iter().map(|(why, n)| format!("{} {}", count(*n), why.words()));
    texts.collect::<Vec<_>>().join(", ")
}

fn ends(interval: Option<(f64, f64)>) -> (Option<f64>, Option<f64>) {
    (interval.map(|ends| ends.0), interval.map(|ends| ends.1))
}

fn interval(interval: Option<(f64, f64)>) -> String {
    interval.map(|(low, high)| format!("{low:.2} … {high:.2}")).unwrap_or_default()
}

fn active(active: usize, trials: usize) -> String {
    if active == trials {
        return "all".into();
    }
    format!("{} of {}", count(active as u64), plural(trials as u64, "trial"))
}

fn better(param: &ParamImportance) -> String {
    let direction = param.direction.as_ref().filter(|_| param.share >= LEAST);
    direction.map(Direction::arrow).unwrap_or_default()
}
