//! `MODEL_CARD.md`: a bundle for people, in the sections of Mitchell et al. 2019.

use super::drift::{Drift, ProfileOf};
use super::{BundleMetrics, Kind, Manifest, Model, Provenance, Score};
use crate::data::{ColumnSchema, ColumnType};
use crate::domain::format_number;
use indexmap::IndexMap;
use std::fmt::Write as _;

/// Features and parameters that the card lists.
const LISTED: usize = 100;
/// Characters of a text that is shown.
const SHOWN: usize = 80;

/// A page that grows.
struct Page(String);

pub(super) fn text(
    manifest: &Manifest,
    model: Option<&Model>,
    metrics: &BundleMetrics,
    provenance: &Provenance,
) -> String {
    let mut page = Page(String::new());
    page.line(&format!("# {}", plain(&manifest.name)));
    page.gap();
    page.line(&opening(manifest));
    page.details(manifest, model);
    if let Some(model) = model {
        page.inputs(model);
        page.use_of(manifest, model);
    } else {
        page.heading("Use");
        page.line("The program that made the files under `artifacts/` predicts with them; derby does not.");
    }
    page.scores(manifest, metrics);
    if let Some(model) = model {
        page.training(manifest, model, provenance);
    }
    page.provenance(provenance);
    page.0
}

fn opening(manifest: &Manifest) -> String {
    let what = match manifest.kind {
        Kind::Model => "A model",
        Kind::Ensemble => "An ensemble of models",
        Kind::Command => "The artifacts of a command",
    };
    let task = manifest.task.map_or(String::new(), |task| format!(" for {}", task.word()));
    let target = manifest.target.as_ref();
    let target = target.map_or(String::new(), |target| format!(" of `{}`", code(target)));
    format!("{what}{task}{target}, packed by derby {}.", plain(&manifest.derby))
}

impl Page {
    fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn gap(&mut self) {
        self.0.push('\n');
    }

    fn heading(&mut self, text: &str) {
        self.gap();
        self.line(&format!("## {text}"));
        self.gap();
    }

    fn fact(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.line(&format!("- {name}: {value}"));
        }
    }

    fn details(&mut self, manifest: &Manifest, model: Option<&Model>) {
        self.heading("Model");
        let goal =
            format!("{} {}", manifest.objective.goal.word(), code(&manifest.objective.metric));
        self.fact("aim of the search", Some(&goal));
        if !manifest.classes.is_empty() {
            let listed: Vec<String> = manifest
                .classes
                .iter()
                .take(LISTED)
                .map(|class| format!("`{}`", code(class)))
                .collect();
            let more = if manifest.classes.len() > LISTED { ", …" } else { "" };
            self.fact("classes", Some(&format!("{}{more}", listed.join(", "))));
        }
        let positive = manifest.positive.as_ref().map(|class| format!("`{}`", code(class)));
        self.fact("positive class", positive.as_deref());
        let Some(model) = model else { return };
        let total: f64 = model.pipeline.members.iter().map(|(weight, _)| weight).sum();
        for (weight, member) in &model.pipeline.members {
            let share = format_number(weight / total, 4);
            let params = code(&member.params.to_string());
            let weight = if model.pipeline.is_ensemble() {
                format!(", weight {share}")
            } else {
                String::new()
            };
            self.line(&format!("- `{}`{weight}: `{params}`", code(&member.family)));
        }
    }

    fn inputs(&mut self, model: &Model) {
        self.heading("Inputs");
        self.line("| column | type | in training | missing in training |");
        self.line("|---|---|---|---|");
        for column in model.schema.columns.iter().take(LISTED) {
            let drift = model.profile.features.iter().find(|drift| drift.name == column.name);
            let missing = drift.map_or(0.0, |drift| drift.missing);
            self.line(&format!(
                "| {} | {} | {} | {} % |",
                plain(&column.name),
                column.kind.word(),
                seen(column, drift),
                format_number(missing * 100.0, 3)
            ));
        }
        let more = model.schema.columns.len().saturating_sub(LISTED);
        if more > 0 {
            self.gap();
            self.line(&format!("{more} more columns stand in `schema.json`."));
        }
    }

    fn use_of(&mut self, manifest: &Manifest, model: &Model) {
        self.heading("Use");
        self.line("`derby predict BUNDLE DATA -o FILE` reads CSV, JSON lines or Parquet by the types above.");
        self.line("Other columns are ignored, their order does not matter, and each of those above must be there.");
        self.gap();
        self.line("- A text or a range that training did not have is predicted all the same, and counted in the report.");
        self.line("- Nothing is known of rows from elsewhere than the training data; hold new data against `profile.json`.");
        if model.pipeline.is_ensemble() {
            self.line("- It costs as much time as all of its members together.");
        }
        if model.profile.probability.is_none() && !manifest.classes.is_empty() {
            self.line("- It gives no probabilities.");
        }
    }

    fn scores(&mut self, manifest: &Manifest, metrics: &BundleMetrics) {
        self.heading("Scores");
        self.line("### Holdout");
        self.gap();
        if metrics.holdout.is_empty() {
            self.line("None: this model was not scored on rows that no search saw.");
        } else {
            self.line("This model on rows that no search saw.");
            self.table(manifest, &metrics.holdout, "rows");
        }
        self.gap();
        self.line("### Cross-validation");
        self.gap();
        if metrics.cross_validation.is_empty() {
            self.line("None.");
            return;
        }
        self.line("Mean over the folds of the search, of models fitted on fewer rows. The best of many trials looks");
        self.line(
            "better here than it is, so these numbers do not compare with those of the holdout.",
        );
        self.table(manifest, &metrics.cross_validation, "folds");
    }

    fn table(&mut self, manifest: &Manifest, scores: &IndexMap<String, Score>, unit: &str) {
        self.gap();
        self.line(&format!("| metric | score | {unit} |"));
        self.line("|---|---:|---:|");
        for (name, score) in scores {
            let value = score.value.map_or("undefined".into(), |value| format_number(value, 4));
            let sd = score.sd.map_or(String::new(), |sd| format!(" ± {} sd", format_number(sd, 2)));
            let aim = if *name == manifest.objective.metric { " (aim)" } else { "" };
            self.line(&format!("| {}{aim} | {value}{sd} | {} |", plain(name), score.n));
        }
    }

    fn training(&mut self, manifest: &Manifest, model: &Model, provenance: &Provenance) {
        self.heading("Training data");
        let rows = manifest.trained.as_ref().map(|trained| trained.rows.to_string());
        self.fact("rows of the fit", rows.as_deref());
        self.fact("target", Some(&distribution(&model.profile.target)));
        let source = provenance.source.as_ref().map(|source| format!("`{}`", code(source)));
        self.fact("source", source.as_deref());
        let licence = provenance.licence.as_deref().map_or("not stated".into(), plain);
        self.fact("licence of the data", Some(&licence));
        let of = match model.profile.predictions_of {
            ProfileOf::OutOfFold => "out-of-fold predictions",
            ProfileOf::Holdout => "predictions on the holdout",
            ProfileOf::Training => {
                "predictions of the training rows themselves, which look more certain than new ones will"
            }
        };
        self.fact("predictions in `profile.json`", Some(of));
        let golden = model.golden.len();
        let told = format!(
            "- this folder holds {golden} rows of the training data as they are (`golden.jsonl`), the texts of its \
             categories (`schema.json`) and its quantiles (`profile.json`): pass it on as you would the data"
        );
        self.line(&told);
    }

    fn provenance(&mut self, provenance: &Provenance) {
        self.heading("Provenance");
        let shown = |value: &Option<String>| value.as_ref().map(|v| format!("`{}`", code(v)));
        self.fact("sweep", shown(&provenance.sweep).as_deref());
        self.fact("sweep digest", shown(&provenance.sweep_digest).as_deref());
        self.fact("data", shown(&provenance.data_hash).as_deref());
        self.fact("schema", shown(&provenance.schema_hash).as_deref());
        self.fact("split", shown(&provenance.split).as_deref());
        self.fact("seed", provenance.seed.map(|seed| seed.to_string()).as_deref());
        self.fact("derby", Some(&plain(&provenance.derby)));
        self.gap();
        self.line("`derby verify BUNDLE` checks every file and predicts the golden rows again.");
    }
}

/// What training saw of a column.
fn seen(column: &ColumnSchema, drift: Option<&Drift>) -> String {
    match (column.kind, column.range) {
        (ColumnType::Number, Some((low, high))) => {
            let mean = drift.and_then(|drift| drift.mean);
            let mean =
                mean.map_or(String::new(), |mean| format!(", mean {}", format_number(mean, 4)));
            format!("{} to {}{mean}", format_number(low, 4), format_number(high, 4))
        }
        (ColumnType::Date, Some((low, high))) => format!("{} to {}", day(low), day(high)),
        (ColumnType::Number | ColumnType::Date, None) => "no values".into(),
        _ if column.levels.len() <= 6 => {
            let listed: Vec<String> = column.levels.iter().map(|level| plain(level)).collect();
            listed.join(", ")
        }
        _ => format!("{} different texts", column.levels.len()),
    }
}

fn day(seconds: f64) -> String {
    time::OffsetDateTime::from_unix_timestamp(seconds as i64)
        .map_or_else(|_| format_number(seconds, 6), |at| at.date().to_string())
}

fn distribution(drift: &Drift) -> String {
    if drift.levels.is_empty() {
        let number = |value: Option<f64>| value.map_or("?".into(), |value| format_number(value, 4));
        return format!("mean {}, sd {}", number(drift.mean), number(drift.sd));
    }
    let share = |(level, share): &(String, f64)| {
        format!("{} {} %", plain(level), format_number(share * 100.0, 3))
    };
    let listed: Vec<String> = drift.levels.iter().take(20).map(share).collect();
    let more = if drift.levels.len() > 20 { ", …" } else { "" };
    format!("{}{more}", listed.join(", "))
}

/// Text that Markdown and HTML leave alone, on one line.
fn plain(text: &str) -> String {
    let mut made = String::new();
    for c in shortened(text).chars() {
        match c {
            '<' => made.push_str("&lt;"),
            '>' => made.push_str("&gt;"),
            '&' => made.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                let _ = write!(made, "\\{c}");
            }
            c if c.is_control() => made.push(' '),
            c => made.push(c),
        }
    }
    made
}

/// Text for a span of code: no backticks, no pipes, no line ends.
fn code(text: &str) -> String {
    let safe = |c: char| match c {
        '`' => '\'',
        '|' => '¦',
        c if c.is_control() => ' ',
        c => c,
    };
    shortened(text).chars().map(safe).collect()
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN * 4 {
        return text.into();
    }
    text.chars().take(SHOWN * 4 - 1).chain(['…']).collect()
}
