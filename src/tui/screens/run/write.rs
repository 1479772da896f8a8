//! Dialogs of the run screen, and what they change in the store.

use super::Run;
use crate::domain::RunId;
use crate::report::words;
use crate::sweep::Steer;
use crate::tui::ask::Write;
use crate::tui::effect::{Effect, Tone};
use crate::tui::overlay::{Confirm, Form, FormField, Outcome, Overlay};
use crate::tui::screens::Shared;

impl Run {
    pub(super) fn edit_form(&mut self) -> Vec<Effect> {
        let Some(record) = &self.record else { return Vec::new() };
        let run = &record.run;
        self.edited_tags =
            run.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let tags: Vec<String> = run.tags.iter().map(|(key, value)| shown_tag(key, value)).collect();
        let fields = vec![
            FormField::text("name", &words::clean(&run.name), "how lists call the run"),
            FormField::text(
                "tags",
                &words::clean(&tags.join(", ")),
                "key or key=value, with commas between",
            ),
            FormField::text(
                "note",
                &words::clean(run.note.as_deref().unwrap_or_default()),
                "empty takes it off",
            ),
        ];
        let title = format!("Run {}", run.id);
        vec![Effect::Overlay(Overlay::Form(Form::new("edit-run", &title, fields)))]
    }

    pub(super) fn bin(&mut self) -> Vec<Effect> {
        let Some(record) = &self.record else { return Vec::new() };
        let id = record.run.id;
        if record.run.deleted {
            return vec![Effect::Write(Write::Restore(vec![id]))];
        }
        let lines = vec![
            format!(
                "run {id} {} goes to the bin; lists leave it out.",
                words::clean(&record.run.name)
            ),
            "D here brings it back, until derby store gc takes it for good.".into(),
        ];
        vec![Effect::Overlay(Overlay::Confirm(Confirm::new("bin-run", "Into the bin?", lines)))]
    }

    pub(super) fn ask_to_stop(&mut self) -> Vec<Effect> {
        let Some(record) = &self.record else { return Vec::new() };
        let run = &record.run;
        let lines = vec![
            format!(
                "run {} {} is ended; its trial is over and not tried again.",
                run.id,
                words::clean(&run.name)
            ),
            "The sweep goes on with the next trial.".into(),
        ];
        let title = format!("End run {}?", run.id);
        vec![Effect::Overlay(Overlay::Confirm(Confirm::new("stop-run", &title, lines)))]
    }

    pub(super) fn dialog_ended(
        &mut self,
        purpose: &'static str,
        outcome: Outcome,
        shared: &Shared,
    ) -> Result<Vec<Effect>, (usize, String)> {
        let Some(run) = self.shown else { return Ok(Vec::new()) };
        match (purpose, outcome) {
            ("edit-run", Outcome::Filled(values)) => return self.edited(run, &values),
            ("bin-run", Outcome::Confirmed) => {
                return Ok(vec![Effect::Write(Write::Bin(vec![run]))]);
            }
            ("stop-run", Outcome::Confirmed) => return Ok(self.stop(run)),
            ("search-log", Outcome::Typing(text) | Outcome::Typed(text)) => self.search(&text),
            ("search-log", Outcome::Left) => self.search(""),
            ("narrow-params", outcome) => {
                self.narrowed = text_of(outcome);
                self.rebuild(shared);
            }
            ("narrow-curves", outcome) => {
                self.curves.narrowed = text_of(outcome);
                self.rebuild(shared);
            }
            _ => {}
        }
        Ok(Vec::new())
    }

    fn stop(&self, run: RunId) -> Vec<Effect> {
        let Some(sweep) = self.record.as_ref().and_then(|record| record.sweep) else {
            return vec![Effect::Say(Tone::Bad, "it is no run of a sweep".into())];
        };
        vec![Effect::Write(Write::Steer { sweep, steer: Steer::StopRun { run } })]
    }

    /// The writes that make the run what the form says.
    fn edited(&self, run: RunId, values: &[String]) -> Result<Vec<Effect>, (usize, String)> {
        let [name, tags, note] = values else { return Ok(Vec::new()) };
        let Some(record) = &self.record else { return Ok(Vec::new()) };
        if name.is_empty() {
            return Err((0, "a run needs a name".into()));
        }
        let tags = parsed(tags).map_err(|problem| (1, problem))?;
        let mut writes = Vec::new();
        if *name != words::clean(&record.run.name) {
            writes.push(Write::Rename { run, name: name.clone() });
        }
        let was: Vec<(String, String)> = self
            .edited_tags
            .iter()
            .map(|(key, value)| (words::clean(key), words::clean(value)))
            .collect();
        for (at, (key, _)) in was.iter().enumerate() {
            if !tags.iter().any(|(other, _)| other == key) {
                let key = self.edited_tags[at].0.clone();
                writes.push(Write::Untag { runs: vec![run], key });
            }
        }
        for (key, value) in tags {
            if !was.contains(&(key.clone(), value.clone())) {
                writes.push(Write::Tag { runs: vec![run], key, value });
            }
        }
        if *note != words::clean(record.run.note.as_deref().unwrap_or_default()) {
            writes.push(Write::Note { run, text: note.clone() });
        }
        if writes.is_empty() {
            return Ok(vec![Effect::Say(Tone::Info, "nothing was changed".into())]);
        }
        Ok(writes.into_iter().map(Effect::Write).collect())
    }

    /// What stands at the right of a prompt.
    pub(super) fn prompt_status(&self, purpose: &str) -> String {
        match purpose {
            "search-log" if self.log.search.is_empty() => String::new(),
            "search-log" => words::plural(self.log.hits.len() as u64, "line"),
            "narrow-params" => words::plural(
                self.param_rows.iter().filter(|row| !row.is_context).count() as u64,
                "parameter",
            ),
            "narrow-curves" => words::plural(self.curves.specs.len() as u64, "chart"),
            _ => String::new(),
        }
    }
}

fn text_of(outcome: Outcome) -> String {
    match outcome {
        Outcome::Typing(text) | Outcome::Typed(text) => text,
        _ => String::new(),
    }
}

fn shown_tag(key: &str, value: &str) -> String {
    if value.is_empty() { key.into() } else { format!("{key}={value}") }
}

/// Tags as the form has them.
fn parsed(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut tags = Vec::new();
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty() {
            return Err(format!("'{word}' has no key; mend: key or key=value"));
        }
        tags.push((key.to_string(), value.to_string()));
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_they_are_shown() {
        let tags = parsed("best, by = mara,,x=a=b").unwrap();
        let shown: Vec<_> = tags.iter().map(|(key, value)| shown_tag(key, value)).collect();
        assert_eq!(shown, ["best", "by=mara", "x=a=b"]);
        assert!(parsed("=1").unwrap_err().contains("'=1'"));
    }
}
