//! Files predicted row by row say what training's own reader would have led to.

use super::super::testing::*;
use super::*;
use crate::bundle::{Bundle, Pipeline};
use crate::data::{DataOptions, Dataset, load};
use crate::domain::Value;
use std::fmt::Write as _;
use std::path::Path;
use tempfile::TempDir;

fn predicted(bundle: &Bundle, source: &SourceOptions, format: OutputFormat) -> (String, Predicted) {
    let mut out = Vec::new();
    let stream = StreamSettings { batch_rows: 17, threads: 3 };
    let done = predict_file(bundle, source, &mut out, PredictOptions { format, stream }).unwrap();
    (String::from_utf8(out).unwrap(), done)
}

/// What the whole table in memory gives, as lines of CSV.
fn expected(bundle: &Bundle, data: &Dataset) -> String {
    let rows: Vec<usize> = (0..data.table.n_rows).collect();
    let prediction = bundle.predict(&data.table, &rows).unwrap();
    let mut text = String::new();
    for row in 0..rows.len() {
        let (label, scores) = super::super::golden::said(&prediction, row, &data.classes);
        let label =
            label.as_str().map_or_else(|| label.as_f64().unwrap().to_string(), String::from);
        write!(text, "{},{label}", row + 1).unwrap();
        let is_probability = matches!(&prediction, Prediction::Classes { probabilities: true, .. });
        for score in scores.iter().flatten().filter(|_| is_probability) {
            write!(text, ",{score:e}").unwrap();
        }
        text.push('\n');
    }
    text
}

/// Numbers compared by their bits, whatever their spelling.
fn same(line: &str, expect: &str) -> bool {
    let cells = |text: &str| -> Vec<String> {
        let canonical = |cell: &str| match cell.parse::<f64>() {
            Ok(number) => format!("{:x}", number.to_bits()),
            Err(_) => cell.to_string(),
        };
        text.split(',').map(canonical).collect()
    };
    cells(line) == cells(expect)
}

fn check_parity(options: &DataOptions, family: &str, encode: &str) {
    let data = load(options).unwrap();
    let text = |word: &str| Value::Text(word.into());
    let choices = settings(&[("scale", text("standard")), ("encode", text(encode))]);
    let bundle = bundle(&data, options, Pipeline::of(fit(&data, family, choices)));
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("m");
    bundle.write(&path, &super::super::Measured::default()).unwrap();
    let bundle = Bundle::read(&path).unwrap();
    let (text, done) = predicted(&bundle, &options.source, OutputFormat::Csv);
    let expect = expected(&bundle, &data);
    assert_eq!(done.rows as usize, data.table.n_rows);
    assert_eq!(text.lines().count(), expect.lines().count() + 1);
    for (line, expect) in text.lines().skip(1).zip(expect.lines()) {
        assert!(same(line, expect), "{family} {encode}: {line} is not {expect}");
    }
}

#[test]
fn every_family_gives_the_same_bits_streamed_and_in_memory() {
    for (name, target) in [("penguins.csv", "species"), ("diabetes.csv", "target")] {
        let options = options(asset(name), target);
        let is_numbers = load(&options).unwrap().classes.is_empty();
        for family in crate::trainer::catalogue() {
            let can = family.capabilities();
            if if is_numbers { can.regression } else { can.classification } {
                check_parity(&options, family.name(), "one_hot");
            }
        }
    }
}

#[test]
fn encodings_and_dates_give_the_same_bits_streamed_and_in_memory() {
    let mut text = String::from("when,color,size,ok,y\n");
    for row in 0..300 {
        let color = ["red", "blue", "", "green"][row * 7 % 4];
        let ok = ["Yes", "No", "NA"][row % 3];
        let size = if row % 11 == 0 { "?".into() } else { format!("{}.25", row * 37 % 101) };
        let (month, day) = (1 + row % 12, 1 + row % 28);
        writeln!(text, "{month}/{day}/2021 {}:30 PM,{color},{size},{ok},{}", 1 + row % 12, row % 2)
            .unwrap();
    }
    let dir = TempDir::new().unwrap();
    let source = written(dir.path(), "x.csv", &text);
    for encode in ["one_hot", "ordinal", "target"] {
        check_parity(&options(source.clone(), "y"), "logistic", encode);
        check_parity(&options(source.clone(), "y"), "gradient_boosting", encode);
    }
}

fn written(dir: &Path, name: &str, text: &str) -> SourceOptions {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    SourceOptions { path, shown: name.into(), ..SourceOptions::default() }
}

#[test]
fn both_formats_hold_the_same_and_every_input_format_gives_it() {
    let bundle = penguin_bundle();
    let dir = TempDir::new().unwrap();
    let csv = "year,sex,body_mass_g,flipper_length_mm,bill_depth_mm,bill_length_mm,island,extra\n\
               2007,male,3750,181,18.7,39.1,Torgersen,x\n2008,NA,,210,14,47,Atlantis,y\n";
    let tsv = csv.replace(',', "\t");
    let json = "{\"year\":2007,\"sex\":\"male\",\"body_mass_g\":3750,\"flipper_length_mm\":181,\
         \"bill_depth_mm\":18.7,\"bill_length_mm\":39.1,\"island\":\"Torgersen\"}\n\
         {\"year\":2008,\"flipper_length_mm\":210,\"bill_depth_mm\":14,\"bill_length_mm\":47.0,\
         \"island\":\"Atlantis\",\"sex\":null}\n";
    let read = |name: &str, text: &str, format| {
        predicted(&bundle, &written(dir.path(), name, text), format)
    };
    let (made, done) = read("x.csv", csv, OutputFormat::Csv);
    assert!(
        made.starts_with("row,prediction,p_Adelie,p_Chinstrap,p_Gentoo\n1,Adelie,0.99"),
        "{made}"
    );
    assert_eq!(read("x.tsv", &tsv, OutputFormat::Csv).0, made);
    assert_eq!(read("x.jsonl", json, OutputFormat::Csv).0, made);
    let island = done.columns.iter().find(|column| column.name == "island").unwrap();
    assert_eq!(island.unknown_texts, [("Atlantis".to_string(), 1)]);
    let (lines, _) = read("x.csv", csv, OutputFormat::JsonLines);
    for (line, row) in lines.lines().zip(made.lines().skip(1)) {
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(line).unwrap();
        let keys: Vec<&str> = object.keys().map(String::as_str).collect();
        assert_eq!(keys, ["row", "prediction", "p_Adelie", "p_Chinstrap", "p_Gentoo"]);
        let cells: Vec<String> = object
            .values()
            .map(|value| value.as_str().map_or_else(|| value.to_string(), String::from))
            .collect();
        assert!(same(&cells.join(","), row), "{line}");
    }
    let (empty, done) = read("x.csv", csv.lines().next().unwrap(), OutputFormat::Csv);
    assert_eq!((empty.lines().count(), done.rows), (1, 0));
}

#[test]
fn names_of_classes_are_quoted() {
    let writer = LineWriter::new(&["a,b".into(), "say \"x\"".into()], OutputFormat::Csv);
    let mut header = Vec::new();
    writer.header(&mut header, true);
    let header = String::from_utf8(header).unwrap();
    assert_eq!(header, "row,prediction,\"p_a,b\",\"p_say \"\"x\"\"\"\n");
    let numbers = |value: f64| {
        let mut out = Vec::new();
        writer.number_text(&mut out, value);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(
        [1.0, 0.1, 1e-9, -2.5, f64::INFINITY].map(numbers),
        ["1", "0.1", "1e-9", "-2.5", "inf"]
    );
}

#[test]
fn rows_that_cannot_be_prepared_are_named() {
    let (data, options) = penguins();
    let clean = data.table.find("bill_length_mm").unwrap();
    let mut data = data;
    if let Values::Numbers(numbers) = &mut data.table.columns[clean].values {
        numbers.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = 40.0);
    }
    data.features = vec![clean];
    let none = settings(&[("impute", Value::None)]);
    let bundle = bundle(&data, &options, Pipeline::of(fit(&data, "logistic", none)));
    let dir = TempDir::new().unwrap();
    let check = |text: &str, expect: &str| {
        let source = written(dir.path(), "x.csv", text);
        let mut out = Vec::new();
        let error = predict_file(&bundle, &source, &mut out, PredictOptions::default());
        let said = error.unwrap_err().to_string();
        assert!(said.starts_with(expect) && said.contains("mend:"), "{said}");
    };
    check("bill_length_mm\n40\nNA\n", "x.csv, line 3: column 'bill_length_mm' is empty");
    check("bill_length_mm\n40\n41\ninf\n", "x.csv, line 4: column 'bill_length_mm' holds a number");
    check("bill\n40\n", "x.csv, line 1: the column 'bill_length_mm'");
    check("bill_length_mm\nlong\n", "x.csv, line 2: column 'bill_length_mm' holds 'long'");
}

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::new(io::ErrorKind::StorageFull, "no space"))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let bundle = penguin_bundle();
    let error = predict_file(&bundle, &asset("penguins.csv"), &mut Full, PredictOptions::default());
    assert!(error.unwrap_err().to_string().contains("cannot write 'the predictions': no space"));
}
