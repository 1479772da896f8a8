//! Sources of every format, well and badly formed.

use super::*;
use std::fmt::Write as _;
use std::path::Path;
use tempfile::TempDir;

/// A file with that content in a folder of its own.
pub(super) struct Source {
    _dir: TempDir,
    pub(super) options: SourceOptions,
}

pub(super) fn file(name: &str, bytes: impl AsRef<[u8]>) -> Source {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let options = SourceOptions { path, shown: name.into(), ..SourceOptions::default() };
    Source { _dir: dir, options }
}

pub(super) fn asset(name: &str) -> SourceOptions {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(name);
    SourceOptions { path, shown: name.into(), ..SourceOptions::default() }
}

fn table(name: &str, text: impl AsRef<[u8]>) -> Table {
    read(&file(name, text).options).unwrap().0
}

fn error(source: &Source) -> String {
    read(&source.options).unwrap_err().to_string()
}

fn numbers(table: &Table, name: &str) -> Vec<f64> {
    match &table.columns[table.find(name).unwrap()].values {
        Values::Numbers(numbers) => numbers.clone(),
        Values::Codes { .. } => panic!("'{name}' holds codes"),
    }
}

fn texts(table: &Table, name: &str) -> Vec<Option<String>> {
    let column = &table.columns[table.find(name).unwrap()];
    let Values::Codes { codes, levels } = &column.values else { panic!("'{name}' holds numbers") };
    let text = |&code: &u32| (code != MISSING).then(|| levels[code as usize].clone());
    codes.iter().map(text).collect()
}

fn kinds(table: &Table) -> Vec<&'static str> {
    table.columns.iter().map(|column| column.kind.word()).collect()
}

fn some(words: &[&str]) -> Vec<Option<String>> {
    words.iter().map(|word| (!word.is_empty()).then(|| word.to_string())).collect()
}

#[test]
fn csv_with_quotes_crlf_bom_and_missing_cells() {
    let made =
        table("x.csv", "\u{feff}a,\"b \"\"q\"\"\",c\r\n1,\"x, y\",NA\r\n\r\n -2.5e3 ,  ,inf\r\n");
    assert_eq!(made.n_rows, 2);
    assert_eq!(numbers(&made, "a"), [1.0, -2500.0]);
    assert_eq!(texts(&made, "b \"q\""), some(&["x, y", ""]));
    let c = numbers(&made, "c");
    assert!(c[0].is_nan() && c[1] == f64::INFINITY);
    assert_eq!(made.columns[2].null_spellings, [("NA".to_string(), 1)]);
}

#[test]
fn a_column_that_turns_to_text_keeps_its_first_spellings() {
    let made = table("x.csv", "a,b\n1.50,1\n-,2\nx,3\n1.50,4\n");
    assert_eq!(texts(&made, "a"), some(&["1.50", "", "x", "1.50"]));
    assert_eq!(made.columns[0].null_spellings, [("-".to_string(), 1)]);
    assert_eq!(numbers(&made, "b"), [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn every_spelling_of_nan_is_missing() {
    let made = table("x.csv", "a\nNAN\n-nan\n1\nnan\n");
    assert_eq!(made.columns[0].n_missing(), 3);
    assert_eq!(made.columns[0].kind, ColumnType::Number);
}

#[test]
fn own_null_values_replace_the_usual_ones() {
    let mut source = file("x.csv", "a,b\n-999,NA\n-999.0,x\n3,x\n");
    source.options.null_values = Some(vec!["-999".into()]);
    let (made, _) = read(&source.options).unwrap();
    assert_eq!(made.columns[0].n_missing(), 1);
    assert_eq!(texts(&made, "b"), some(&["NA", "x", "x"]));
}

#[test]
fn types_are_inferred() {
    let csv = "flag,bit,day,slash,word,mixed\n\
               yes,0,2024-01-05,1/13/1990 0:00,a,True\n\
               NO,1,2024-02-05T10:00:00Z,2/1/1990 23:59,b,false\n\
               no,1,,3/1/1990,a,true\n";
    let made = table("x.csv", csv);
    assert_eq!(kinds(&made), ["boolean", "number", "date", "date", "category", "boolean"]);
    assert_eq!(texts(&made, "flag"), some(&["yes", "no", "no"]));
    assert_eq!(texts(&made, "mixed"), some(&["true", "false", "true"]));
    assert_eq!(numbers(&made, "day")[1], 1_707_127_200.0);
}

#[test]
fn free_text_is_told_from_categories() {
    let mut csv = String::from("id,word\n");
    for i in 0..200 {
        writeln!(csv, "row{i},{}", ["a", "b", "c"][i % 3]).unwrap();
    }
    assert_eq!(kinds(&table("x.csv", csv)), ["text", "category"]);
}

#[test]
fn forced_types() {
    let mut source = file("x.csv", "a,b,c\n10,1,2020-01-02\n9,0,2020-01-03\n1.0,1,2020-01-04\n");
    for (name, kind) in
        [("a", ColumnType::Category), ("b", ColumnType::Boolean), ("c", ColumnType::Text)]
    {
        source.options.types.insert(name.into(), kind);
    }
    let (made, _) = read(&source.options).unwrap();
    assert_eq!(kinds(&made), ["category", "boolean", "text"]);
    let Values::Codes { levels, .. } = &made.columns[0].values else { panic!("codes") };
    assert_eq!(levels, &["1.0", "9", "10"]);
}

#[test]
fn a_column_without_values_takes_every_type() {
    for kind in [ColumnType::Date, ColumnType::Boolean, ColumnType::Number, ColumnType::Text] {
        let mut source = file("x.csv", "a,b\n,1\nNA,2\n");
        source.options.types.insert("a".into(), kind);
        let made = read(&source.options).unwrap().0;
        assert_eq!((made.columns[0].kind, made.columns[0].n_missing()), (kind, 2));
    }
}

#[test]
fn forced_types_that_do_not_fit() {
    let check = |csv: &str, kind, expect: &[&str]| {
        let mut source = file("x.csv", csv);
        source.options.types.insert("a".into(), kind);
        let text = error(&source);
        assert!(expect.iter().all(|part| text.contains(part)), "{text}");
    };
    let number = ColumnType::Number;
    check("a,b\n1,\"x\ny\"\noops,2\n", number, &["x.csv, line 4, column 'a'", "'oops'", "mend:"]);
    check("a\n2020-01-01\nsoon\n", ColumnType::Date, &["line 3", "'soon' is not a date"]);
    check("a\n1/2/2020\n3/4/2020\n", ColumnType::Date, &["month/day or day/month"]);
    check("a\n1\n2\n3\n", ColumnType::Boolean, &["line 4", "'3' is a third value", "'1' and '2'"]);
    check("b\n1\n", number, &["'a'", "no such column", "'b'"]);
}

#[test]
fn malformed_csv_is_refused_with_its_place() {
    let check = |bytes: &[u8], expect: &[&str]| {
        let text = error(&file("x.csv", bytes));
        assert!(expect.iter().all(|part| text.contains(part)), "{text}");
        assert!(text.contains("; mend: "), "{text}");
    };
    check(b"", &["x.csv", "is empty"]);
    check(b" \n\n", &["is empty"]);
    check(b"a,b\n", &["there are no rows"]);
    check(b"a,b\n1,2\n3\n", &["line 3", "1 cells where the header has 2"]);
    check(b"a,b\n\"1\n\",2\n3,4,5\n", &["line 4", "3 cells where the header has 2"]);
    check(b"a,,c\n1,2,3\n", &["column 2 has no name"]);
    check(b"a,b,a\n1,2,3\n", &["two columns are called 'a'"]);
    check(b"5.1,3.5\n4.9,3.0\n", &["only numbers", "'5.1'"]);
    check(b"a,b\n1,2\n3,\"open\n5,6\n", &["line 3", "never closed"]);
    check(b"a,b\n\"1,2\n3,4\n", &["line 2", "never closed"]);
    check(b"a,b\n1,\0\n", &["line 2", "'0x00'"]);
    check(b"\xFF\xFEa\0", &["UTF-16"]);
    check(b"\x1F\x8Babc", &["gzip"]);
}

#[test]
fn a_missing_file_names_itself() {
    let options = SourceOptions {
        path: "/nowhere/x.csv".into(),
        shown: "x.csv".into(),
        ..SourceOptions::default()
    };
    let text = read(&options).unwrap_err().to_string();
    assert!(text.starts_with("there is no file 'x.csv'; mend: "), "{text}");
}

#[test]
fn delimiters_and_encodings() {
    let made = table("x.csv", "a;b\n1,5;x\n2,5;y\n");
    assert_eq!(texts(&made, "a"), some(&["1,5", "2,5"]));
    let mut source = file("x.csv", "a,b\n1,2\n");
    source.options.delimiter = Some(b';');
    let text = error(&source);
    assert!(text.contains("the delimiter ';' finds one column") && text.contains("','"), "{text}");
    let latin1 = table("x.csv", b"a\ncaf\xE9\nth\xE9\n");
    assert_eq!(texts(&latin1, "a"), some(&["café", "thé"]));
    let mut strict = file("x.csv", b"a\nx\ncaf\xE9\n");
    strict.options.encoding = Some(Encoding::Utf8);
    let text = error(&strict);
    assert!(text.contains("line 3") && text.contains("'0xe9'"), "{text}");
}

#[test]
fn columns_that_count_are_a_header() {
    assert_eq!(table("x.csv", "0,1,2\n5,6,7\n").columns[2].name, "2");
}

#[test]
fn json_of_both_shapes_gives_one_table() {
    let array =
        r#"[{"a": 1, "in": {"b": "x"}, "l": [1, 2]}, {"a": "z", "c": true, "in": {"b": null}}]"#;
    let lines = "{\"a\": 1, \"in\": {\"b\": \"x\"}, \"l\": [1, 2]}\n\n{\"a\": \"z\", \"c\": true, \"in\": {\"b\": null}}\n";
    let (one, two) = (table("x.json", array), table("x.jsonl", lines));
    assert_eq!(one, two);
    let names: Vec<&str> = one.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["a", "in.b", "l", "c"]);
    assert_eq!(texts(&one, "a"), some(&["1", "z"]));
    assert_eq!(texts(&one, "in.b"), some(&["x", ""]));
    assert_eq!(texts(&one, "l"), some(&["[1,2]", ""]));
    assert_eq!(texts(&one, "c"), some(&["", "true"]));
    assert_eq!(table("x.json", lines), two, "the first character tells the shapes apart");
}

#[test]
fn malformed_json_is_refused_with_its_place() {
    let check = |name: &str, text: &str, expect: &[&str]| {
        let text = error(&file(name, text));
        assert!(expect.iter().all(|part| text.contains(part)), "{text}");
    };
    check("x.json", "[{\"a\": 1},\n {\"a\": }]", &["x.json, line 2", "expected value"]);
    check("x.json", "[1, 2]", &["line 1", "expected an object"]);
    check("x.json", "[{\"a\": 1}, {\"a\": 1, \"a\": 2}]", &["object 2", "'a' is given twice"]);
    check("x.json", "[]", &["there are no rows"]);
    check("x.jsonl", "{\"a\": 1}\n{\"a\": 1\n", &["x.jsonl, line 2"]);
    check("x.jsonl", "{\"a\": 1}\n{\"a\": 1} 5\n", &["line 2", "trailing"]);
    check("x.jsonl", "  ", &["is empty"]);
}

fn database(sql: &str) -> Source {
    let source = file("x.db", "");
    let connection = rusqlite::Connection::open(&source.options.path).unwrap();
    connection.execute_batch(sql).unwrap();
    source
}

const FLOWERS: &str = "CREATE TABLE flower(name TEXT, size REAL, n INTEGER);
    INSERT INTO flower VALUES ('rose', 1.5, 3), (NULL, NULL, 9007199254740993), ('iris', 2, NULL);";

#[test]
fn sqlite_tables_and_queries() {
    let mut source = database(FLOWERS);
    let (made, whole) = read(&source.options).unwrap();
    assert_eq!(texts(&made, "name"), some(&["rose", "", "iris"]));
    assert_eq!(numbers(&made, "size")[2], 2.0);
    assert_eq!(made.columns[2].null_spellings, [("NULL".to_string(), 1)]);
    source.options.query = Some("SELECT name AS who, n FROM flower WHERE n > 3".into());
    let (part, digest) = read(&source.options).unwrap();
    assert_eq!((part.n_rows, part.columns[0].name.as_str()), (1, "who"));
    assert_ne!(whole, digest);
}

#[test]
fn sqlite_that_gives_no_table_is_refused() {
    let check = |sql: &str, table: Option<&str>, query: Option<&str>, expect: &[&str]| {
        let mut source = database(sql);
        source.options.table = table.map(Into::into);
        source.options.query = query.map(Into::into);
        let text = error(&source);
        assert!(expect.iter().all(|part| text.contains(part)), "{text}");
    };
    check(FLOWERS, Some("tree"), None, &["no table 'tree'", "tables there: 'flower'"]);
    check(FLOWERS, Some("flower"), Some("SELECT 1"), &["both a query and the table 'flower'"]);
    check(FLOWERS, None, Some("SELEC 1"), &["'SELEC 1' fails", "syntax error"]);
    check(FLOWERS, None, Some("DELETE FROM flower"), &["would write"]);
    check(FLOWERS, None, Some("SELECT n, n FROM flower"), &["'n' twice"]);
    check(
        "CREATE TABLE b(x); INSERT INTO b VALUES (x'00ff');",
        None,
        None,
        &["row 1, column 'x'", "blob"],
    );
    check("CREATE TABLE a(x); CREATE TABLE b(x);", None, None, &["'a', 'b'"]);
    check("CREATE TABLE a(x);", None, None, &["there are no rows"]);
    let mut fake = file(
        "x.db",
        "this is no database, but a long enough text to have a header of 100 bytes, so that it is read as one",
    );
    fake.options.format = Some(Format::Sqlite);
    assert!(error(&fake).contains("is not a SQLite database"));
}

#[test]
fn keys_of_another_format_are_refused() {
    let mut source = file("x.csv", "a\n1\n");
    source.options.table = Some("t".into());
    assert!(error(&source).contains("'table' does not apply to a CSV source"));
}

#[cfg(not(feature = "parquet"))]
#[test]
fn parquet_says_how_to_build_it() {
    assert!(error(&file("x.parquet", "PAR1")).contains("--features parquet"));
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_of_every_flat_type() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/data_small.parquet");
    let options = SourceOptions { path, shown: "x.parquet".into(), ..SourceOptions::default() };
    let made = read(&options).unwrap().0;
    assert_eq!(kinds(&made), ["number", "number", "category", "boolean", "date", "date"]);
    assert_eq!(made.columns[0].n_missing(), 1);
    assert_eq!(numbers(&made, "x")[2], f64::INFINITY);
    assert_eq!(texts(&made, "word"), some(&["a", "b", ""]));
    assert_eq!(texts(&made, "flag"), some(&["true", "false", "true"]));
    assert_eq!(numbers(&made, "day")[2], 172_800.0);
    assert_eq!(numbers(&made, "time"), [0.0, 1.5, 2.0]);
}

#[test]
fn shipped_data_reads_with_the_right_types() {
    use ColumnType::{Boolean, Category, Date, Number, Text};
    let check = |name: &str, rows: usize, columns: &[(&str, ColumnType)]| {
        let (made, _) = read(&asset(name)).unwrap();
        assert_eq!(made.n_rows, rows, "{name}");
        for (column, kind) in columns {
            assert_eq!(made.columns[made.find(column).unwrap()].kind, *kind, "{name} {column}");
        }
    };
    check(
        "penguins.csv",
        344,
        &[("species", Category), ("bill_length_mm", Number), ("sex", Category)],
    );
    check(
        "penguins_raw.csv",
        344,
        &[("Date Egg", Date), ("Clutch Completion", Boolean), ("Individual ID", Text)],
    );
    check("nyc_weather.csv", 26_115, &[("time_hour", Date), ("origin", Category)]);
    check(
        "birdstrikes.csv",
        10_000,
        &[("Flight Date", Date), ("Wildlife Size", Category), ("Cost Total $", Number)],
    );
    check("breast_cancer.csv", 569, &[("target", Number)]);
    check("iris.csv", 150, &[]);
    check("wine.csv", 178, &[]);
    check("diabetes.csv", 442, &[]);
    check("digits.csv", 1797, &[]);
}

#[test]
fn a_hash_is_remembered_while_the_file_stays() {
    #[derive(Default)]
    struct One(Option<(FileStamp, crate::domain::Digest)>, std::cell::Cell<usize>);
    impl HashCache for One {
        fn get(&self, _: &Path, stamp: FileStamp) -> Option<crate::domain::Digest> {
            let found = self.0.filter(|(known, _)| *known == stamp).map(|(_, digest)| digest);
            self.1.set(self.1.get() + usize::from(found.is_some()));
            found
        }
        fn put(&mut self, _: &Path, stamp: FileStamp, digest: crate::domain::Digest) {
            self.0 = Some((stamp, digest));
        }
    }
    let source = file("x.csv", "a,b\n1,2\n3,4\n");
    let (made, content) = read(&source.options).unwrap();
    let recorded =
        Provenance { content, schema: schema_digest(&made), rows: 2, source: "x.csv".into() };
    let mut cache = One::default();
    assert!(unchanged(&recorded, &source.options, &mut cache).unwrap());
    assert!(unchanged(&recorded, &source.options, &mut cache).unwrap());
    assert_eq!(cache.1.get(), 1);
    std::fs::write(&source.options.path, "a,b\n1,2\n3,5\n9,9\n").unwrap();
    assert!(!unchanged(&recorded, &source.options, &mut cache).unwrap());
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let dir = TempDir::new().unwrap();
    let socket = dir.path().join("s.csv");
    let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let pipe = dir.path().join("p.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let device = Path::new("/dev/zero");
    for (path, what) in
        [(dir.path(), "a folder"), (&socket, "a socket"), (&pipe, "a pipe"), (device, "a device")]
    {
        for format in [None, Some(Format::Csv), Some(Format::Json), Some(Format::Sqlite)] {
            let source =
                SourceOptions { path: path.into(), shown: "x".into(), ..Default::default() };
            let text = read(&SourceOptions { format, ..source }).unwrap_err().to_string();
            assert!(text.starts_with(&format!("'x' is {what}; mend:")), "{text}");
        }
        assert!(crate::data::hash_file(path, &mut crate::data::NoCache).is_err());
    }
}
