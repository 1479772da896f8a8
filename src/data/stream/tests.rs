//! A stream reads what the reader of training data reads, to the bit, and says what is wrong.

use super::super::source_tests::{asset, file};
use super::super::{ColumnType, NULL_SPELLINGS, read};
use super::*;
use std::fmt::Write as _;

/// Settings with small batches.
fn small(threads: usize, batch_rows: usize) -> StreamSettings {
    StreamSettings { batch_rows, threads }
}

/// The schema of the whole table, its text columns included.
fn schema_of(options: &SourceOptions) -> (Schema, Table) {
    let (table, _) = read(options).unwrap();
    let rows: Vec<usize> = (0..table.n_rows).collect();
    let columns: Vec<usize> = (0..table.columns.len()).collect();
    (Schema::of(&table, &columns, &rows, options), table)
}

/// All batches of a stream.
fn tables(
    options: &SourceOptions,
    schema: &Schema,
    settings: StreamSettings,
) -> Result<(Vec<Table>, Streamed), Error> {
    let mut tables = Vec::new();
    let mut rows = 0;
    let work = |batch: &Batch<'_>| Ok::<_, Error>(batch.table.clone());
    let streamed = stream(options, schema, settings, &work, &mut |first, table| {
        assert_eq!(first, rows);
        rows += table.n_rows as u64;
        tables.push(table);
        Ok(())
    })?;
    assert_eq!(streamed.rows, rows);
    Ok((tables, streamed))
}

fn message(options: &SourceOptions, schema: &Schema) -> String {
    tables(options, schema, small(2, 4)).unwrap_err().to_string()
}

/// Cells of a column as bits or texts, so that NaN equals NaN.
fn cells(column: &super::super::Column) -> Vec<String> {
    let cell = |row: usize| match &column.values {
        Values::Numbers(numbers) if numbers[row].is_nan() => "missing".into(),
        Values::Numbers(numbers) => format!("{:x}", numbers[row].to_bits()),
        Values::Codes { .. } if column.is_missing(row) => "missing".into(),
        Values::Codes { codes, levels } => format!("'{}'", levels[codes[row] as usize]),
    };
    (0..column.len()).map(cell).collect()
}

/// The stream of a source gives the cells that its reader gives, whatever the batches and threads.
fn check_parity(options: &SourceOptions) {
    let (schema, table) = schema_of(options);
    for settings in [small(1, usize::MAX), small(1, 7), small(3, 1000)] {
        let (batches, _) = tables(options, &schema, settings).unwrap();
        for (idx, column) in table.columns.iter().enumerate() {
            let streamed: Vec<String> =
                batches.iter().flat_map(|batch| cells(&batch.columns[idx])).collect();
            assert_eq!(streamed, cells(column), "{} '{}'", options.shown, column.name);
        }
    }
}

fn number_schema(names: &[&str]) -> Schema {
    let column = |name: &&str| super::super::ColumnSchema {
        name: (*name).into(),
        kind: ColumnType::Number,
        date_style: None,
        levels: Vec::new(),
        has_missing: false,
        range: None,
    };
    let null_values = NULL_SPELLINGS.iter().map(ToString::to_string).collect();
    Schema { columns: names.iter().map(column).collect(), null_values }
}

#[test]
fn every_asset_streams_as_it_is_read() {
    for name in
        ["penguins.csv", "penguins_raw.csv", "birdstrikes.csv", "nyc_weather.csv", "digits.csv"]
    {
        check_parity(&asset(name));
    }
}

#[test]
fn odd_texts_stream_as_they_are_read() {
    let check = |name: &str, text: &[u8]| check_parity(&file(name, text).options);
    check(
        "bom.csv",
        "\u{feff}a,\"b \"\"q\"\"\",c\r\n1,\"x, y\",NA\r\n\r\n -2.5e3 ,  ,inf\r\n".as_bytes(),
    );
    check("lines.csv", b"\n\na,b\n1,\"two\nlines\"\n\n3,\"a \"\"b\"\"\"\n4,x\"y\n");
    check("mac.csv", b"a,b\r1,x\r\r2,y\r");
    check("latin1.csv", b"name,v\ncaf\xe9,1\nbar,2\nna\xefve,3\n");
    check("semicolon.csv", b"a;b\n1,5;2\n3,5;4\n");
    check("tab.tsv", b"a\tb,c\n1\tx\n2\ty\n");
    check("end.csv", b"a,b\n1,2\n3,4");
    check("one.csv", b"a\n1\n\n2\n");
    check("case.csv", b"ok,v\nYes,1\nno,2\nYES,3\n");
    check("us.csv", b"when,v\n1/13/2020,1\n2/3/2020 4:05 PM,2\nNA,3\n");
    check("eu.csv", b"when,v\n13/1/2020,1\n2/3/2020,2\n");
    check("wide.csv", wide(3000, true).as_bytes());
    check("plain.csv", wide(90_000, false).as_bytes());
    check("x.jsonl", b"{\"a\": 1, \"b\": {\"c\": \"x\", \"d\": true}}\n\n{\"b\": {\"c\": null}, \"a\": 2.5, \"e\": [1]}\r\n");
    check("mixed.jsonl", b"{\"a\": 1}\n{\"a\": \"x\"}\n{\"a\": 1.50}\n{\"a\": 1e300}\n");
}

/// More than one block of rows, with quoted line ends where wanted.
fn wide(rows: usize, is_quoted: bool) -> String {
    let mut text = String::from("number,word,note\n");
    for row in 0..rows {
        let note = if is_quoted { "\"several,\nlines \"\"here\"\"\"" } else { "none" };
        let pad = "z".repeat(if is_quoted { 400 } else { 10 });
        writeln!(text, "{}.5,w{},{note}{pad}", row * 37 % 1001, row % 9).unwrap();
    }
    text
}

#[test]
fn columns_may_be_extra_and_in_any_order_but_not_missing() {
    let schema = number_schema(&["b", "a"]);
    let (batches, _) =
        tables(&file("x.csv", "z,a,y,b\nq,1,,2\n").options, &schema, small(1, 9)).unwrap();
    assert_eq!(cells(&batches[0].columns[0]), [format!("{:x}", 2f64.to_bits())]);
    assert_eq!(cells(&batches[0].columns[1]), [format!("{:x}", 1f64.to_bits())]);
    let schema = number_schema(&["age", "weight", "height"]);
    let said = message(&file("x.csv", "Age,height\n1,2\n").options, &schema);
    assert!(said.contains("the columns 'age', 'weight'"), "{said}");
    assert!(said.contains("rename 'Age' to 'age'") && said.contains("'height'"), "{said}");
    let said = message(&file("x.jsonl", "{\"age\": 1}\n{\"height\": 2}\n").options, &schema);
    assert!(said.contains("the column 'weight'") && said.contains("mend:"), "{said}");
    let late = file("x.jsonl", "{\"age\": 1}\n{\"height\": 2}\n{\"weight\": 3}\n");
    assert_eq!(tables(&late.options, &schema, small(2, 1)).unwrap().0.len(), 3);
}

#[test]
fn wrong_cells_are_named_with_their_lines() {
    let mut schema = number_schema(&["a", "b", "when"]);
    schema.columns[2].kind = ColumnType::Date;
    let text = "a,b,when\n1,2,2020-01-01\n\nx,2,soon\n1,y,2020-01-01\nz,1,\n";
    let said = message(&file("x.csv", text).options, &schema);
    assert!(
        said.starts_with("x.csv, line 4: column 'a' holds 'x', which is not a number;"),
        "{said}"
    );
    assert!(said.contains("column 'when' holds 'soon', which is not a date;"), "{said}");
    assert!(said.contains("column 'b' holds 'y', which is not a number (x.csv, line 5)"), "{said}");
    let lines = "{\"a\": 1, \"b\": 2, \"when\": null}\n{\"a\": true, \"b\": 2, \"when\": 3}\n";
    let said = message(&file("x.jsonl", lines).options, &schema);
    assert!(said.starts_with("x.jsonl, line 2: column 'a' holds 'true'"), "{said}");
    assert!(said.contains("column 'when' holds '3', which is not a date"), "{said}");
}

#[test]
fn broken_texts_are_refused_with_their_lines() {
    let schema = number_schema(&["a", "b"]);
    let check = |name: &str, text: &[u8], expect: &str| {
        let said = message(&file(name, text).options, &schema);
        assert!(said.contains(expect) && said.contains("mend:"), "{said}");
    };
    check("x.csv", b"a,b\n1,2\n\n3\n", "x.csv, line 4: 1 cells where the header has 2");
    check("x.csv", b"a,b\n1,\"2\"\n3,\"4\n5,6\n", "x.csv, line 3: the quote '\"' is never closed");
    check("x.csv", b"a,b\n1,\"2\"\n\n3,4,5\n", "x.csv, line 4: 3 cells");
    check("x.csv", b"", "the file is empty");
    check("x.csv", b"a,a\n1,2\n", "two columns are called 'a'");
    check("x.csv", b"a,b\n1,2\n3,\x00\n", "line 3");
    check("x.jsonl", b"{\"a\": 1, \"b\": 2}\n{\"a\": 1,\n", "x.jsonl, line 2");
    check("x.jsonl", b"{\"a\": 1, \"a\": 2}\n", "the key 'a' is given twice");
    check("x.jsonl", b"{\"a\": \"\xff\"}\n", "is not UTF-8");
    check("x.json", b"[{\"a\": 1, \"b\": 2}]", "row by row");
    let mut source = file("x.csv", "a,b\n1,2\n");
    source.options.types.insert("a".into(), ColumnType::Category);
    assert!(message(&source.options, &schema).contains("remove 'types'"));
}

#[test]
fn the_first_error_wins_whatever_the_threads() {
    let mut text = String::from("a,b\n");
    for row in 0..400_000 {
        let cell = if row % 90_000 == 89_999 { "oops" } else { "1" };
        writeln!(text, "{row},{cell}").unwrap();
    }
    let source = file("x.csv", &text);
    let schema = number_schema(&["a", "b"]);
    for threads in [1, 2, 5] {
        let said = tables(&source.options, &schema, small(threads, 1000)).unwrap_err().to_string();
        assert!(said.starts_with("x.csv, line 90001: column 'b' holds 'oops'"), "{said}");
    }
}

#[test]
fn what_training_did_not_have_is_counted() {
    let train = file("x.csv", "word,v,ok\na,1,yes\nb,5,no\na,2,yes\n");
    let (schema, _) = schema_of(&train.options);
    let new = file("y.csv", "ok,v,word\nYES,7,a\nmaybe,NA,c\nno,0,c\nno,,NULL\nyes,2,d\n");
    let (batches, streamed) = tables(&new.options, &schema, small(2, 2)).unwrap();
    let found = |name: &str| streamed.columns.iter().find(|c| c.name == name).unwrap().clone();
    let word = found("word");
    assert_eq!((word.missing, word.unknown), (1, 3));
    assert_eq!(word.unknown_texts, [("c".to_string(), 2), ("d".to_string(), 1)]);
    let v = found("v");
    assert_eq!((v.missing, v.unknown, v.outside), (2, 0, 2));
    let ok = found("ok");
    assert_eq!(ok.unknown_texts, [("maybe".to_string(), 1)]);
    let ok: Vec<String> = batches.iter().flat_map(|batch| cells(&batch.columns[2])).collect();
    assert_eq!(ok, ["'yes'", "'maybe'", "'no'", "'no'", "'yes'"]);
}

#[test]
fn dates_in_iso_are_understood_whatever_the_style_of_training() {
    let train = file("x.csv", "when,v\n1/13/2020,1\n2/3/2020,2\n");
    let (schema, _) = schema_of(&train.options);
    let new = file("y.csv", "when\n2020-02-03\n2/3/2020\n");
    let (batches, _) = tables(&new.options, &schema.clone().only("when"), small(1, 9)).unwrap();
    let cells = cells(&batches[0].columns[0]);
    assert_eq!(cells[0], cells[1]);
}

impl Schema {
    fn only(mut self, name: &str) -> Self {
        self.columns.retain(|column| column.name == name);
        self
    }
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_streams_as_it_is_read() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = path.join("tests/fixtures/data_small.parquet");
    let source = SourceOptions { path, shown: "x.parquet".into(), ..SourceOptions::default() };
    check_parity(&source);
    let said = message(&source, &number_schema(&["nowhere"]));
    assert!(said.contains("the column 'nowhere'"), "{said}");
}

#[test]
fn columns_that_are_not_read_are_named() {
    let schema = number_schema(&["a", "b"]);
    let check = |name: &str, text: &str, expected: &[&str]| {
        let source = file(name, text);
        for settings in [small(1, 2), small(3, 1)] {
            let (_, streamed) = tables(&source.options, &schema, settings).unwrap();
            assert_eq!(streamed.ignored, expected, "{name}");
        }
    };
    check("x.csv", "z,b,y,a\n1,2,3,4\n", &["z", "y"]);
    check("none.csv", "b,a\n1,2\n", &[]);
    let lines = "{\"b\":1,\"z\":2}\n{\"a\":1,\"c\":{\"d\":1}}\n{\"z\":null}\n";
    check("x.jsonl", lines, &["c.d", "z"]);
    // However many keys there are, the list is short, and the same for any order.
    let many: Vec<String> =
        (0..300).map(|k| format!("{{\"a\":1,\"b\":1,\"k{k:03}\":1}}\n")).collect();
    let first: Vec<String> = (0..100).map(|k| format!("k{k:03}")).collect();
    let first: Vec<&str> = first.iter().map(String::as_str).collect();
    check("many.jsonl", &many.concat(), &first);
    check("rev.jsonl", &many.iter().rev().cloned().collect::<String>(), &first);
}
