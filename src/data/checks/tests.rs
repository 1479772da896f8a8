//! Every check on data that passes and data that fails.

use super::super::profile::profile;
use super::super::source_tests::{asset, file};
use super::super::{DataOptions, Dataset, Table, load, read};
use super::*;

fn table(csv: &str) -> Table {
    read(&file("x.csv", csv).options).unwrap().0
}

fn dataset(csv: &str, target: &str) -> Dataset {
    let source = file("x.csv", csv);
    let options = DataOptions {
        source: source.options.clone(),
        target: target.into(),
        ..DataOptions::default()
    };
    load(&options).unwrap()
}

/// The findings of one check.
fn of(number: u32, findings: Vec<Finding>) -> Vec<Finding> {
    findings.into_iter().filter(|finding| finding.number == number).collect()
}

fn on_table(number: u32, csv: &str, options: &CheckOptions) -> Finding {
    of(number, run(&Input::table(&table(csv)), options, None)).remove(0)
}

fn on_target(number: u32, csv: &str, options: &CheckOptions) -> Finding {
    of(number, run(&Input::dataset(&dataset(csv, "y")), options, None)).remove(0)
}

fn check(finding: &Finding, level: Level, text: &str, rows: &[usize]) {
    assert_eq!(finding.level, level, "{finding:?}");
    assert!(finding.text.contains(text), "{finding:?}");
    assert_eq!(finding.rows, rows, "{finding:?}");
}

fn reference(csv: &str) -> Reference {
    let table = table(csv);
    Reference { rows: table.n_rows as u64, columns: profile(&table) }
}

fn against(number: u32, csv: &str, earlier: &str) -> Vec<Finding> {
    let options = CheckOptions::default();
    of(number, run(&Input::table(&table(csv)), &options, Some(&reference(earlier))))
}

/// `n` rows made by a function, under a header.
fn csv(header: &str, n: usize, row: impl Fn(usize) -> String) -> String {
    let mut text = format!("{header}\n");
    (0..n).for_each(|i| text += &(row(i) + "\n"));
    text
}

#[test]
fn every_check_leaves_a_finding_in_order() {
    let options = DataOptions {
        source: asset("penguins.csv"),
        target: "species".into(),
        ..DataOptions::default()
    };
    let data = load(&options).unwrap();
    let findings = run(&Input::dataset(&data), &CheckOptions::default(), None);
    let mut numbers: Vec<u32> = findings.iter().map(|finding| finding.number).collect();
    assert!(numbers.is_sorted());
    numbers.dedup();
    assert_eq!(numbers, (1..=20).collect::<Vec<u32>>());
    assert_eq!(findings, run(&Input::dataset(&data), &CheckOptions::default(), None));
}

#[test]
fn schema_against_earlier_data() {
    let earlier = "a,b\n1,x\n2,y\n";
    check(&against(1, "a,b\n3,x\n", earlier)[0], Level::Ok, "2 columns as before", &[]);
    check(&against(1, "b,a\nx,3\n", earlier)[0], Level::Error, "another order", &[]);
    let found = against(1, "a,c\nx,3\n", earlier);
    check(&found[0], Level::Error, "'a' was number, is category", &[]);
    check(&found[1], Level::Error, "'b' is gone", &[]);
    check(&found[2], Level::Error, "'c' is new", &[]);
    let alone = on_table(1, earlier, &CheckOptions::default());
    check(&alone, Level::Info, "not checked", &[]);
}

#[test]
fn row_counts() {
    check(&against(2, "a\n1\n2\n3\n", "a\n1\n2\n")[0], Level::Ok, "3 rows", &[]);
    check(&against(2, "a\n1\n2\n3\n4\n", "a\n1\n2\n")[0], Level::Warn, "100 % (limit 50 %)", &[]);
    let mut options = CheckOptions::default();
    options.limits.min_rows = 5;
    check(&on_table(2, "a\n1\n", &options), Level::Error, "1 rows (limit at least 5)", &[]);
}

#[test]
fn missing_cells() {
    let options = CheckOptions::default();
    check(
        &on_table(3, "a,b\n1,1\n,2\n", &options),
        Level::Warn,
        "'a' lacks 50 % of its cells (limit 5 %)",
        &[1],
    );
    check(&against(3, "a,b\n1,1\n,2\n", "a,b\n1,1\n2,2\n")[0], Level::Error, "(limit 10 %)", &[1]);
    check(&against(3, "a,b\n1,1\n,2\n", "a,b\n1,1\n,2\n")[0], Level::Warn, "(limit 5 %)", &[1]);
    check(
        &on_table(4, "a,b\nNA,1\n-,2\n3,3\n", &options),
        Level::Warn,
        "in 2 ways (limit 1): '-' 1 times, 'NA' 1 times",
        &[],
    );
    check(&on_table(4, "a,b\nNA,1\nNA,2\n3,3\n", &options), Level::Ok, "", &[]);
}

#[test]
fn constants_and_mixed_types() {
    let options = CheckOptions::default();
    check(
        &on_table(5, "a,b\n1,5\n2,5\n", &options),
        Level::Warn,
        "'b' has one value in all 2 filled rows",
        &[],
    );
    check(&on_table(5, "a,b\n1,\n2,\n", &options), Level::Warn, "'b' has no values", &[]);
    let mixed = csv("a", 20, |i| if i == 3 { "oops".into() } else { i.to_string() });
    check(&on_table(6, &mixed, &options), Level::Warn, "1 texts among numbers, 5 %", &[3]);
    let slip = csv("a", 200, |i| if i == 3 { "oops".into() } else { i.to_string() });
    check(&on_table(6, &slip, &options), Level::Info, "0.5 %", &[3]);
    let half = csv("a", 20, |i| if i % 2 == 0 { "x".into() } else { i.to_string() });
    check(&on_table(6, &half, &options), Level::Ok, "", &[]);
}

#[test]
fn odd_texts() {
    let options = CheckOptions::default();
    check(
        &on_table(9, "a,b\n!!,1\nx,2\n", &options),
        Level::Warn,
        "'!!', 50 % (limit 0.1 %)",
        &[0],
    );
    check(
        &on_table(10, "a,b\nDeep,1\nx,2\nde-ep!,3\n", &options),
        Level::Warn,
        "'Deep', 'de-ep!'",
        &[0, 2],
    );
    check(&on_table(10, "a,b\nx,1\ny,2\n", &options), Level::Ok, "", &[]);
    let lengths = csv("a", 200, |i| match i {
        7 => "long".repeat(50),
        _ => format!("{i:04}{}", "x".repeat(i % 3)),
    });
    check(
        &on_table(11, &lengths, &options),
        Level::Warn,
        "1 texts of unusual length (limit 0",
        &[7],
    );
}

#[test]
fn duplicates_conflicts_and_keys() {
    let mut options = CheckOptions::default();
    check(
        &on_table(7, "a,b\n1,x\n2,y\n1,x\n", &options),
        Level::Warn,
        "33.3 % of rows repeat another (limit 5 %)",
        &[2],
    );
    check(&on_table(7, "a,b\n1,x\n2,y\n", &options), Level::Ok, "0 %", &[]);
    check(&on_target(8, "a,y\n1,p\n2,q\n1,q\n3,p\n", &options), Level::Warn, "50 %", &[0, 2]);
    check(&on_target(8, "a,y\n1,p\n2,q\n1,p\n", &options), Level::Ok, "0 %", &[]);
    check(&on_table(13, "a,b\n1,x\n", &options), Level::Info, "not checked", &[]);
    options.key = vec!["a".into(), "b".into()];
    check(&on_table(13, "a,b\n1,x\n1,y\n", &options), Level::Ok, "0 rows", &[]);
    check(
        &on_table(13, "a,b\n1,x\n1,x\n", &options),
        Level::Error,
        "1 rows repeat the key 'a', 'b'",
        &[1],
    );
    check(&on_table(13, "a,c\n1,x\n1,x\n", &options), Level::Error, "'b' is no column", &[]);
}

#[test]
fn rules_and_ranges() {
    let rule = |min, max, allowed: Option<&[&str]>| CheckOptions {
        rules: vec![Rule {
            column: "a".into(),
            min,
            max,
            allowed: allowed.map(|words| words.iter().map(ToString::to_string).collect()),
        }],
        ..CheckOptions::default()
    };
    let data = "a,b\n1,x\n5,y\n,z\n9,x\n";
    check(
        &on_table(12, data, &rule(Some(1.0), Some(8.0), None)),
        Level::Error,
        "1 cell out of range, first '9' (limit 1 to 8)",
        &[3],
    );
    check(
        &on_table(12, data, &rule(None, None, Some(&["1", "9"]))),
        Level::Error,
        "first '5'",
        &[1],
    );
    check(&on_table(12, "b\n1\n", &rule(None, None, None)), Level::Error, "no such column", &[]);
    check(
        &on_table(12, "a\nx\n", &rule(Some(0.0), None, None)),
        Level::Error,
        "the column is category",
        &[],
    );
    check(&against(12, "a\n0\n2\n", "a\n1\n3\n")[0], Level::Warn, "first '0' (limit 1 to 3)", &[0]);
    check(&against(12, "a\n1\n2\n", "a\n1\n3\n")[0], Level::Ok, "", &[]);
}

#[test]
fn outliers_as_scipy_counts_them() {
    let text = include_str!("../../../tests/fixtures/data_reference.json");
    let reference: serde_json::Value = serde_json::from_str(text).unwrap();
    let penguins = read(&asset("penguins.csv")).unwrap().0;
    for case in reference["beyond_2_mad"].as_array().unwrap() {
        let idx = penguins.find(case[0].as_str().unwrap()).unwrap();
        let super::super::Values::Numbers(numbers) = &penguins.columns[idx].values else {
            panic!("numbers")
        };
        assert_eq!(rows::outliers(numbers, 2.0).len() as u64, case[1].as_u64().unwrap(), "{case}");
    }
    let data = csv("a", 30, |i| if i == 4 { "1000".into() } else { (i % 7).to_string() });
    let found = on_table(14, &data, &CheckOptions::default());
    check(
        &found,
        Level::Info,
        "3.33 % of rows hold a number beyond 3.5 robust sd; most in 'a' 1",
        &[4],
    );
    assert_eq!(found.columns, ["a"]);
}

#[test]
fn rare_classes() {
    let data = csv("x,y", 100, |i| format!("{i},{}", if i < 3 { "p" } else { "q" }));
    let mut options = CheckOptions::default();
    check(
        &on_target(15, &data, &options),
        Level::Error,
        "class 'p' has 3 rows (limit 5",
        &[0, 1, 2],
    );
    options.folds = 2;
    check(
        &on_target(15, &data, &options),
        Level::Warn,
        "class 'p' is 3 % of rows (limit 5 %)",
        &[0, 1, 2],
    );
}

#[test]
fn features_that_say_the_same() {
    let data = csv("a,b,c", 50, |i| format!("{i},{},{}", i * i, (i * 37) % 50));
    let found = on_table(16, &data, &CheckOptions::default());
    check(&found, Level::Warn, "'a' and 'b' have a rank correlation of 1 (limit 0.9)", &[]);
    let few = CheckOptions { sample: 20, ..CheckOptions::default() };
    check(&on_table(16, &data, &few), Level::Warn, "on 20 of 50 rows", &[]);
    let apart = csv("a,c", 50, |i| format!("{i},{}", (i * 37) % 50));
    check(&on_table(16, &apart, &CheckOptions::default()), Level::Ok, "1 pairs", &[]);
}

/// A number that looks random.
fn noise(i: usize) -> f64 {
    crate::numeric::Rng::stream(1, "noise", i as u64).unit()
}

#[test]
fn leaks_of_numbers_and_texts() {
    let options = CheckOptions::default();
    let classes = |i: usize| if noise(i) < 0.4 { "p" } else { "q" };
    let leak = csv("a,b,y", 300, |i| {
        format!("{},{},{}", noise(i + 1000), if noise(i) < 0.4 { "z" } else { "w" }, classes(i))
    });
    let found = on_target(17, &leak, &options);
    check(&found, Level::Warn, "'b' alone has a predictive power of 1 (limit 0.8)", &[]);
    let clean = csv("a,y", 300, |i| format!("{},{}", noise(i + 1000), classes(i)));
    let found = on_target(17, &clean, &options);
    check(&found, Level::Ok, "(limit 0.8)", &[]);
    let numbers = csv("a,y", 300, |i| format!("{},{}", noise(i), 3.0 * noise(i) - 1.0));
    check(
        &on_target(17, &numbers, &options),
        Level::Warn,
        "'a' alone has a predictive power of 0.9",
        &[],
    );
    let unrelated = csv("a,y", 300, |i| format!("{},{}", noise(i), noise(i + 1000)));
    check(&on_target(17, &unrelated, &options), Level::Ok, "a predictive power of 0", &[]);
}

#[test]
fn sorted_identifiers_leak() {
    let options = CheckOptions { id: Some("id".into()), ..CheckOptions::default() };
    let sorted = csv("id,x,y", 200, |i| format!("{i},{},{}", noise(i), i / 100));
    check(
        &on_target(18, &sorted, &options),
        Level::Warn,
        "'id' alone has a predictive power of",
        &[],
    );
    let mixed = csv("id,x,y", 200, |i| format!("r{i},{},{}", noise(i), i % 2));
    check(&on_target(18, &mixed, &options), Level::Ok, "power of 0 (limit 0)", &[]);
}

#[test]
fn naive_prediction_scores_as_scikit_learn_says() {
    let text = include_str!("../../../tests/fixtures/data_reference.json");
    let reference: serde_json::Value = serde_json::from_str(text).unwrap();
    let expect = reference["weighted_f1_of_the_commonest_species"].as_f64().unwrap();
    let options = DataOptions {
        source: asset("penguins.csv"),
        target: "species".into(),
        ..DataOptions::default()
    };
    let labels = load(&options).unwrap().labels;
    assert!((predictive::commonest_f1(&labels) - expect).abs() < 1e-12);
}

#[test]
fn time_of_rows() {
    let rule = |max_age, monotone| CheckOptions {
        time: Some(TimeRule { column: "t".into(), now: 172_800.0, max_age, monotone }),
        ..CheckOptions::default()
    };
    let data = "t,x\n1970-01-02,1\n1970-01-01,2\n1970-01-02,3\n";
    check(&on_table(19, data, &rule(None, false)), Level::Ok, "86400 old", &[]);
    check(
        &on_table(19, data, &rule(Some(3600.0), false)),
        Level::Warn,
        "86400 old (limit 3600)",
        &[],
    );
    check(
        &on_table(19, data, &rule(None, true)),
        Level::Error,
        "goes back in time at 1 rows",
        &[1],
    );
    check(
        &on_table(19, "t\n1970-01-09\n1970-01-01\n", &rule(None, false)),
        Level::Error,
        "1 rows from the future",
        &[0],
    );
}

#[test]
fn infinite_numbers() {
    let options = CheckOptions::default();
    check(&on_table(20, "a,b\n1,u\n2,inf\n,v\n", &options), Level::Ok, "finite", &[]);
    let one = on_table(20, "a,b\n1,u\ninf,v\n2,w\n", &options);
    check(&one, Level::Warn, "'a' has 1 infinite cell (limit 0)", &[1]);
    let both = run(&Input::table(&table("a,b\n1,-inf\ninf,1e999\n2,3\n")), &options, None);
    let both = of(20, both);
    check(&both[1], Level::Warn, "'b' has 2 infinite cells", &[0, 1]);
    assert_eq!((both.len(), &both[0].columns), (2, &vec!["a".to_string()]));
}
