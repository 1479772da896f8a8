//! The figures of an HTML report.

use crate::candidate::{Ground, Recipe};
use crate::cli::CliError;
use crate::cli::plot::{Predicted, Trials};
use crate::domain::Task;
use crate::plot::{Figure, GateInterval, RankKind};
use crate::report::{Gate, Plot};
use crate::store::Store;

/// What there is to draw of a sweep; a figure without content is left out.
pub(super) fn of_sweep(store: &Store, trials: &Trials) -> Result<Vec<Plot>, CliError> {
    let objectives = &trials.row.objectives;
    let metric = &objectives[0].metric;
    let mut plots = Vec::new();
    plots.extend(plot("history", &format!("{metric} by trial"), &trials.history()));
    if let Ok(figure) = trials.slice(&[]) {
        plots.extend(plot("slice", &format!("{metric} by each parameter"), &figure));
    }
    if let Ok(figure) = trials.contour(&[]) {
        let title = format!("{metric} over {} and {}", figure.x.name, figure.y.name);
        plots.extend(plot("contour", &title, &figure));
    }
    if let Some(second) = objectives.get(1) {
        let title = format!("{metric} against {}", second.metric);
        plots.extend(plot("pareto", &title, &trials.pareto(store, &[])?));
    }
    Ok(plots)
}

/// What there is to draw of a run's out-of-fold predictions; nothing where none are kept.
pub(super) fn of_predictions(store: &Store, recipe: &Recipe, ground: Option<&Ground>) -> Vec<Plot> {
    let predicted = ground.and_then(|ground| Predicted::of_run(store, recipe, ground).ok());
    let Some(predicted) = predicted else { return Vec::new() };
    let of = |what: &str| format!("{what}, run {} out of fold", recipe.run.id);
    let mut plots = Vec::new();
    if predicted.task() == Task::Regression {
        let figure = predicted.residuals().ok();
        plots.extend(figure.and_then(|figure| plot("residuals", &of("Residuals"), &figure)));
        return plots;
    }
    for (kind, name, title) in
        [(RankKind::Roc, "roc", "ROC"), (RankKind::PrecisionRecall, "pr", "Precision and recall")]
    {
        let figure = predicted.ranking(kind, None).ok();
        plots.extend(figure.and_then(|figure| plot(name, &of(title), &figure)));
    }
    let figure = predicted.calibration(None).ok();
    plots.extend(figure.and_then(|figure| plot("calibration", &of("Calibration"), &figure)));
    let figure = predicted.confusion().ok();
    plots.extend(figure.and_then(|figure| plot("confusion", &of("Confusion"), &figure)));
    plots
}

/// The interval of a verdict; none if nothing was compared.
pub(in crate::cli) fn interval(gate: &Gate) -> Option<GateInterval> {
    let champion = gate.champion.as_ref().map_or("none", |champion| champion.label.as_str());
    let title = format!("{}: {} against {champion}", gate.model, gate.challenger.label);
    GateInterval::of(&title, &gate.verdict, gate.policy.rule)
}

/// The same as a figure of a report.
pub(super) fn gate(gate: &Gate) -> Option<Plot> {
    plot("gate", "The gain that the gate judged", &interval(gate)?)
}

/// A drawn figure; none where there is nothing to draw, as the figure itself says.
fn plot(name: &str, title: &str, figure: &impl Figure) -> Option<Plot> {
    let svg = figure.svg().ok()?;
    Some(Plot { name: name.into(), title: title.into(), file: None, svg })
}
