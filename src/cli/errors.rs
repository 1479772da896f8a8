//! `derby errors`: where a model errs: confusion or residuals, the worst rows, the weakest segments.

use super::explain::{metric_of, say_notes, unexplained, warn_of_holdout};
use super::insight_args::ErrorsArgs;
use super::out::{Out, Role, safe};
use super::table::{Cell, Column, Table};
use super::text::count;
use super::unseen::Unseen;
use super::{CliError, Exit, Ui};
use crate::domain::{Labels, Prediction, format_number};
use crate::explain::errors::{
    Confusion, LossKind, Segment, SegmentCondition, SegmentOptions, SegmentTest, Segmented,
    Segments, WorstRow, confusion, row_losses, weakest_segments, worst_rows,
};
use crate::numeric::{mean, quantile_sorted, sample_sd};

/// Classes whose confusion is printed as a table.
const TABLE_CLASSES: usize = 12;
/// Mistakes that are listed of more classes.
const MISTAKES: usize = 10;
/// Words of a category that a condition lists.
const LISTED: usize = 4;
/// Shares of the rows whose residuals are below.
const QUANTILES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

pub(super) fn run(ui: &Ui, args: &ErrorsArgs) -> Result<Exit, CliError> {
    let unseen = Unseen::find(ui, &args.reference, &args.rows, true)?;
    let metric = metric_of(&unseen, args.metric.as_deref())?;
    let prediction = unseen.predict(&unseen.table)?;
    let truth = unseen.truth()?;
    let weights = unseen.weights.as_deref();
    let columns: Vec<usize> = (0..unseen.table.columns.len()).collect();
    let rows = Segmented {
        table: &unseen.table,
        columns: &columns,
        truth,
        prediction: &prediction,
        weights,
        metric: &metric,
    };
    let options =
        SegmentOptions { count: args.segments, seed: args.seed, ..SegmentOptions::default() };
    let segments = weakest_segments(&rows, &options).map_err(|error| unexplained(&error))?;
    let kind = row_losses(truth, &prediction).map_err(|error| unexplained(&error))?.kind;
    let found = Found {
        spread: spread(truth, &prediction, weights)?,
        worst: worst_rows(truth, &prediction, args.top).map_err(|error| unexplained(&error))?,
        unseen: &unseen,
        metric,
        kind,
        segments,
        top: args.top,
        n_segments: args.segments,
    };
    if args.json {
        ui.out.line(&found.as_json().to_string())?;
        warn_of_holdout(ui, &unseen);
    } else {
        found.say(&ui.out)?;
    }
    Ok(Exit::Done)
}

/// How truth and prediction differ over all rows.
enum Spread {
    Classes(Confusion),
    Residuals(Residuals),
}

/// Truth minus prediction.
struct Residuals {
    mean: f64,
    sd: f64,
    absolute: f64,
    quantiles: Vec<f64>,
}

fn spread(
    truth: &Labels,
    prediction: &Prediction,
    weights: Option<&[f64]>,
) -> Result<Spread, CliError> {
    let (Labels::Values(truth), Prediction::Values(said)) = (truth, prediction) else {
        return Ok(Spread::Classes(
            confusion(truth, prediction, weights).map_err(|error| unexplained(&error))?,
        ));
    };
    let mut residuals: Vec<f64> = truth.iter().zip(said).map(|(t, p)| t - p).collect();
    let absolute: Vec<f64> = residuals.iter().map(|r| r.abs()).collect();
    residuals.sort_by(f64::total_cmp);
    Ok(Spread::Residuals(Residuals {
        mean: mean(&residuals),
        sd: sample_sd(&residuals),
        absolute: mean(&absolute),
        quantiles: QUANTILES.iter().map(|&q| quantile_sorted(&residuals, q)).collect(),
    }))
}

/// Everything that was found.
struct Found<'a> {
    unseen: &'a Unseen,
    metric: String,
    kind: LossKind,
    spread: Spread,
    worst: Vec<WorstRow>,
    segments: Segments,
    /// Rows and segments that were asked for.
    top: usize,
    n_segments: usize,
}

impl Found<'_> {
    fn say(&self, out: &Out) -> Result<(), CliError> {
        let unseen = self.unseen;
        out.line(&format!(
            " {}   {}   {} {}",
            out.paint(Role::Strong, &safe(&unseen.name)),
            safe(&unseen.words),
            safe(&self.metric),
            format_number(self.segments.score, 4),
        ))?;
        match &self.spread {
            Spread::Classes(found) if found.classes.len() <= TABLE_CLASSES => {
                self.say_confusion(out, found)?;
            }
            Spread::Classes(found) => self.say_mistakes(out, found)?,
            Spread::Residuals(found) => say_residuals(out, found)?,
        }
        if self.top > 0 {
            self.say_worst(out)?;
        }
        if self.n_segments > 0 {
            self.say_segments(out)?;
        }
        say_notes(out, unseen)
    }

    fn say_confusion(&self, out: &Out, found: &Confusion) -> Result<(), CliError> {
        let classes = &self.unseen.classes;
        let mut columns = vec![Column::fixed("true \\ predicted", false)];
        columns.extend(classes.iter().map(|class| Column::fixed(&**class, true)));
        columns.push(Column::optional("recall", true, 1));
        columns.push(Column::optional("precision", true, 2));
        let mut table = Table::new(columns);
        for (code, class) in classes.iter().enumerate() {
            let mut row = vec![Cell::from(&**class)];
            row.extend(found.counts[code].iter().enumerate().map(|(other, &n)| {
                let role = match (other == code, n > 0.0) {
                    (true, _) => Role::Text,
                    (false, true) => Role::Bad,
                    (false, false) => Role::Muted,
                };
                Cell { text: amount(n), role }
            }));
            let of = &found.classes[code];
            row.extend([of.recall, of.precision].map(|share| Cell::from(format_number(share, 3))));
            table.push(row);
        }
        Ok(table.print(out)?)
    }

    /// The most frequent mistakes, where classes are too many for a table.
    fn say_mistakes(&self, out: &Out, found: &Confusion) -> Result<(), CliError> {
        let mut mistakes: Vec<(f64, usize, usize)> = Vec::new();
        for (truth, row) in found.counts.iter().enumerate() {
            let wrong = row.iter().enumerate().filter(|(said, n)| *said != truth && **n > 0.0);
            mistakes.extend(wrong.map(|(said, &n)| (n, truth, said)));
        }
        mistakes.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut table = Table::new(vec![
            Column::fixed("true", false),
            Column::fixed("predicted", false),
            Column::fixed("rows", true),
            Column::optional("of the class", true, 1),
        ]);
        for (n, truth, said) in mistakes.into_iter().take(MISTAKES) {
            let share = n / found.classes[truth].support;
            table.push(vec![
                Cell::from(&*self.unseen.classes[truth]),
                Cell::from(&*self.unseen.classes[said]),
                Cell::from(amount(n)),
                Cell::from(format_number(share, 2)),
            ]);
        }
        Ok(table.print(out)?)
    }

    fn say_worst(&self, out: &Out) -> Result<(), CliError> {
        if self.worst.is_empty() {
            out.line(&out.paint(Role::Good, " no row is predicted wrong"))?;
            return Ok(());
        }
        heading(out, "worst rows", &format!("{}, rows count from 1", self.kind.word()))?;
        let unseen = self.unseen;
        let mut columns = vec![Column::fixed("row", true)];
        if unseen.ids.is_some() {
            columns.push(Column::fixed("id", false));
        }
        let has_p = self.worst.iter().any(|row| row.confidence.is_some());
        columns.extend([Column::fixed("truth", false), Column::fixed("predicted", false)]);
        if has_p {
            columns.push(Column::optional("probability", true, 2));
        }
        columns.push(Column::fixed(self.kind.word(), true));
        if self.fold_of(0).is_some() {
            columns.push(Column::optional("fold", true, 1));
        }
        let mut table = Table::new(columns);
        for row in &self.worst {
            let mut cells = vec![Cell::from(unseen.numbers[row.row].to_string())];
            if let Some(ids) = &unseen.ids {
                cells.push(Cell::from(&*ids[row.row]));
            }
            cells.extend([row.truth, row.predicted].map(|value| Cell::from(unseen.label(value))));
            if has_p {
                let p = row.confidence.map(|p| format_number(p, 3));
                cells.push(Cell::from(p.unwrap_or_default()));
            }
            cells.push(Cell::from(format_number(row.loss, 3)));
            if let Some(fold) = self.fold_of(row.row) {
                cells.push(Cell::from(fold));
            }
            table.push(cells);
        }
        Ok(table.print(out)?)
    }

    /// The fold whose model predicted a row.
    fn fold_of(&self, at: usize) -> Option<&str> {
        let part = self.unseen.parts.iter().find(|part| part.at.binary_search(&at).is_ok());
        part.and_then(|part| part.fold.as_deref())
    }

    fn say_segments(&self, out: &Out) -> Result<(), CliError> {
        let found = &self.segments;
        if found.segments.is_empty() {
            let text = " no part of the rows is worse than the whole";
            out.line(&out.paint(Role::Muted, text))?;
            return Ok(());
        }
        let mean = format!(
            "mean {} {} over all rows",
            found.kind.word(),
            format_number(found.mean_loss, 3)
        );
        heading(out, "weakest segments", &mean)?;
        let mut table = Table::new(vec![
            Column::filling("where", 0),
            Column::fixed("rows", true),
            Column::fixed(format!("mean {}", found.kind.word()), true),
            Column::fixed(&*self.metric, true),
            Column::optional("95 % interval", false, 1),
            Column::fixed("p", true),
        ]);
        for segment in &found.segments {
            let number = |value: f64| format_number(value, 3);
            let ends = (number(segment.lower), number(segment.upper));
            let interval = Some(ends).filter(|_| !segment.lower.is_nan());
            let interval =
                interval.map(|(low, high)| format!("{low} … {high}")).unwrap_or_default();
            let score = if segment.score.is_nan() { String::new() } else { number(segment.score) };
            let role = if segment.p <= 0.05 { Role::Text } else { Role::Muted };
            let cells = [
                conditions(segment),
                count(segment.rows.len() as u64),
                number(segment.mean_loss),
                score,
                interval,
                format_number(segment.p, 2),
            ];
            table.push(cells.map(|text| Cell { text, role }).into());
        }
        table.print(out)?;
        let text = " p: how often a search among shuffled losses finds a segment as bad";
        Ok(out.line(&out.paint(Role::Muted, text))?)
    }

    fn as_json(&self) -> serde_json::Value {
        let unseen = self.unseen;
        let worst = |row: &WorstRow| {
            serde_json::json!({
                "row": unseen.numbers[row.row],
                "id": unseen.ids.as_ref().map(|ids| &ids[row.row]),
                "truth": self.value(row.truth), "predicted": self.value(row.predicted),
                "probability": row.confidence, "loss": row.loss, "fold": self.fold_of(row.row),
            })
        };
        let segment = |segment: &Segment| {
            let rows: Vec<usize> =
                segment.rows.iter().map(|&at| unseen.numbers[at as usize]).collect();
            serde_json::json!({
                "where": conditions(segment),
                "conditions": segment.conditions.iter().map(condition_json).collect::<Vec<_>>(),
                "rows": rows, "share": segment.share, "mean_loss": segment.mean_loss,
                "excess": segment.excess, "p": segment.p, "score": segment.score,
                "lower": segment.lower, "upper": segment.upper,
            })
        };
        let mut value = serde_json::json!({
            "model": unseen.name,
            "source": unseen.source.word(),
            "rows": unseen.numbers.len(),
            "of": unseen.words,
            "metric": self.metric,
            "score": self.segments.score,
            "loss": self.kind.word(),
            "mean_loss": self.segments.mean_loss,
            "worst": self.worst.iter().map(worst).collect::<Vec<_>>(),
            "segments": self.segments.segments.iter().map(segment).collect::<Vec<_>>(),
            "notes": unseen.notes,
        });
        match &self.spread {
            Spread::Classes(found) => {
                let class = |(class, of): (&String, &crate::explain::errors::ClassErrors)| {
                    serde_json::json!({
                        "class": class, "support": of.support, "recall": of.recall,
                        "precision": of.precision,
                        "taken_for": of.taken_for.map(|(code, _)| unseen.label(f64::from(code))),
                    })
                };
                let classes: Vec<_> =
                    unseen.classes.iter().zip(&found.classes).map(class).collect();
                value["confusion"] =
                    serde_json::json!({ "classes": classes, "counts": found.counts });
            }
            Spread::Residuals(found) => {
                let quantiles = QUANTILES.iter().zip(&found.quantiles);
                let quantiles: serde_json::Map<String, serde_json::Value> =
                    quantiles.map(|(q, value)| (q.to_string(), (*value).into())).collect();
                value["residuals"] = serde_json::json!({
                    "mean": found.mean, "sd": found.sd, "mean_absolute": found.absolute,
                    "quantiles": quantiles,
                });
            }
        }
        value
    }

    /// A class by its name, or the number.
    fn value(&self, value: f64) -> serde_json::Value {
        match self.unseen.classes.get(value as usize) {
            Some(class) => class.as_str().into(),
            None => value.into(),
        }
    }
}

fn heading(out: &Out, what: &str, more: &str) -> Result<(), CliError> {
    let more = out.paint(Role::Muted, &safe(more));
    Ok(out.line(&format!(" {}   {more}", out.paint(Role::Strong, what)))?)
}

fn say_residuals(out: &Out, found: &Residuals) -> Result<(), CliError> {
    let number = |value: f64| format_number(value, 4);
    out.line(&format!(
        " truth − prediction   mean {}   sd {}   mean absolute {}",
        number(found.mean),
        number(found.sd),
        number(found.absolute)
    ))?;
    let quantiles = QUANTILES.iter().zip(&found.quantiles);
    let quantiles: Vec<String> =
        quantiles.map(|(q, value)| format!("{:.0} % {}", q * 100.0, number(*value))).collect();
    Ok(out.line(&format!(" quantiles of it      {}", quantiles.join("   ")))?)
}

/// A summed weight, which is a count without weights.
fn amount(n: f64) -> String {
    if n.fract() == 0.0 { count(n as u64) } else { format_number(n, 3) }
}

/// `age > 40 and sex is male`.
fn conditions(segment: &Segment) -> String {
    segment.conditions.iter().map(condition).collect::<Vec<_>>().join(" and ")
}

fn condition(of: &SegmentCondition) -> String {
    let (name, number) = (&of.column, |value: &f64| format_number(*value, 4));
    match &of.test {
        SegmentTest::Within(None, None) | SegmentTest::Present => format!("{name} is there"),
        SegmentTest::Within(Some(low), None) => format!("{name} > {}", number(low)),
        SegmentTest::Within(None, Some(high)) => format!("{name} ≤ {}", number(high)),
        SegmentTest::Within(Some(low), Some(high)) => {
            format!("{} < {name} ≤ {}", number(low), number(high))
        }
        SegmentTest::Missing => format!("{name} is missing"),
        SegmentTest::OneOf { levels, or_missing } => {
            let mut words: Vec<&str> = levels.iter().take(LISTED).map(String::as_str).collect();
            let more = format!("{} more", levels.len().saturating_sub(LISTED));
            if levels.len() > LISTED {
                words.push(&more);
            }
            if *or_missing {
                words.push("missing");
            }
            format!("{name} is {}", words.join(" or "))
        }
    }
}

fn condition_json(of: &SegmentCondition) -> serde_json::Value {
    let mut value = serde_json::json!({ "column": of.column });
    match &of.test {
        SegmentTest::Within(low, high) => {
            value["above"] = (*low).into();
            value["at_most"] = (*high).into();
        }
        SegmentTest::OneOf { levels, or_missing } => {
            value["one_of"] = levels.clone().into();
            value["or_missing"] = (*or_missing).into();
        }
        SegmentTest::Missing => value["missing"] = true.into(),
        SegmentTest::Present => value["missing"] = false.into(),
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_words() {
        let check = |test: SegmentTest, text: &str| {
            assert_eq!(condition(&SegmentCondition { column: "age".into(), test }), text);
        };
        check(SegmentTest::Within(Some(40.0), None), "age > 40");
        check(SegmentTest::Within(None, Some(2.5)), "age ≤ 2.5");
        check(SegmentTest::Within(Some(1.0), Some(2.0)), "1 < age ≤ 2");
        check(SegmentTest::Missing, "age is missing");
        let levels = |n: usize| (0..n).map(|i| format!("l{i}")).collect::<Vec<_>>();
        check(
            SegmentTest::OneOf { levels: levels(2), or_missing: true },
            "age is l0 or l1 or missing",
        );
        let six = SegmentTest::OneOf { levels: levels(6), or_missing: false };
        check(six, "age is l0 or l1 or l2 or l3 or 2 more");
    }
}
