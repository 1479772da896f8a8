//! Data of a command: read and split here, so that every run trains on the search rows and predicts the holdout.

use super::plan::PlanError;
use crate::data::{self, Dataset, Split};
use crate::executor::HandedFile;
use crate::spec::DataSection;
use std::fmt::Write as _;
use std::path::Path;

/// Digits of a split's digest that name its file.
const DIGITS: usize = 16;

/// Data and split as runs get them.
pub(super) struct Handed<'a> {
    pub(super) section: &'a DataSection,
    pub(super) data: Dataset,
    pub(super) split: Split,
    store: &'a Path,
}

impl<'a> Handed<'a> {
    pub(super) fn new(section: &'a DataSection, store: &'a Path) -> Result<Self, PlanError> {
        let data = data::load(&section.data)?;
        let split = data::split(&data, &section.split)?;
        Ok(Self { section, data, split, store })
    }

    /// What runs are told: `DERBY_DATA`, and `DERBY_SPLIT` in the store's folder.
    pub(super) fn files(&self) -> Vec<HandedFile> {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.into());
        let name = format!("{}.csv", &self.split.digest.hex()[..DIGITS]);
        let split = absolute(self.store).join("splits").join(name);
        let data = absolute(&self.section.data.source.path);
        vec![
            HandedFile { variable: "DERBY_DATA", path: data, text: None },
            HandedFile { variable: "DERBY_SPLIT", path: split, text: Some(self.table().into()) },
        ]
    }

    /// `row,part,fold`: the row counted from 0, `search` or `holdout`, and the fold that tests it; repeats of
    /// folds stand in columns of their own.
    fn table(&self) -> String {
        let n = self.data.labels.len();
        let repeat = |name: &str| name.split_once('.').map_or(0, |(r, _)| r.parse().unwrap_or(0));
        let repeats = 1 + self.split.folds.iter().map(|fold| repeat(&fold.name)).max().unwrap_or(0);
        let mut tested: Vec<Vec<&str>> = vec![vec![""; n]; repeats];
        for fold in &self.split.folds {
            let word = fold.name.rsplit('.').next().unwrap_or_default();
            for &row in &fold.test {
                tested[repeat(&fold.name)][row] = word;
            }
        }
        let mut is_held = vec![false; n];
        self.split.holdout.iter().for_each(|&row| is_held[row] = true);
        let mut text = String::from("row,part,fold");
        (1..repeats).for_each(|r| write!(text, ",fold_{r}").expect("a text takes all"));
        text.push('\n');
        for row in 0..n {
            let part = if is_held[row] { "holdout" } else { "search" };
            write!(text, "{row},{part}").expect("a text takes all");
            for column in &tested {
                write!(text, ",{}", column[row]).expect("a text takes all");
            }
            text.push('\n');
        }
        text
    }
}
