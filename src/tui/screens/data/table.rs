//! The table of columns: which are listed, in which order, and what stands in the cells.

use super::load::Loaded;
use crate::data::{ColumnProfile, ColumnType};
use crate::domain::format_number;
use crate::host;
use crate::report::words;
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::{CellText, Col};
use std::cmp::Ordering;

/// Cells of a small histogram.
const BARS: usize = 8;
/// Eight heights of its bars.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_HEIGHTS: [char; 6] = ['_', '.', '-', '=', '*', '#'];

/// What the table is sorted by: a column of it, and whether it descends; none is the order of the file.
pub(super) type Order = Option<(usize, bool)>;

/// The columns of the table.
pub(super) const TITLES: [&str; 9] =
    ["COLUMN", "ROLE", "TYPE", "MISSING", "DISTINCT", "MIN", "MEAN", "MAX", "VALUES"];

/// Places of the columns with that in their names, in that order.
pub(super) fn listed(loaded: &Loaded, narrowed: &str, order: Order) -> Vec<usize> {
    let wanted = narrowed.to_lowercase();
    let fits = |at: &usize| loaded.columns[*at].name.to_lowercase().contains(&wanted);
    let mut rows: Vec<usize> = (0..loaded.columns.len()).filter(fits).collect();
    if let Some((by, descends)) = order {
        rows.sort_by(|a, b| {
            let (a, b) = (&loaded.columns[*a], &loaded.columns[*b]);
            compare(loaded, (a, b), by, descends)
        });
    }
    rows
}

/// Missing values come last either way.
fn compare(
    loaded: &Loaded,
    (a, b): (&ColumnProfile, &ColumnProfile),
    by: usize,
    descends: bool,
) -> Ordering {
    let turned = |order: Ordering| if descends { order.reverse() } else { order };
    let number = |of: fn(&ColumnProfile) -> Option<f64>| match (of(a), of(b)) {
        (Some(a), Some(b)) => turned(a.total_cmp(&b)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    };
    match by {
        0 => turned(a.name.cmp(&b.name)),
        1 => turned(role(loaded, a).cmp(role(loaded, b))),
        2 => turned(a.kind.word().cmp(b.kind.word())),
        3 => turned(a.missing.cmp(&b.missing)),
        4 => turned(a.distinct.cmp(&b.distinct)),
        5 => number(|of| Some(of.numbers.as_ref()?.min)),
        6 => number(|of| Some(of.numbers.as_ref()?.mean)),
        7 => number(|of| Some(of.numbers.as_ref()?.max)),
        _ => number(|of| of.numbers.as_ref()?.sd),
    }
}

/// What a column is for.
pub(super) fn role<'a>(loaded: &Loaded, column: &ColumnProfile) -> &'a str {
    match () {
        () if column.name == loaded.target => "target",
        () if loaded.features.contains(&column.name) => "",
        () if loaded.features.is_empty() => "",
        () => "unused",
    }
}

/// A number, or the day of a date.
pub(super) fn value(kind: ColumnType, value: f64) -> String {
    if kind == ColumnType::Date {
        host::clock::iso((value * 1e3) as i64).chars().take(10).collect()
    } else {
        format_number(value, 4)
    }
}

/// A share with at least two digits.
pub(super) fn percent(part: u64, all: u64) -> String {
    format!("{} %", format_number(part as f64 * 100.0 / all.max(1) as f64, 2))
}

/// Counts as bars of one line; more bins than cells are put together.
pub(super) fn bars(counts: &[u64], cells: usize, theme: &Theme) -> String {
    let levels: &[char] = if theme.ascii { &ASCII_HEIGHTS } else { &HEIGHTS };
    let width = counts.len().div_ceil(cells.max(1)).max(1);
    let sums: Vec<u64> = counts.chunks(width).map(|chunk| chunk.iter().sum()).collect();
    let most = sums.iter().copied().max().unwrap_or(0).max(1);
    let bar = |n: &u64| match n {
        0 => ' ',
        n => {
            let n_levels = levels.len() as u64;
            levels[((n * n_levels).div_ceil(most).clamp(1, n_levels) - 1) as usize]
        }
    };
    sums.iter().map(bar).collect()
}

/// The cells of a row.
pub(super) fn cells(loaded: &Loaded, column: &ColumnProfile, theme: &Theme) -> Vec<CellText> {
    let muted = |text: String| CellText::new(text, Role::Muted);
    let plain = |text: String| CellText::new(text, Role::Text);
    let role = role(loaded, column);
    let name = match role {
        "target" => CellText { bold: true, ..CellText::new(column.name.clone(), Role::Accent) },
        "unused" => muted(column.name.clone()),
        _ => plain(column.name.clone()),
    };
    let missing = match column.missing {
        0 => muted("0".into()),
        n => CellText::new(percent(n, column.n), Role::Warn),
    };
    let number = |of: fn(&crate::data::NumberProfile) -> f64| {
        plain(
            column
                .numbers
                .as_ref()
                .map(|numbers| value(column.kind, of(numbers)))
                .unwrap_or_default(),
        )
    };
    let values = if let Some(numbers) = &column.numbers {
        CellText::new(bars(&numbers.histogram, BARS, theme), Role::Series(0))
    } else {
        let top = column.top.iter().take(3);
        let top = top.map(|(text, n)| format!("{} {}", words::clean(text), percent(*n, column.n)));
        muted(top.collect::<Vec<_>>().join(", "))
    };
    vec![
        name,
        CellText::new(role, if role == "target" { Role::Accent } else { Role::Muted }),
        muted(column.kind.word().into()),
        missing,
        plain(words::count(column.distinct)),
        number(|numbers| numbers.min),
        number(|numbers| numbers.mean),
        number(|numbers| numbers.max),
        values,
    ]
}

/// The columns, as wide as these rows need.
pub(super) fn columns(rows: &[Vec<CellText>], width: u16) -> Vec<Col<'static>> {
    let widest = |at: usize| {
        let cells = rows.iter().map(|row| crate::tui::paint::cells(&row[at].text)).max();
        cells.unwrap_or(0).max(TITLES[at].len() + 1) as u16
    };
    let name = widest(0).min((width / 3).max(12));
    let column = |at: usize, width: u16, right: bool, priority: u8| Col {
        title: TITLES[at],
        width,
        right,
        priority,
        ..Col::default()
    };
    vec![
        Col { frozen: true, ..column(0, name, false, 9) },
        column(1, widest(1), false, 2),
        column(2, widest(2), false, 7),
        column(3, widest(3), true, 8),
        column(4, widest(4), true, 5),
        column(5, widest(5), true, 3),
        column(6, widest(6), true, 4),
        column(7, widest(7), true, 3),
        Col { grow: true, ..column(8, BARS as u16, false, 6) },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_histograms_put_bins_together() {
        let theme = Theme::default();
        assert_eq!(bars(&[0, 0, 1, 1, 8, 8, 4, 4], 4, &theme), " ▁█▄");
        assert_eq!(bars(&[5], 8, &theme), "█");
        assert_eq!(bars(&[], 8, &theme), "");
        assert_eq!((percent(1, 3), percent(0, 0)), ("33 %".into(), "0 %".into()));
    }
}
