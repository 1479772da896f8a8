//! `derby explain --shap`: what each column adds to a prediction, over many rows or for one.

use super::attributed::{Attributed, attribute};
use super::bars::bar;
use super::csv_text::CsvText;
use super::explain::{say_notes, warn_of_holdout};
use super::insight_args::ExplainArgs;
use super::out::{Out, Role, safe};
use super::table::{Cell, Column, Table};
use super::text::plural;
use super::unseen::{Unseen, cell_text};
use super::{CliError, Exit, Ui};
use crate::domain::{Labels, Prediction, format_number};

/// The longest bar.
const BAR: f64 = 20.0;
/// A standard error of a smaller share of the greatest step is not worth a word.
const LEAST_ERROR: f64 = 0.001;
/// Classes that have columns of their own in a table.
const SHOWN_CLASSES: usize = 4;

pub(super) fn run(ui: &Ui, args: &ExplainArgs, mut unseen: Unseen) -> Result<Exit, CliError> {
    let class = args.class.as_deref().map(|name| class_of(&unseen, name)).transpose()?;
    if let Some(number) = args.row {
        let at = unseen.place(number)?;
        unseen.keep(&[at]);
    }
    let found = attribute(&mut unseen, args.max_rows, args.seed)?;
    match args.row {
        Some(number) => one_row(ui, args, (&unseen, number), &found, class)?,
        None => all_rows(ui, args, &unseen, &found, class)?,
    }
    if args.json || args.csv {
        warn_of_holdout(ui, &unseen);
    }
    Ok(Exit::Done)
}

fn class_of(unseen: &Unseen, name: &str) -> Result<u32, CliError> {
    let found = unseen.classes.iter().position(|class| class == name);
    found.map(|code| code as u32).ok_or_else(|| {
        let mend = match unseen.classes.as_slice() {
            [] => "leave it out, the model predicts numbers".into(),
            classes => format!("one of {}", classes.join(", ")),
        };
        CliError::usage(format!("'--class {name}' is no class; mend: {mend}"))
    })
}

/// `log odds of 'yes'`.
fn scale_text(unseen: &Unseen, found: &Attributed, output: usize) -> String {
    match found.outputs[output] {
        Some(code) => format!("{} of '{}'", found.scale.word(), unseen.label(f64::from(code))),
        None => found.scale.word().into(),
    }
}

fn all_rows(
    ui: &Ui,
    args: &ExplainArgs,
    unseen: &Unseen,
    found: &Attributed,
    class: Option<u32>,
) -> Result<(), CliError> {
    let shown = found.shown(class, unseen)?;
    let means: Vec<Vec<f64>> = shown.iter().map(|&output| found.mean_absolute(output)).collect();
    let total = |column: usize| means.iter().map(|means| means[column]).sum::<f64>();
    let mut order: Vec<usize> = (0..found.names.len()).collect();
    order.sort_by(|&a, &b| total(b).total_cmp(&total(a)));
    if args.json {
        let column = |&column: &usize| {
            let by = |(output, means): (&usize, &Vec<f64>)| {
                let class = found.outputs[*output].map(|code| unseen.label(f64::from(code)));
                serde_json::json!({ "class": class, "mean_absolute": means[column] })
            };
            let outputs: Vec<_> = shown.iter().zip(&means).map(by).collect();
            serde_json::json!({
                "column": found.names[column], "mean_absolute": total(column), "outputs": outputs,
            })
        };
        let value = serde_json::json!({
            "model": unseen.name,
            "method": found.method.words(),
            "scale": found.scale.word(),
            "source": unseen.source.word(),
            "rows": unseen.numbers.len(),
            "of": unseen.words,
            "columns": order.iter().map(column).collect::<Vec<_>>(),
            "notes": unseen.notes,
        });
        ui.out.line(&value.to_string())?;
        return Ok(());
    }
    if args.csv {
        let mut text = CsvText::new();
        text.row(["column", "class", "scale", "mean_absolute"])?;
        for &column in &order {
            for (&output, means) in shown.iter().zip(&means) {
                let class = found.outputs[output].map(|code| unseen.label(f64::from(code)));
                let value = means[column].to_string();
                let scale = found.scale.word().to_string();
                text.row([found.names[column].clone(), class.unwrap_or_default(), scale, value])?;
            }
        }
        ui.out.raw(&text.finish()?)?;
        return Ok(());
    }
    let out = &ui.out;
    let of = if shown.len() == 1 {
        scale_text(unseen, found, shown[0])
    } else {
        format!("{}, summed over the classes", found.scale.word())
    };
    heading(out, unseen, found, &format!("mean |contribution| to the {of}"))?;
    let by_class = (2..=SHOWN_CLASSES).contains(&shown.len());
    let mut columns = vec![Column::fixed("column", false), Column::fixed("mean |shap|", true)];
    if by_class {
        let class = |&output: &usize| {
            let name = found.outputs[output].map(|code| unseen.label(f64::from(code)));
            Column::optional(name.unwrap_or_default(), true, 2)
        };
        columns.extend(shown.iter().map(class));
    }
    columns.push(Column::optional("", false, 1));
    let mut table = Table::new(columns);
    let top = if args.top == 0 { order.len() } else { args.top };
    let most = order.first().map_or(0.0, |&column| total(column));
    for &column in order.iter().take(top) {
        let number = |value: f64| Cell::from(format_number(value, 3));
        let mut row = vec![Cell::from(&*found.names[column]), number(total(column))];
        if by_class {
            row.extend(means.iter().map(|means| number(means[column])));
        }
        row.push(Cell::from(bar(total(column) / most, BAR)));
        table.push(row);
    }
    table.print(out)?;
    let rest = order.len().saturating_sub(top);
    if rest > 0 {
        let text = format!(" and {} more: --top 0 lists all", plural(rest as u64, "column"));
        out.line(&out.paint(Role::Muted, &text))?;
    }
    say_notes(out, unseen)
}

/// The model, the method, the rows.
fn heading(out: &Out, unseen: &Unseen, found: &Attributed, what: &str) -> Result<(), CliError> {
    let name = out.paint(Role::Strong, &safe(&unseen.name));
    out.line(&format!(" {name}   {}: {}", found.method.words(), safe(what)))?;
    out.line(&format!(" {}", safe(&unseen.words)))?;
    Ok(())
}

/// One prediction from its base to its output, the greatest steps first.
fn one_row(
    ui: &Ui,
    args: &ExplainArgs,
    (unseen, number): (&Unseen, usize),
    found: &Attributed,
    class: Option<u32>,
) -> Result<(), CliError> {
    let prediction = unseen.predict(&unseen.table)?;
    let (said, confidence, predicted) = said(unseen, &prediction);
    let output = match class {
        Some(_) => found.shown(class, unseen)?[0],
        None => found.of_row(predicted, unseen),
    };
    let row = &found.rows[0];
    let values = &row.values[output];
    let cell = |name: &str| {
        unseen
            .table
            .find(name)
            .map(|idx| cell_text(&unseen.table.columns[idx], 0))
            .unwrap_or_default()
    };
    let total = row.base[output] + values.iter().sum::<f64>();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].abs().total_cmp(&values[a].abs()));
    let truth = unseen.truth.as_ref().map(|truth| match truth {
        Labels::Values(values) => unseen.label(values[0]),
        Labels::Classes { codes, .. } => unseen.label(f64::from(codes[0])),
    });
    let fold = unseen.parts[0].fold.as_deref();
    if args.json {
        let column = |&column: &usize| {
            serde_json::json!({
                "column": found.names[column], "cell": cell(&found.names[column]),
                "value": values[column], "error": row.errors.as_ref().map(|e| e[output][column]),
            })
        };
        let class = found.outputs[output].map(|code| unseen.label(f64::from(code)));
        let value = serde_json::json!({
            "model": unseen.name, "row": number, "id": unseen.ids.as_ref().map(|ids| &ids[0]),
            "source": unseen.source.word(), "fold": fold,
            "truth": truth, "predicted": said, "probability": confidence,
            "method": found.method.words(), "scale": found.scale.word(), "class": class,
            "base": row.base[output], "output": total,
            "columns": order.iter().map(column).collect::<Vec<_>>(),
            "notes": unseen.notes,
        });
        ui.out.line(&value.to_string())?;
        return Ok(());
    }
    let out = &ui.out;
    let id = unseen.ids.as_ref().map(|ids| format!(" (id {})", ids[0])).unwrap_or_default();
    let confidence = confidence.map(|p| format!(" ({})", format_number(p, 3))).unwrap_or_default();
    let truth = truth.map(|truth| format!("   truth {truth}")).unwrap_or_default();
    let by = fold
        .map(|fold| format!("   by the model of fold {fold}, which has not seen the row"))
        .unwrap_or_default();
    out.line(&format!(
        " {}   row {number}{}   predicted {}{confidence}{}{by}",
        out.paint(Role::Strong, &safe(&unseen.name)),
        safe(&id),
        safe(&said),
        safe(&truth),
    ))?;
    let scale = scale_text(unseen, found, output);
    out.line(&format!(
        " {}: from the mean {} of the background to that of the row",
        found.method.words(),
        safe(&scale)
    ))?;
    waterfall(out, args.top, &Steps { found, output, order: &order, cell: &cell, total })?;
    say_notes(out, unseen)
}

/// A row's steps.
struct Steps<'a> {
    found: &'a Attributed,
    output: usize,
    order: &'a [usize],
    cell: &'a dyn Fn(&str) -> String,
    total: f64,
}

fn waterfall(out: &Out, top: usize, steps: &Steps<'_>) -> Result<(), CliError> {
    let row = &steps.found.rows[0];
    let values = &row.values[steps.output];
    let top = if top == 0 { values.len() } else { top };
    let signed = |value: f64| {
        let text = format_number(value, 3);
        if value > 0.0 { format!("+{text}") } else { text }
    };
    let mut table = Table::new(vec![
        Column::fixed("column", false),
        Column::optional("cell", true, 2),
        Column::fixed("adds", true),
        Column::fixed("so far", true),
        Column::optional("", false, 1),
    ]);
    let bare = |name: &str, sum: f64| {
        let number = Cell::from(format_number(sum, 4));
        let name = Cell { text: name.into(), role: Role::Strong };
        vec![name, Cell::from(""), Cell::from(""), number, Cell::from("")]
    };
    let mut sum = row.base[steps.output];
    table.push(bare("base", sum));
    let most = steps.order.first().map_or(0.0, |&column| values[column].abs());
    for &column in steps.order.iter().take(top) {
        let value = values[column];
        sum += value;
        let role = if value > 0.0 { Role::Good } else { Role::Bad };
        let error = row.errors.as_ref().map(|errors| errors[steps.output][column]);
        let error = error.filter(|error| *error > most * LEAST_ERROR);
        let error = error.map(|e| format!(" ± {}", format_number(e, 1))).unwrap_or_default();
        let name = &steps.found.names[column];
        let sign = if value < 0.0 { "−" } else { "+" };
        let length = bar((value / most).abs(), BAR);
        table.push(vec![
            Cell::from(&**name),
            Cell::from(short((steps.cell)(name))),
            Cell::from(format!("{}{error}", signed(value))),
            Cell::from(format_number(sum, 4)),
            Cell { text: if length.is_empty() { length } else { format!("{sign}{length}") }, role },
        ]);
    }
    let rest = steps.order.len().saturating_sub(top);
    if rest > 0 {
        let others = steps.total - sum;
        let name = format!("{} more", plural(rest as u64, "column"));
        let (adds, so_far) = (signed(others), format_number(steps.total, 4));
        table.push(vec![name.into(), "".into(), adds.into(), so_far.into(), "".into()]);
    }
    table.push(bare("output", steps.total));
    table.print(out)?;
    Ok(())
}

/// A cell with as many digits as anybody reads.
fn short(cell: String) -> String {
    match cell.parse::<f64>() {
        Ok(number) if number.fract() != 0.0 => format_number(number, 5),
        _ => cell,
    }
}

/// What the only row is predicted as, with which probability, and the class.
fn said(unseen: &Unseen, prediction: &Prediction) -> (String, Option<f64>, Option<u32>) {
    match prediction {
        Prediction::Values(values) => (format_number(values[0], 4), None, None),
        Prediction::Classes { codes, scores, probabilities, .. } => {
            let scores = scores.as_ref().filter(|_| *probabilities);
            let p = scores.map(|scores| scores[codes[0] as usize]);
            (unseen.label(f64::from(codes[0])), p, Some(codes[0]))
        }
    }
}
