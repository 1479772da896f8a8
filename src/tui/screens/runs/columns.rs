//! The columns of the table: which there are, which are shown, in which order and how wide.

use crate::domain::Goal;
use crate::metrics;
use crate::store::filter::{Attribute, Kind};
use crate::store::{Field, NameKind, Varying};
use crate::tui::catalog::Catalog;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};

/// Columns that are shown without being chosen; more have to be.
const MOST_BY_DEFAULT: usize = 200;
/// The widest that a column gets by its values alone.
const WIDEST: u16 = 14;
const NARROWEST: u16 = 3;

/// Which column it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum ColumnId {
    /// The run's number.
    Run,
    /// The metric that the run's own sweep optimizes.
    Score,
    /// That metric's name.
    ScoreName,
    /// Score less that of the champion, or of the sweep's best.
    Delta,
    /// The score as it went.
    Curve,
    /// How long it took.
    Time,
    /// How long ago it began.
    Age,
    /// Tags.
    Tags,
    /// The value that a group shares; the number of a run below it.
    Group,
    /// How many runs a group has.
    Count,
    /// Mean and spread of a group's scores.
    Mean,
    /// How many runs of a group are in which state.
    States,
    /// An attribute by its word.
    Attribute(&'static str),
    /// A parameter.
    Param(String),
    /// A metric.
    Metric(String),
}

impl ColumnId {
    /// A word that [`ColumnId::parse`] reads.
    pub(super) fn word(&self) -> String {
        match self {
            Self::Run => "#run".into(),
            Self::Score => "#score".into(),
            Self::ScoreName => "#metric".into(),
            Self::Delta => "#delta".into(),
            Self::Curve => "#curve".into(),
            Self::Time => "#time".into(),
            Self::Age => "#age".into(),
            Self::Tags => "#tags".into(),
            Self::Group => "#group".into(),
            Self::Count => "#count".into(),
            Self::Mean => "#mean".into(),
            Self::States => "#states".into(),
            Self::Attribute(word) => (*word).into(),
            Self::Param(name) => format!("params.{name}"),
            Self::Metric(name) => format!("metrics.{name}"),
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        let special = [
            Self::Run,
            Self::Score,
            Self::ScoreName,
            Self::Delta,
            Self::Curve,
            Self::Time,
            Self::Age,
            Self::Tags,
            Self::Group,
        ];
        if let Some(id) = special.into_iter().find(|id| id.word() == word) {
            return Some(id);
        }
        if let Some(name) = word.strip_prefix("params.") {
            return Some(Self::Param(name.into()));
        }
        if let Some(name) = word.strip_prefix("metrics.") {
            return Some(Self::Metric(name.into()));
        }
        Attribute::words().find(|known| *known == word).map(Self::Attribute)
    }

    /// What is read, sorted and written for it; none for what is made up here.
    pub(super) fn field(&self) -> Option<Field> {
        let attribute = |word| Attribute::parse(word).map(Field::Attribute);
        match self {
            Self::Run => attribute("id"),
            Self::Time => attribute("seconds"),
            Self::Age => attribute("started"),
            Self::Attribute(word) => attribute(word),
            Self::Param(name) => Some(Field::Param(name.clone())),
            Self::Metric(name) => Some(Field::Metric(name.clone())),
            Self::Score
            | Self::ScoreName
            | Self::Delta
            | Self::Curve
            | Self::Tags
            | Self::Group
            | Self::Count
            | Self::Mean
            | Self::States => None,
        }
    }

    /// Its header.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Run => "RUN".into(),
            Self::Score => "SCORE".into(),
            Self::ScoreName => "METRIC".into(),
            Self::Delta => "ΔBEST".into(),
            Self::Curve => "CURVE".into(),
            Self::Time => "TIME".into(),
            Self::Age => "AGE".into(),
            Self::Tags => "TAGS".into(),
            Self::Group => "GROUP".into(),
            Self::Count => "RUNS".into(),
            Self::Mean => "MEAN ± SD".into(),
            Self::States => "STATES".into(),
            Self::Attribute(word) => word.to_uppercase(),
            Self::Param(name) | Self::Metric(name) => name.clone(),
        }
    }

    /// What it is, for the picker.
    pub(super) fn about(&self) -> &'static str {
        match self {
            Self::Run => "the run's number",
            Self::Score => "what its sweep optimizes",
            Self::ScoreName => "the name of that metric",
            Self::Delta => "against champion or best",
            Self::Curve => "the score as it went",
            Self::Time => "how long it took",
            Self::Age => "how long ago it began",
            Self::Tags => "its tags",
            Self::Group | Self::Count | Self::Mean | Self::States => "of the group",
            Self::Attribute(_) => "of the run",
            Self::Param(_) => "parameter",
            Self::Metric(_) => "metric",
        }
    }

    fn is_right(&self, numeric: &HashSet<String>) -> bool {
        match self {
            Self::Run
            | Self::Score
            | Self::Delta
            | Self::Time
            | Self::Age
            | Self::Metric(_)
            | Self::Count
            | Self::Mean => true,
            Self::Param(name) => numeric.contains(name),
            Self::Attribute(word) => Attribute::parse(word)
                .is_some_and(|one| matches!(one.kind(), Kind::Number | Kind::Seconds | Kind::Time)),
            Self::Curve | Self::Tags | Self::ScoreName | Self::Group | Self::States => false,
        }
    }

    fn least_width(&self) -> u16 {
        match self {
            Self::Curve => 8,
            Self::Score | Self::Delta | Self::Metric(_) | Self::Time => 6,
            Self::Age => 3,
            _ => 4,
        }
    }

    fn most_width(&self) -> u16 {
        match self {
            Self::Attribute("name" | "sweep" | "reason" | "note") | Self::Tags => 22,
            Self::Group => 26,
            Self::Mean => 24,
            Self::States => 44,
            Self::Param(name) if name == "model" => 18,
            _ => WIDEST,
        }
    }
}

/// A column that is shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    pub(super) id: ColumnId,
    pub(super) title: String,
    pub(super) right: bool,
    pub(super) width: u16,
}

/// What the user has chosen; remembered.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    /// Shown or hidden against the default.
    pub(super) shown: BTreeMap<ColumnId, bool>,
    /// These first, in this order.
    pub(super) order: Vec<ColumnId>,
    /// Widths against the default.
    pub(super) widths: BTreeMap<ColumnId, u16>,
    /// How many columns stay in view.
    pub(super) frozen: usize,
    /// Only parameters and metrics that differ.
    pub(super) differing: bool,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            shown: BTreeMap::new(),
            order: Vec::new(),
            widths: BTreeMap::new(),
            frozen: 1,
            differing: true,
        }
    }
}

impl Choice {
    pub(super) fn remember(&self) -> Value {
        let words = |ids: &[ColumnId]| ids.iter().map(ColumnId::word).collect::<Vec<_>>();
        let shown: serde_json::Map<String, Value> =
            self.shown.iter().map(|(id, is)| (id.word(), json!(is))).collect();
        let widths: serde_json::Map<String, Value> =
            self.widths.iter().map(|(id, width)| (id.word(), json!(width))).collect();
        json!({ "shown": shown, "order": words(&self.order), "widths": widths,
                "frozen": self.frozen, "differing": self.differing })
    }

    pub(super) fn recall(value: &Value) -> Self {
        let mut choice = Self::default();
        let ids = |value: &Value| value.as_str().and_then(ColumnId::parse);
        for (word, is) in value["shown"].as_object().into_iter().flatten() {
            choice.shown.extend(ColumnId::parse(word).zip(is.as_bool()));
        }
        for (word, width) in value["widths"].as_object().into_iter().flatten() {
            let width = width.as_u64().map(|width| width.clamp(1, 200) as u16);
            choice.widths.extend(ColumnId::parse(word).zip(width));
        }
        choice.order = value["order"].as_array().into_iter().flatten().filter_map(ids).collect();
        if let Some(frozen) = value["frozen"].as_u64() {
            choice.frozen = frozen.min(8) as usize;
        }
        choice.differing = value["differing"].as_bool().unwrap_or(true);
        choice
    }
}

/// What the columns follow from.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// True once it was read.
    pub(super) is_loaded: bool,
    /// Names of the listed runs.
    pub(super) names: Vec<Varying>,
    /// How many runs were looked at for them.
    pub(super) n_runs: u64,
    /// Sweeps of the listed runs.
    pub(super) sweeps: Vec<String>,
    /// A curve was seen.
    pub(super) has_curves: bool,
    /// The widest value of each column that was seen.
    pub(super) seen: BTreeMap<ColumnId, u16>,
}

/// What the listed runs optimize: the first objectives of their sweeps.
pub(super) fn objectives(survey: &Survey, catalog: &Catalog) -> Vec<(String, Goal)> {
    let mut found: Vec<(String, Goal)> = Vec::new();
    let all = survey.sweeps.is_empty();
    let of = |name: &String| all || survey.sweeps.contains(name);
    for sweep in catalog.sweeps.iter().filter(|sweep| of(&sweep.name)) {
        if let Some(first) = sweep.objectives.first()
            && !found.iter().any(|(metric, _)| *metric == first.metric)
        {
            found.push((first.metric.clone(), first.goal));
        }
    }
    found
}

/// The direction in which a metric gets better; none if nobody said.
pub(super) fn goal(metric: &str, catalog: &Catalog) -> Option<Goal> {
    let said = catalog.objective(metric).map(|objective| objective.goal);
    said.or_else(|| metrics::info(metric).map(|info| info.goal))
}

/// Every column there could be and whether it is shown, in order.
pub(super) fn all(choice: &Choice, survey: &Survey, catalog: &Catalog) -> Vec<(ColumnId, bool)> {
    let objectives = objectives(survey, catalog);
    let mut found: Vec<(ColumnId, bool)> = Vec::new();
    // A column that most runs have nothing in is one parameter of many.
    let is_model = |one: &&Varying| one.kind == NameKind::Param && one.name == "model";
    let has_model =
        survey.names.iter().find(is_model).is_some_and(|one| 2 * one.present >= survey.n_runs);
    let has_sweeps = !objectives.is_empty();
    found.push((ColumnId::Run, true));
    if has_model {
        found.push((ColumnId::Param("model".into()), true));
    }
    found.push((ColumnId::Attribute("name"), !has_model));
    match objectives.as_slice() {
        [(metric, _)] => found.push((ColumnId::Metric(metric.clone()), true)),
        _ => {
            found.push((ColumnId::Score, has_sweeps));
        }
    }
    found.push((ColumnId::Delta, has_sweeps));
    found.push((ColumnId::Curve, survey.has_curves));
    found.push((ColumnId::Time, true));
    found.push((ColumnId::Age, true));
    if objectives.len() > 1 {
        found.push((ColumnId::ScoreName, true));
    }
    found.push((ColumnId::Attribute("sweep"), survey.sweeps.len() > 1));
    let mut taken: HashSet<ColumnId> = found.iter().map(|one| one.0.clone()).collect();
    let mut n_default = 0;
    for one in by_presence(&survey.names) {
        let id = match one.kind {
            NameKind::Param => ColumnId::Param(one.name.clone()),
            NameKind::Metric => ColumnId::Metric(one.name.clone()),
        };
        let shown = !(choice.differing && one.is_constant) && n_default < MOST_BY_DEFAULT;
        n_default += usize::from(shown);
        if taken.insert(id.clone()) {
            found.push((id, shown));
        }
    }
    let params = catalog.params.iter().map(|name| ColumnId::Param(name.clone()));
    let metrics = catalog.metrics.iter().map(|name| ColumnId::Metric(name.clone()));
    let attributes = Attribute::words()
        .filter(|word| !matches!(*word, "id" | "seconds"))
        .map(ColumnId::Attribute);
    let more = [ColumnId::Tags, ColumnId::Score, ColumnId::ScoreName].into_iter().chain(attributes);
    for id in more.chain(params).chain(metrics) {
        if taken.insert(id.clone()) {
            found.push((id, false));
        }
    }
    for (id, shown) in &mut found {
        *shown = choice.shown.get(id).copied().unwrap_or(*shown);
    }
    if !choice.order.is_empty() {
        let places: BTreeMap<&ColumnId, usize> =
            choice.order.iter().enumerate().map(|(at, id)| (id, at)).collect();
        found.sort_by_key(|(id, _)| places.get(id).copied().unwrap_or(usize::MAX));
    }
    found
}

/// Parameters before metrics; of each those that most runs have first, and those that differ before others.
fn by_presence(names: &[Varying]) -> Vec<&Varying> {
    let mut sorted: Vec<&Varying> = names.iter().collect();
    sorted.sort_by_key(|one| (one.kind, std::cmp::Reverse(one.present), one.is_constant));
    sorted
}

/// The columns of a table of groups: what is said of a group, then what is said of its runs.
pub(super) fn of_groups(
    by: &Field,
    choice: &Choice,
    survey: &Survey,
    catalog: &Catalog,
) -> Vec<Column> {
    let objectives = objectives(survey, catalog);
    let best = match objectives.as_slice() {
        [(metric, _)] => format!("BEST {metric}"),
        _ => "BEST".into(),
    };
    let mut ids = vec![ColumnId::Group, ColumnId::Count];
    if objectives.len() > 1 {
        ids.push(ColumnId::ScoreName);
    }
    if !objectives.is_empty() {
        ids.extend([ColumnId::Score, ColumnId::Mean]);
    }
    ids.push(ColumnId::States);
    let mut columns: Vec<Column> =
        ids.into_iter().map(|id| made(id, choice, survey, &HashSet::new())).collect();
    for column in columns.iter_mut().filter(|column| column.id == ColumnId::Score) {
        column.width = column.width.max((crate::tui::paint::cells(&best) as u16 + 1).min(20));
        column.title.clone_from(&best);
    }
    let said = |id: &ColumnId| match id {
        ColumnId::Run | ColumnId::Score | ColumnId::ScoreName => true,
        ColumnId::Metric(metric) => objectives.len() == 1 && *metric == objectives[0].0,
        id => id.field().as_ref() == Some(by),
    };
    columns.extend(shown(choice, survey, catalog).into_iter().filter(|column| !said(&column.id)));
    columns
}

fn made(id: ColumnId, choice: &Choice, survey: &Survey, numeric: &HashSet<String>) -> Column {
    let title = id.title();
    let by_title = (crate::tui::paint::cells(&title) as u16 + 1).min(12);
    let seen = survey.seen.get(&id).copied().unwrap_or(0).min(id.most_width());
    let own = by_title.max(seen).max(id.least_width());
    let width = choice.widths.get(&id).copied().unwrap_or(own).max(NARROWEST);
    Column { right: id.is_right(numeric), title, width, id }
}

/// The columns that are shown.
pub(super) fn shown(choice: &Choice, survey: &Survey, catalog: &Catalog) -> Vec<Column> {
    let numeric: HashSet<String> = survey
        .names
        .iter()
        .filter(|one| one.kind == NameKind::Param && one.is_numeric)
        .map(|one| one.name.clone())
        .collect();
    let column =
        |(id, is_shown): (ColumnId, bool)| is_shown.then(|| made(id, choice, survey, &numeric));
    all(choice, survey, catalog).into_iter().filter_map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_comes_back() {
        let mut choice = Choice { frozen: 3, differing: false, ..Choice::default() };
        choice.shown.insert(ColumnId::Param("C".into()), false);
        choice.shown.insert(ColumnId::Attribute("host"), true);
        choice.order = vec![ColumnId::Metric("a.b".into()), ColumnId::Delta];
        choice.widths.insert(ColumnId::Curve, 20);
        assert_eq!(Choice::recall(&choice.remember()), choice);
        assert_eq!(Choice::recall(&Value::Null), Choice::default());
        assert_eq!(
            Choice::recall(&json!({"order": [3, "nothing"], "frozen": -1})),
            Choice::default()
        );
    }

    #[test]
    fn every_column_has_a_word() {
        for word in Attribute::words() {
            assert_eq!(ColumnId::parse(word), Some(ColumnId::Attribute(word)));
        }
        let id = ColumnId::Metric("params.x".into());
        assert_eq!(ColumnId::parse(&id.word()), Some(id));
    }
}
