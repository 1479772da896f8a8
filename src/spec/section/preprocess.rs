//! `[preprocess]`: blocks of settings, each a parameter of the run.

use crate::data::{PREP_SETTINGS, PrepBlock};
use crate::spec::accept::Accept;
use crate::spec::conditions::{Dimensions, Naming};
use crate::spec::reader::{Ctx, Section};
use crate::spec::setting;
use crate::spec::tree::{Entry, Kind};
use std::collections::BTreeMap;

/// Reads `[preprocess]` or `[[preprocess]]` and adds their settings to the dimensions.
pub(super) fn preprocess<'a>(
    ctx: &'a Ctx<'a>,
    entry: &'a Entry,
    dims: &mut Dimensions,
) -> Vec<PrepBlock> {
    let mut blocks = Blocks { ctx, done: Vec::new(), columns: BTreeMap::new() };
    match &entry.node.kind {
        Kind::List(items) => {
            for item in items {
                if let Some(table) = item.table() {
                    let section = Section::new(ctx, "[[preprocess]]".into(), item.span, table);
                    blocks.add(section, dims);
                } else {
                    let text = format!("a block must be a table, not {}", item.shown());
                    ctx.problem(item.span, "[[preprocess]]", text);
                }
            }
        }
        _ => {
            if let Some(section) = Section::of(ctx, "[preprocess]", entry) {
                blocks.add(section, dims);
            }
        }
    }
    blocks.done
}

struct Blocks<'a> {
    ctx: &'a Ctx<'a>,
    done: Vec<PrepBlock>,
    /// Which block names a column.
    columns: BTreeMap<String, usize>,
}

impl<'a> Blocks<'a> {
    fn add(&mut self, section: Section<'a>, dims: &mut Dimensions) {
        let block = PrepBlock { prefix: self.prefix(&section), columns: section.texts("columns") };
        self.check(&section, &block);
        let mut settings = Vec::new();
        for declared in PREP_SETTINGS {
            if let Some(entry) = section.take(declared.name) {
                let accept = Accept::Prep(declared);
                settings.push(setting::read(
                    self.ctx,
                    &section.place,
                    declared.name,
                    entry,
                    accept,
                ));
            }
        }
        let id = format!("preprocess.{}", block.prefix);
        let naming = Naming { place: &section.place, id: &id, name: &block.prefix };
        dims.add(self.ctx, &settings, None, &naming);
        section.finish();
        self.done.push(block);
    }

    fn prefix(&self, section: &Section<'a>) -> String {
        let name = section.read("name", "a text of letters, digits, '_' and '-'", |node| {
            let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
            node.text().filter(|name| !name.is_empty() && name.chars().all(plain))
        });
        let prefix = name.map_or(String::new(), |name| format!("{name}."));
        let span = section.take("name").map_or(section.span, |entry| entry.node.span);
        if self.done.iter().any(|block| block.prefix == prefix) {
            let text = match name {
                Some(name) => format!("the name '{name}' stands at two blocks; rename one"),
                None => "two blocks without a 'name'; name all but one".into(),
            };
            section.problem(span, text);
        }
        prefix
    }

    fn check(&mut self, section: &Section<'a>, block: &PrepBlock) {
        let span = section.take("columns").map_or(section.span, |entry| entry.node.span);
        let Some(columns) = &block.columns else {
            if self.done.iter().any(|other| other.columns.is_none()) {
                let text = "two blocks without 'columns'; only one can serve all other columns";
                section.problem(span, text);
            }
            return;
        };
        if columns.is_empty() {
            section
                .problem(span, "'columns' is empty; name columns or leave it out for all others");
        }
        for column in columns {
            if self.columns.insert(column.clone(), self.done.len()).is_some() {
                section
                    .problem(span, format!("the column '{column}' is named twice; leave one out"));
            }
        }
    }
}
