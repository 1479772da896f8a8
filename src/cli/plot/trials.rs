//! Figures of all trials of a sweep: history, parallel, slice, contour.

use crate::cli::text::nearest;
use crate::cli::{CliError, Exit};
use crate::compare::{PedAnovaOptions, ScoredPoint, ped_anova};
use crate::domain::{Objective, Status};
use crate::plot::{Contour, History, HistoryPoint, Parallel, Parameter, ParameterScale, Slice};
use crate::space::{Kind, Space};
use crate::spec::{self, Known, Overrides, Sweep};
use crate::store::{Store, SweepRow, TrialRow};
use crate::sweep::Steering;
use std::path::Path;

/// A sweep with its space and the trials that have a score.
pub(in crate::cli) struct Trials {
    /// The sweep.
    pub(in crate::cli) row: SweepRow,
    /// Its file as it is recorded.
    pub(in crate::cli) sweep: Sweep,
    /// Those that keep the constraints.
    scored: Vec<TrialRow>,
    /// Those that break one.
    infeasible: Vec<TrialRow>,
    /// Widened to all that was searched.
    space: Space,
}

impl Trials {
    /// Reads them.
    pub(in crate::cli) fn of(store: &Store, row: SweepRow) -> Result<Self, CliError> {
        let file = Path::new(&row.file);
        let (overrides, known) = (Overrides::default(), Known::built_in());
        let sweep = spec::parse(&row.text, spec::Format::Toml, file, &overrides, &known);
        let sweep = sweep.map_err(|error| {
            let text = format!(
                "the file of sweep '{}' that is recorded does not check: {error}",
                row.name
            );
            CliError::new(Exit::Failed, text)
        })?;
        let trials = store.trials(row.id)?.into_iter();
        let with_score: Vec<TrialRow> =
            trials.filter(|trial| trial.loss.is_some_and(f64::is_finite)).collect();
        let is = |status| move |trial: &&TrialRow| trial.status == Some(status);
        let scored = with_score.iter().filter(is(Status::Done)).cloned().collect();
        let infeasible = with_score.iter().filter(is(Status::Infeasible)).cloned().collect();
        let space = Steering::of(store, &row)?.searched(&sweep.space);
        Ok(Self { row, sweep, scored, infeasible, space })
    }

    pub(super) fn objective(&self) -> &Objective {
        &self.row.objectives[0]
    }

    fn space(&self) -> &Space {
        &self.space
    }

    /// Above the figure.
    fn title(&self) -> String {
        title(&self.row)
    }

    /// The score of each trial, in the metric's own direction.
    fn scores(&self) -> Vec<f64> {
        self.scored.iter().map(|trial| self.score(trial)).collect()
    }

    fn score(&self, trial: &TrialRow) -> f64 {
        self.objective().goal.loss(trial.loss.unwrap_or(f64::NAN))
    }

    /// The ids of the parameters by PED-ANOVA over all trials with a score, the most important first; none where it cannot tell.
    fn by_importance(&self) -> Vec<String> {
        let mut trials: Vec<&TrialRow> = self.scored.iter().chain(&self.infeasible).collect();
        trials.sort_by_key(|trial| trial.number);
        let points = trials.iter();
        let points: Vec<ScoredPoint<'_>> = points
            .map(|trial| ScoredPoint { point: &trial.point, score: self.score(trial) })
            .collect();
        let options = PedAnovaOptions { resamples: 0, ..PedAnovaOptions::default() };
        let found = ped_anova(self.space(), &points, self.objective(), &options);
        found.into_iter().flat_map(|found| found.params).map(|param| param.id).collect()
    }

    /// Every trial's score in order.
    pub(in crate::cli) fn history(&self) -> History {
        let point = |is_feasible| {
            move |trial: &TrialRow| HistoryPoint {
                trial: trial.number,
                score: self.score(trial),
                is_feasible,
            }
        };
        let mut points: Vec<HistoryPoint> = self.scored.iter().map(point(true)).collect();
        points.extend(self.infeasible.iter().map(point(false)));
        points.sort_by_key(|point| point.trial);
        let objective = self.objective();
        History {
            title: self.title(),
            metric: objective.metric.clone(),
            goal: objective.goal,
            points,
        }
    }

    /// The dimensions to draw: those that are named, else all of more than one value, the most important first.
    fn dimensions(&self, named: &[String]) -> Result<Vec<usize>, CliError> {
        if !named.is_empty() {
            return named.iter().map(|name| self.dimension(name)).collect();
        }
        let dims = self.space().dims();
        let occurs = |idx: &usize| self.scored.iter().any(|trial| trial.point.0[*idx].is_some());
        let mut order: Vec<usize> =
            (0..dims.len()).filter(|&idx| !dims[idx].is_constant()).filter(occurs).collect();
        // Without importances, as with a single trial, they come as in the sweep file.
        let ranked = self.by_importance();
        let place = |idx: &usize| ranked.iter().position(|id| *id == dims[*idx].id);
        order.sort_by_key(|idx| place(idx).unwrap_or(usize::MAX));
        if order.is_empty() {
            let text = format!("no parameter of sweep '{}' has more than one value", self.row.name);
            return Err(
                CliError::new(Exit::Failed, text).hint("derby plot history draws its scores")
            );
        }
        Ok(order)
    }

    /// A dimension by its id (`svm.C`), or by its name if only one is called so.
    fn dimension(&self, name: &str) -> Result<usize, CliError> {
        let dims = self.space().dims();
        if let Some(idx) = dims.iter().position(|dim| dim.id == name) {
            return Ok(idx);
        }
        let called: Vec<usize> = (0..dims.len()).filter(|&idx| dims[idx].name == name).collect();
        let ids = |of: &[usize]| {
            of.iter().map(|&idx| dims[idx].id.as_str()).collect::<Vec<_>>().join(", ")
        };
        match called[..] {
            [idx] => Ok(idx),
            [] => {
                let all: Vec<usize> = (0..dims.len()).collect();
                let text = format!("sweep '{}' has no parameter '{name}'", self.row.name);
                Err(CliError::usage(text).hint(
                    match nearest(name, dims.iter().map(|dim| dim.id.as_str())) {
                        Some(near) => format!("did you mean '{near}'?"),
                        None => format!("it has {}", ids(&all)),
                    },
                ))
            }
            _ => Err(CliError::usage(format!(
                "'{name}' is a parameter of several: {}",
                ids(&called)
            ))),
        }
    }

    fn parameter(&self, idx: usize) -> Parameter {
        let dim = &self.space().dims()[idx];
        let active = |trial: &TrialRow| trial.point.0[idx].is_some();
        let value =
            |trial: &TrialRow| trial.params.get(&dim.name).filter(|_| active(trial)).cloned();
        Parameter {
            name: dim.id.clone(),
            scale: ParameterScale::of(&dim.kind),
            values: self.scored.iter().map(value).collect(),
        }
    }

    fn parameters(&self, named: &[String]) -> Result<Vec<Parameter>, CliError> {
        Ok(self.dimensions(named)?.into_iter().map(|idx| self.parameter(idx)).collect())
    }

    /// A line for each run through its parameters.
    pub(in crate::cli) fn parallel(&self, named: &[String]) -> Result<Parallel, CliError> {
        Ok(Parallel {
            title: self.title(),
            metric: self.objective().metric.clone(),
            goal: self.objective().goal,
            parameters: self.parameters(named)?,
            scores: self.scores(),
        })
    }

    /// The score by each parameter.
    pub(in crate::cli) fn slice(&self, named: &[String]) -> Result<Slice, CliError> {
        Ok(Slice {
            title: self.title(),
            metric: self.objective().metric.clone(),
            goal: self.objective().goal,
            parameters: self.parameters(named)?,
            scores: self.scores(),
        })
    }

    /// The score over two parameters: those that are named, else the most important one and the next that most runs
    /// have with it.
    pub(in crate::cli) fn contour(&self, named: &[String]) -> Result<Contour, CliError> {
        if named.len() > 2 {
            let text = format!("a contour is over two parameters, {} are named", named.len());
            return Err(CliError::usage(text).hint("--param A --param B"));
        }
        let mut dims = self.dimensions(named)?;
        if named.len() < 2 {
            let others = if named.is_empty() { dims.clone() } else { self.dimensions(&[])? };
            dims = self.pair(&dims[..1], &others);
        }
        let [x, y] = dims[..] else {
            let text = "a contour needs two parameters that runs have together";
            return Err(CliError::usage(text).hint("derby plot slice draws one at a time"));
        };
        if x == y {
            return Err(CliError::usage(format!("'{}' is named twice", named[0]))
                .hint("--param A --param B"));
        }
        Ok(Contour {
            title: self.title(),
            metric: self.objective().metric.clone(),
            goal: self.objective().goal,
            x: self.parameter(x),
            y: self.parameter(y),
            scores: self.scores(),
        })
    }

    /// The first dimension and one of the others: the first number that enough runs have with it, else the first of
    /// anything.
    fn pair(&self, first: &[usize], others: &[usize]) -> Vec<usize> {
        let together = |idx: usize| {
            let both = |trial: &&TrialRow| {
                trial.point.0[first[0]].is_some() && trial.point.0[idx].is_some()
            };
            self.scored.iter().filter(both).count()
        };
        let others = others.iter().copied().filter(|idx| *idx != first[0]);
        let counted: Vec<(usize, usize)> =
            others.map(|idx| (idx, together(idx))).filter(|(_, n)| *n > 0).collect();
        let most = counted.iter().map(|(_, n)| *n).max().unwrap_or(0);
        let is_number = |idx: usize| !matches!(self.space().dims()[idx].kind, Kind::Choice { .. });
        let number = counted.iter().find(|(idx, n)| is_number(*idx) && 4 * n >= most);
        let next = number.or_else(|| counted.iter().find(|(_, n)| 2 * n >= most));
        first.iter().copied().chain(next.map(|(idx, _)| *idx)).collect()
    }
}

/// Above figures of a sweep.
pub(super) fn title(sweep: &SweepRow) -> String {
    let objective = &sweep.objectives[0];
    format!("{}: {} {} by {}", sweep.name, objective.goal.word(), objective.metric, sweep.sampler)
}
