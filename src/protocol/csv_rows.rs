//! Rows of a CSV file turned into values: Keras' `CSVLogger`, `PyTorch` Lightning's, a monitor's of Stable-Baselines.

use super::number::Number;
use super::replay::{Replay, Value};
use super::steps::{Place, Role, metric_name};
use std::borrow::Cow;

/// Reads rows as they come, the header first.
#[derive(Debug, Default)]
pub(super) struct CsvRows {
    delimiter: char,
    header: Vec<String>,
    roles: Vec<Role>,
    place: Place,
    context: String,
    replay: Replay,
    n_skipped: u64,
}

impl CsvRows {
    /// The file begins, or begins anew: a header comes.
    pub(super) fn start(&mut self) {
        self.header.clear();
        self.replay.restart();
    }

    /// Rows that were left out: with more or fewer cells than the header has, or before any header.
    pub(super) fn n_skipped(&self) -> u64 {
        self.n_skipped
    }

    /// Takes in a line and hands out its values. Cells that are empty or texts are not measured.
    pub(super) fn line(&mut self, line: &[u8], each: &mut impl FnMut(&Value<'_>)) {
        let line = String::from_utf8_lossy(line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line));
        if line.trim().is_empty() {
            return;
        }
        if self.header.is_empty() {
            self.begin(&line);
            return;
        }
        let mut cells = split(&line, self.delimiter);
        if cells.len() == self.header.len() + 1 && cells.last().is_some_and(|cell| cell.is_empty())
        {
            cells.pop();
        }
        if self.is_header(&cells) {
            self.take_header(&cells);
        } else if cells.len() == self.header.len() {
            self.row(&cells, each);
        } else {
            self.n_skipped += 1;
        }
    }

    /// The end of the file: hands out what was held back.
    pub(super) fn finish(&mut self, each: &mut impl FnMut(&Value<'_>)) {
        self.replay.finish(each);
    }

    /// A line before the header. `#{…}` is a comment, `# epoch,loss` a header.
    fn begin(&mut self, line: &str) {
        let bare = line.trim_start().trim_start_matches('#');
        if bare.len() < line.trim_start().len() && bare.starts_with('{') {
            return;
        }
        self.delimiter = delimiter(bare);
        let cells = split(bare, self.delimiter);
        if cells.iter().any(|cell| Number::parse(cell).is_some()) {
            self.n_skipped += 1;
            return;
        }
        self.take_header(&cells);
    }

    fn take_header(&mut self, cells: &[Cow<'_, str>]) {
        self.header = cells.iter().map(ToString::to_string).collect();
        self.roles = cells.iter().map(|cell| Role::of(cell)).collect();
    }

    /// A header in the middle: texts only, one of them a column that is known.
    fn is_header(&self, cells: &[Cow<'_, str>]) -> bool {
        let is_name = |cell: &Cow<'_, str>| !cell.is_empty() && Number::in_cell(cell).is_none();
        cells.iter().all(is_name)
            && cells.iter().any(|cell| self.header.iter().any(|name| name == cell))
    }

    fn row(&mut self, cells: &[Cow<'_, str>], each: &mut impl FnMut(&Value<'_>)) {
        self.place.clear();
        let mut values: Vec<(&str, f64)> = Vec::with_capacity(cells.len());
        for ((cell, name), role) in cells.iter().zip(&self.header).zip(&self.roles) {
            let number = Number::in_cell(cell);
            if *role == Role::Context && number.is_none() {
                self.place.context(cell);
            } else if self.place.number(*role, number)
                && let Some(name) = metric_name(name)
                && let Some(number) = number
            {
                values.retain(|(earlier, _)| *earlier != name);
                values.push((name, number.value));
            }
        }
        self.place.write_context(&mut self.context);
        let (context, step) = (self.context.as_str(), self.place.step());
        for (metric, value) in values {
            self.replay.value(&Value { metric, context, step, number: value }, each);
        }
    }
}

/// The most frequent of the three in the header; the comma is the most likely to be part of a name.
fn delimiter(header: &str) -> char {
    let mut best = (1, ',');
    for candidate in ['\t', ';', ','] {
        let n = split(header, candidate).len();
        if n > best.0 {
            best = (n, candidate);
        }
    }
    best.1
}

/// The cells of a line, trimmed; within quotes a delimiter is text, and a doubled quote is one.
fn split(line: &str, delimiter: char) -> Vec<Cow<'_, str>> {
    if !line.contains('"') {
        return line.split(delimiter).map(|cell| Cow::Borrowed(cell.trim())).collect();
    }
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        // A tab may be the delimiter: only blanks are passed over before a quote.
        let start = rest.trim_start_matches(' ');
        let mut cell = String::new();
        let mut inside = start.strip_prefix('"');
        if inside.is_none() {
            let end = rest.find(delimiter).unwrap_or(rest.len());
            cell.push_str(rest[..end].trim());
            rest = &rest[end..];
        }
        while let Some(text) = inside {
            let end = text.find('"').unwrap_or(text.len());
            cell.push_str(&text[..end]);
            let after = text.get(end + 1..).unwrap_or_default();
            inside = after.strip_prefix('"');
            if inside.is_some() {
                cell.push('"');
            } else {
                rest = &after[after.find(delimiter).unwrap_or(after.len())..];
            }
        }
        cells.push(Cow::Owned(cell.trim().to_string()));
        match rest.strip_prefix(delimiter) {
            Some(next) => rest = next,
            None => return cells,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(rows: &mut CsvRows, text: &str) -> String {
        let mut found = Vec::new();
        for line in text.lines() {
            rows.line(line.as_bytes(), &mut |value| {
                let step = value.step.map_or(String::new(), |step| format!("@{step}"));
                found.push(format!("{}{}{step}={}", value.metric, value.context, value.number));
            });
        }
        found.join(" ")
    }

    fn check(text: &str, expect: &str, n_skipped: u64) {
        let mut rows = CsvRows::default();
        assert_eq!(read(&mut rows, text), expect, "{text}");
        assert_eq!(rows.n_skipped(), n_skipped, "{text}");
    }

    #[test]
    fn files_of_the_known_loggers() {
        check(
            "epoch,acc,loss\n0,0.5,1.5\n1,0.75,nan",
            "epoch@0=0 acc@0=0.5 loss@0=1.5 epoch@1=1 acc@1=0.75 loss@1=NaN",
            0,
        );
        check(
            "epoch,step,train_loss,val_loss\n0,9,0.5,\n0,9,,0.25",
            "epoch@9=0 train_loss@9=0.5 epoch@9=0 val_loss@9=0.25",
            0,
        );
        check("#{\"t_start\": 1.5, \"env_id\": \"a\"}\nr,l,t\n1.5,10,0.1", "r=1.5 l=10 t=0.1", 0);
        check(",loss\n0,0.5", "loss=0.5", 0);
    }

    #[test]
    fn delimiters_quotes_and_comments() {
        check("epoch;loss\n0;0.5", "epoch@0=0 loss@0=0.5", 0);
        check("step\tloss, scaled\n0\t0.5", "loss, scaled@0=0.5", 0);
        check("\u{feff}\"a,b\", \"c\"\"d\" ,e\n\"1\",2,x", "a,b=1 c\"d=2", 0);
        check("# step,loss\n\n1,2\n", "loss@1=2", 0);
        check("fold,context,ok\n2,val,True", "okval fold=2=1", 0);
        check("a\n1\n2", "a=1 a=2", 0);
        check("a,\"b\n1,2", "a=1 b=2", 0);
    }

    #[test]
    fn rows_that_do_not_fit_are_counted() {
        check("a,b\n1\n1,2,3\n1,2,\n3,4", "a=1 b=2 a=3 b=4", 2);
        check("0.5,3\n0.4,4\nloss,step\n0.3,5", "loss@5=0.3", 2);
        check("a,b\n1,2\na,b\n3,4\na,c,d\n5,6,7", "a=1 b=2 a=3 b=4 a=5 c=6 d=7", 0);
        check("a,b\nx,y\n1,2", "a=1 b=2", 0);
        check("a,a\n1,2", "a=2", 0);
    }

    #[test]
    fn a_file_that_is_written_anew_tells_nothing_twice() {
        let mut rows = CsvRows::default();
        assert_eq!(read(&mut rows, "step,a\n0,1\n1,2"), "a@0=1 a@1=2");
        rows.start();
        assert_eq!(read(&mut rows, "step,a,b\n0,1,\n1,2,\n2,3,4"), "a@2=3 b@2=4");
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[\",;\t\n #{a1.é]{0,60}") {
            let mut rows = CsvRows::default();
            read(&mut rows, &text);
            read(&mut rows, "a,b\n1,2");
        }
    }
}
