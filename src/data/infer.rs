//! What a column of texts means: boolean, date, category or free text.

use super::infer_date::{self, DateStyle};
use super::{ColumnType, Error, MISSING, Values};

/// Texts of a column, levels in order of appearance.
#[derive(Debug, Default)]
pub(super) struct Texts {
    pub(super) codes: Vec<u32>,
    pub(super) levels: Vec<String>,
}

/// A column with its meaning decided.
#[derive(Debug)]
pub(super) struct Typed {
    pub(super) kind: ColumnType,
    pub(super) values: Values,
    pub(super) date_style: Option<DateStyle>,
}

impl Typed {
    /// A column without dates.
    pub(super) fn plain(kind: ColumnType, values: Values) -> Self {
        Self { kind, values, date_style: None }
    }

    fn dates(seconds: Vec<f64>, style: DateStyle) -> Self {
        let values = Values::Numbers(seconds);
        Self { kind: ColumnType::Date, values, date_style: Some(style) }
    }
}

/// Columns of up to this many distinct texts are categories whatever the number of rows.
const ALWAYS_CATEGORY: usize = 20;
/// Up to this many are categories if texts repeat.
const FEW_LEVELS: usize = 50;
/// No column of more distinct texts is a category by itself.
const MOST_LEVELS: usize = 1000;

const BOOLEAN_PAIRS: [[&str; 2]; 4] = [["false", "true"], ["no", "yes"], ["f", "t"], ["n", "y"]];

/// Decides the type, or applies the one asked for, and sorts the levels.
pub(super) fn type_texts(
    name: &str,
    texts: Texts,
    forced: Option<ColumnType>,
    place: &dyn Fn(usize) -> String,
) -> Result<Typed, Error> {
    match forced {
        Some(ColumnType::Date) => forced_dates(name, &texts, place),
        Some(ColumnType::Boolean) => forced_boolean(name, texts, place),
        Some(kind) => Ok(Typed::plain(kind, sorted(texts))),
        None => Ok(guess(texts)),
    }
}

fn guess(texts: Texts) -> Typed {
    if texts.levels.is_empty() {
        let numbers = vec![f64::NAN; texts.codes.len()];
        return Typed::plain(ColumnType::Number, Values::Numbers(numbers));
    }
    if is_boolean(&texts.levels) {
        return Typed::plain(ColumnType::Boolean, sorted(folded(texts)));
    }
    if let Some(style) = infer_date::style_of(&texts.levels)
        && let Ok(seconds) = dates(&texts, style)
    {
        return Typed::dates(seconds, style);
    }
    let n = texts.codes.iter().filter(|&&code| code != MISSING).count();
    let kind =
        if is_category(texts.levels.len(), n) { ColumnType::Category } else { ColumnType::Text };
    Typed::plain(kind, sorted(texts))
}

/// The rule between category and text: few distinct texts, most of which repeat.
fn is_category(distinct: usize, n: usize) -> bool {
    let few = FEW_LEVELS.max((n / 20).min(MOST_LEVELS));
    distinct <= ALWAYS_CATEGORY || (distinct <= few && distinct <= n / 2)
}

pub(super) fn is_boolean(levels: &[String]) -> bool {
    levels.len() <= 4
        && BOOLEAN_PAIRS.iter().any(|pair| {
            levels.iter().all(|level| pair.iter().any(|word| level.eq_ignore_ascii_case(word)))
        })
}

/// One spelling per truth value: lower case where the column mixes cases.
fn folded(texts: Texts) -> Texts {
    if texts.levels.len() <= 2
        && !(texts.levels.len() == 2 && texts.levels[0].eq_ignore_ascii_case(&texts.levels[1]))
    {
        return texts;
    }
    let mut levels: Vec<String> = Vec::new();
    let mut new_code = Vec::with_capacity(texts.levels.len());
    for level in &texts.levels {
        let lower = level.to_ascii_lowercase();
        let code = levels.iter().position(|known| *known == lower).unwrap_or_else(|| {
            levels.push(lower);
            levels.len() - 1
        });
        new_code.push(code as u32);
    }
    Texts { codes: recoded(texts.codes, &new_code), levels }
}

/// Levels in order: by number if all are numbers, else by text.
fn sorted(texts: Texts) -> Values {
    let numbers: Option<Vec<f64>> = texts.levels.iter().map(|text| text.parse().ok()).collect();
    let mut order: Vec<usize> = (0..texts.levels.len()).collect();
    order.sort_by(|&a, &b| {
        let by_text = texts.levels[a].cmp(&texts.levels[b]);
        match &numbers {
            Some(numbers) => numbers[a].total_cmp(&numbers[b]).then(by_text),
            None => by_text,
        }
    });
    let mut new_code = vec![0; order.len()];
    for (code, &old) in order.iter().enumerate() {
        new_code[old] = code as u32;
    }
    let mut old_levels = texts.levels;
    let levels = order.iter().map(|&old| std::mem::take(&mut old_levels[old])).collect();
    Values::Codes { codes: recoded(texts.codes, &new_code), levels }
}

fn recoded(mut codes: Vec<u32>, new_code: &[u32]) -> Vec<u32> {
    for code in &mut codes {
        if *code != MISSING {
            *code = new_code[*code as usize];
        }
    }
    codes
}

/// Seconds of every cell, or the code of the first level that is no date.
fn dates(texts: &Texts, style: DateStyle) -> Result<Vec<f64>, u32> {
    let mut seconds = Vec::with_capacity(texts.levels.len());
    for (code, level) in texts.levels.iter().enumerate() {
        seconds.push(infer_date::parse(level, style).ok_or(code as u32)?);
    }
    let of = |&code: &u32| if code == MISSING { f64::NAN } else { seconds[code as usize] };
    Ok(texts.codes.iter().map(of).collect())
}

fn forced_dates(
    name: &str,
    texts: &Texts,
    place: &dyn Fn(usize) -> String,
) -> Result<Typed, Error> {
    let style = match infer_date::style_of(&texts.levels) {
        Some(style) => style,
        None if texts.levels.is_empty() => DateStyle::Iso,
        None if infer_date::is_ambiguous(&texts.levels) => {
            return Err(Error::source(
                format!("{}, column '{name}'", place(0)),
                format!("'{}' may be month/day or day/month", texts.levels[0]),
                "write the dates as YYYY-MM-DD",
            ));
        }
        None => infer_date::style_of(&texts.levels[..texts.levels.len().min(1)])
            .unwrap_or(DateStyle::MonthFirst),
    };
    let seconds = dates(texts, style).map_err(|code| {
        bad_cell(
            name,
            texts,
            code,
            place,
            "is not a date",
            "write dates as YYYY-MM-DD, with a time as YYYY-MM-DDTHH:MM:SS",
        )
    })?;
    Ok(Typed::dates(seconds, style))
}

fn forced_boolean(
    name: &str,
    texts: Texts,
    place: &dyn Fn(usize) -> String,
) -> Result<Typed, Error> {
    let texts = if is_boolean(&texts.levels) { folded(texts) } else { texts };
    if texts.levels.len() > 2 {
        let known =
            format!("is a third value after '{}' and '{}'", texts.levels[0], texts.levels[1]);
        return Err(bad_cell(name, &texts, 2, place, &known, "make the column a category"));
    }
    Ok(Typed::plain(ColumnType::Boolean, sorted(texts)))
}

fn bad_cell(
    name: &str,
    texts: &Texts,
    code: u32,
    place: &dyn Fn(usize) -> String,
    what: &str,
    mend: &str,
) -> Error {
    let row = texts.codes.iter().position(|&c| c == code).unwrap_or(0);
    let text = &texts.levels[code as usize];
    Error::source(format!("{}, column '{name}'", place(row)), format!("'{text}' {what}"), mend)
}
