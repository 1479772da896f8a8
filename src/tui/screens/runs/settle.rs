//! Dialogs of the screen and what comes of them: filter, groups, name and tags and note, bin.

use super::{Runs, Shared};
use crate::domain::RunId;
use crate::store::Field;
use crate::store::filter::Attribute;
use crate::tui::ask::Write;
use crate::tui::catalog::Catalog;
use crate::tui::effect::{Effect, Tone};
use crate::tui::overlay::{Confirm, Form, FormField, Outcome, Overlay};
use crate::tui::paint::clean;

pub(super) const FILTER: &str = "filter";
pub(super) const GROUP: &str = "group";
pub(super) const SEARCH: &str = "columns";
const EDIT: &str = "edit";
const TAGS: &str = "tags";
const BIN: &str = "bin";
const RESTORE: &str = "restore";

/// What runs can be put together by: the column, its name, what it means.
pub(super) fn groupings(catalog: &Catalog) -> Vec<(Option<Field>, String, String)> {
    let attribute = |one: Attribute, name: &str, about: &str| {
        (Some(Field::Attribute(one)), name.to_string(), about.to_string())
    };
    let mut all = vec![
        (None, "none".to_string(), "one run a line".to_string()),
        attribute(Attribute::Sweep, "sweep", "runs of one sweep"),
        attribute(Attribute::Replicate, "replicates", "runs of one trial"),
        attribute(Attribute::Status, "status", "done, failed, running …"),
    ];
    let param =
        |name: &String| (Some(Field::Param(name.clone())), name.clone(), "parameter".into());
    all.extend(catalog.params.iter().map(param));
    let more = [
        (Attribute::Experiment, "experiment"),
        (Attribute::Host, "host"),
        (Attribute::User, "user"),
        (Attribute::Commit, "commit"),
        (Attribute::Data, "data"),
        (Attribute::Seed, "seed"),
    ];
    all.extend(more.map(|(one, name)| attribute(one, name, "of the run")));
    all
}

impl Runs {
    /// The form for the tags of the marked runs, or all of the run under the cursor if no other is marked.
    pub(super) fn edit(&self, shared: &Shared) -> Vec<Effect> {
        let Some(run) = self.selected() else { return Vec::new() };
        if shared.marks.iter().any(|marked| *marked != run) {
            let title = crate::report::words::plural(shared.marks.len() as u64, "marked run");
            let fields = vec![
                FormField::text("tags to add", "", "key or key=value, with spaces between"),
                FormField::text("tags to take off", "", "keys"),
            ];
            return vec![Effect::Overlay(Overlay::Form(Form::new(TAGS, &title, fields)))];
        }
        let Some(seen) = self.preview.as_ref().filter(|seen| seen.run.id == run) else {
            return vec![Effect::Say(Tone::Info, "the run is still being read".into())];
        };
        let tags: Vec<String> = seen.run.tags.iter().map(tag_text).collect();
        let fields = vec![
            FormField::text("name", &clean(&seen.run.name), ""),
            FormField::text("tags", &tags.join(" "), "key or key=value"),
            FormField::text("note", &clean(seen.run.note.as_deref().unwrap_or("")), ""),
        ];
        let form = Form::new(EDIT, &format!("Run {run}"), fields);
        vec![Effect::Overlay(Overlay::Form(form))]
    }

    /// Which runs the bin is about: the marked ones, else that under the cursor.
    fn binned(&self, shared: &Shared) -> Vec<RunId> {
        if shared.marks.is_empty() {
            return self.selected().into_iter().collect();
        }
        shared.marks.iter().copied().collect()
    }

    pub(super) fn ask_bin(&self, shared: &Shared) -> Vec<Effect> {
        let runs =
            if self.bin { self.selected().into_iter().collect() } else { self.binned(shared) };
        let what = match runs.as_slice() {
            [] => return Vec::new(),
            [one] => format!("run {one}"),
            many => format!("{} marked runs", many.len()),
        };
        let (purpose, title, mut lines) = if self.bin {
            (RESTORE, "Out of the bin", vec![format!("{what} comes back.")])
        } else {
            (
                BIN,
                "Into the bin",
                vec![
                    format!("{what}: into the bin. v shows the bin, D there brings runs back."),
                    "derby store gc deletes what has been there for long.".into(),
                ],
            )
        };
        let champions: Vec<String> = runs
            .iter()
            .filter_map(|run| {
                shared
                    .catalog
                    .champions
                    .get(run)
                    .map(|model| format!("run {run} is the champion of {model}"))
            })
            .collect();
        if !self.bin && !champions.is_empty() {
            lines.push(format!("Careful: {}.", champions.join(", ")));
        }
        vec![Effect::Overlay(Overlay::Confirm(Confirm::new(purpose, title, lines)))]
    }

    pub(super) fn settles(
        &mut self,
        purpose: &'static str,
        outcome: Outcome,
        shared: &mut Shared,
    ) -> Result<Vec<Effect>, (usize, String)> {
        match (purpose, outcome) {
            (FILTER, outcome) => self.settle_filter(outcome, shared),
            (SEARCH, outcome) => {
                self.settle_search(outcome);
                Ok(Vec::new())
            }
            (GROUP, Outcome::Chosen(at)) => {
                let all = groupings(&shared.catalog);
                self.group = all.into_iter().nth(at).and_then(|(field, ..)| field);
                self.open.clear();
                self.refresh_columns(shared);
                (self.column, self.first_column) = (0, 0);
                self.go_to_top();
                Ok(Vec::new())
            }
            (EDIT, Outcome::Filled(values)) => self.edited(&values),
            (TAGS, Outcome::Filled(values)) => {
                let runs: Vec<RunId> = shared.marks.iter().copied().collect();
                let [add, off] = values.as_slice() else { return Ok(Vec::new()) };
                let mut writes = Vec::new();
                for (key, value) in tags_of(add).map_err(|text| (0, text))? {
                    writes.push(Write::Tag { runs: runs.clone(), key, value });
                }
                for (key, _) in tags_of(off).map_err(|text| (1, text))? {
                    writes.push(Write::Untag { runs: runs.clone(), key });
                }
                Ok(at_once(writes))
            }
            (BIN, Outcome::Confirmed) => {
                let runs = self.binned(shared);
                for run in &runs {
                    shared.marks.shift_remove(run);
                }
                Ok(vec![Effect::Write(Write::Bin(runs))])
            }
            (RESTORE, Outcome::Confirmed) => {
                let runs = self.selected().into_iter().collect();
                Ok(vec![Effect::Write(Write::Restore(runs))])
            }
            _ => Ok(Vec::new()),
        }
    }

    fn settle_filter(
        &mut self,
        outcome: Outcome,
        shared: &Shared,
    ) -> Result<Vec<Effect>, (usize, String)> {
        match outcome {
            Outcome::Typing(text) => {
                let before = self.filtering.effective().to_string();
                self.filtering.type_(&text, &shared.catalog);
                if self.filtering.effective() != before {
                    self.go_to_top();
                }
            }
            Outcome::Typed(text) => {
                // With a mistake in it, it stays to be mended.
                self.filtering.keep(&text).map_err(|problem| (0, problem))?;
                self.take_withheld(shared);
            }
            Outcome::Left => self.filtering.leave(),
            _ => {}
        }
        Ok(Vec::new())
    }

    /// What of the form is another now is written.
    fn edited(&self, values: &[String]) -> Result<Vec<Effect>, (usize, String)> {
        let (Some(seen), [name, tags, note]) = (&self.preview, values) else {
            return Ok(Vec::new());
        };
        let run = seen.run.id;
        if name.is_empty() {
            return Err((0, "a run has a name: give it one".into()));
        }
        let tags = tags_of(tags).map_err(|text| (1, text))?;
        let mut writes = Vec::new();
        if *name != clean(&seen.run.name) {
            writes.push(Write::Rename { run, name: name.clone() });
        }
        for (key, value) in &tags {
            if seen.run.tags.get(key) != Some(value) {
                writes.push(Write::Tag { runs: vec![run], key: key.clone(), value: value.clone() });
            }
        }
        for key in seen.run.tags.keys() {
            if !tags.iter().any(|(known, _)| known == key) {
                writes.push(Write::Untag { runs: vec![run], key: key.clone() });
            }
        }
        if *note != clean(seen.run.note.as_deref().unwrap_or("")) {
            writes.push(Write::Note { run, text: note.clone() });
        }
        Ok(at_once(writes))
    }
}

/// Written together, and told of in one message.
fn at_once(mut writes: Vec<Write>) -> Vec<Effect> {
    match writes.len() {
        0 => Vec::new(),
        1 => writes.pop().map(Effect::Write).into_iter().collect(),
        _ => vec![Effect::Write(Write::All(writes))],
    }
}

fn tag_text((key, value): (&String, &String)) -> String {
    if value.is_empty() { key.clone() } else { format!("{key}={value}") }
}

/// Tags as they are typed: `keep why=test`.
fn tags_of(text: &str) -> Result<Vec<(String, String)>, String> {
    let tag = |word: &str| {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        match key {
            "" => Err(format!("'{word}' has no key: write key=value")),
            key => Ok((key.to_string(), value.to_string())),
        }
    };
    text.split([' ', ',']).filter(|word| !word.is_empty()).map(tag).collect()
}
