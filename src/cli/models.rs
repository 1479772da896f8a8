//! `derby models`: the model families and their parameters.

use super::args::ModelsArgs;
use super::out::Role;
use super::table::{Column, draw};
use super::text::nearest;
use super::{CliError, Exit, Ui};
use crate::trainer::{Family, ParamKind, ParamSpec, catalogue, family};

pub(super) fn run(ui: &Ui, args: &ModelsArgs) -> Result<Exit, CliError> {
    if let Some(name) = &args.family {
        find(name)?; // so that a misspelt name is no empty array either
    }
    if args.json {
        let shown: Vec<_> =
            catalogue().iter().copied().filter(|f| wanted(args, f)).map(json).collect();
        ui.out.line(&serde_json::Value::Array(shown).to_string())?;
        return Ok(Exit::Done);
    }
    match &args.family {
        Some(name) => one(ui, find(name)?),
        None => all(ui),
    }
}

fn wanted(args: &ModelsArgs, family: &&dyn Family) -> bool {
    args.family.as_ref().is_none_or(|name| name == family.name())
}

fn find(name: &str) -> Result<&'static dyn Family, CliError> {
    family(name).ok_or_else(|| {
        let names: Vec<&str> = catalogue().iter().map(|family| family.name()).collect();
        let near = nearest(name, names.iter().copied())
            .map(|near| format!("did you mean '{near}'? "))
            .unwrap_or_default();
        CliError::usage(format!("no model family '{name}'; {near}There are {}", names.join(", ")))
    })
}

fn all(ui: &Ui) -> Result<Exit, CliError> {
    let columns = [
        Column::fixed("model", false),
        Column::optional("tasks", false, 3),
        Column::optional("proba", false, 2),
        Column::optional("weights", false, 4),
        Column::filling("about", 1),
    ];
    let yes = |flag: bool| if flag { "yes" } else { "no" };
    let rows: Vec<_> = catalogue()
        .iter()
        .map(|family| {
            let can = family.capabilities();
            vec![
                family.name().into(),
                tasks(*family).into(),
                if can.classification { yes(can.probabilities) } else { "" }.into(),
                yes(can.weights).into(),
                family.about().into(),
            ]
        })
        .collect();
    for line in draw(&ui.out, &columns, &rows).lines {
        ui.out.line(&line)?;
    }
    ui.out.line(&format!(" next  {}", ui.out.paint(Role::Accent, "derby models logistic")))?;
    Ok(Exit::Done)
}

fn one(ui: &Ui, family: &dyn Family) -> Result<Exit, CliError> {
    ui.out.line(&format!(
        " {}   {}   {}",
        ui.out.paint(Role::Strong, family.name()),
        tasks(family),
        family.about()
    ))?;
    let columns = [
        Column::fixed("parameter", false),
        Column::fixed("takes", false),
        Column::fixed("default", true),
        Column::filling("about", 1),
    ];
    let row = |spec: &ParamSpec| {
        let default = spec.default.value().to_string();
        vec![spec.name.into(), takes(spec).into(), default.into(), spec.about.into()]
    };
    let rows: Vec<_> = family.params().iter().map(row).collect();
    if rows.is_empty() {
        ui.out.line(" no parameters")?;
        return Ok(Exit::Done);
    }
    for line in draw(&ui.out, &columns, &rows).lines {
        ui.out.line(&line)?;
    }
    Ok(Exit::Done)
}

fn tasks(family: &dyn Family) -> &'static str {
    let can = family.capabilities();
    match (can.classification, can.regression) {
        (true, true) => "classes, numbers",
        (true, false) => "classes",
        _ => "numbers",
    }
}

/// What a parameter takes, in a few words: `a number > 0`, `rbf | linear`, `none`.
fn takes(spec: &ParamSpec) -> String {
    let kind = |kind: &ParamKind| match kind {
        ParamKind::Float { low, high, open_low } => range("number", *low, *high, *open_low),
        ParamKind::Int { low, high } => range("int", *low as f64, *high as f64, false),
        ParamKind::Bool => "true | false".into(),
        ParamKind::Word(words) => words.join(" | "),
    };
    let mut parts: Vec<String> = spec.kinds.iter().map(kind).collect();
    if spec.optional {
        parts.push("none".into());
    }
    parts.join(" | ")
}

fn range(noun: &str, low: f64, high: f64, open_low: bool) -> String {
    // Bounds that nobody reaches say nothing; the check of a sweep file still names them.
    let far = |bound: f64| bound.abs() >= 1e6;
    let above = if open_low { ">" } else { "≥" };
    match (far(low), far(high)) {
        (true, true) => noun.to_string(),
        (false, true) => format!("{noun} {above} {low}"),
        (true, false) => format!("{noun} ≤ {high}"),
        (false, false) if open_low => format!("{noun} > {low}, ≤ {high}"),
        (false, false) => format!("{noun} {low} … {high}"),
    }
}

fn json(family: &dyn Family) -> serde_json::Value {
    let can = family.capabilities();
    let params = family.params().iter().map(|spec| {
        serde_json::json!({
            "name": spec.name, "takes": takes(spec), "default": spec.default.value(), "about": spec.about,
        })
    });
    serde_json::json!({
        "name": family.name(), "about": family.about(),
        "classification": can.classification, "regression": can.regression,
        "probabilities": can.probabilities, "weights": can.weights,
        "params": params.collect::<Vec<_>>(),
    })
}
