//! `derby data`: the profile of a file and what the quality checks say.

use crate::program::{Place, shows};
use std::fmt::Write as _;

#[test]
fn a_profile() {
    let place = Place::with_examples();
    shows!(place.shown("data assets/penguins.csv"), @r"
    exit 0
     assets/penguins.csv   344 rows × 8 columns   b3:72d19d   schema b3:e6d5e8
     COLUMN             TYPE         MISSING  DISTINCT   MIN  MEDIAN   MAX  VALUES
     species            category           0         3                      Adelie 152 · Gentoo 124 · C…
     island             category           0         3                      Biscoe 168 · Dream 124 · To…
     bill_length_mm     number    2 (0.58 %)       164  32.1   44.45  59.6  ▁▃▆▇▇▇▅▇█▆█▄▁▁ ▁
     bill_depth_mm      number    2 (0.58 %)        80  13.1    17.3  21.5  ▂▄▆▅▄▅▄▇▇▇██▄▃▂▂
     flipper_length_mm  number    2 (0.58 %)        55   172     197   231  ▁▁▃▄█▇▆▄▂▂▅▆▃▄▂▃
     body_mass_g        number    2 (0.58 %)        94  2700    4050  6300  ▂▂▆▇█▅▅▅▄▄▃▃▃▂▂▁
     sex                category  11 (3.2 %)         2                      male 168 · female 165
     year               number             0         3  2007    2008  2009  █       █      █

     ·  not checked: schema, conflicting labels, value range, unique key, class imbalance, single feature leak, identifier leak, time order (why: --json)
     12 passed, 0 warnings, 0 errors, 0 to note, 8 not checked   --target COLUMN adds the checks that need one
    ");
    shows!(place.shown("data sweeps/penguins.toml"), @r"
    exit 0
     ../assets/penguins.csv   344 rows × 8 columns   b3:72d19d   schema b3:e6d5e8   target species
     COLUMN             TYPE         MISSING  DISTINCT   MIN  MEDIAN   MAX  VALUES
     species            category           0         3                      Adelie 152 · Gentoo 124 · C…
     island             category           0         3                      Biscoe 168 · Dream 124 · To…
     bill_length_mm     number    2 (0.58 %)       164  32.1   44.45  59.6  ▁▃▆▇▇▇▅▇█▆█▄▁▁ ▁
     bill_depth_mm      number    2 (0.58 %)        80  13.1    17.3  21.5  ▂▄▆▅▄▅▄▇▇▇██▄▃▂▂
     flipper_length_mm  number    2 (0.58 %)        55   172     197   231  ▁▁▃▄█▇▆▄▂▂▅▆▃▄▂▃
     body_mass_g        number    2 (0.58 %)        94  2700    4050  6300  ▂▂▆▇█▅▅▅▄▄▃▃▃▂▂▁
     sex                category  11 (3.2 %)         2                      male 168 · female 165
     year               number             0         3  2007    2008  2009  █       █      █

     ·  not checked: schema, value range, unique key, identifier leak, time order (why: --json)
     15 passed, 0 warnings, 0 errors, 0 to note, 5 not checked
    ");
    shows!(place.shown("data assets/penguins.csv --csv"), @r"
    exit 0
    column,type,n,missing,distinct,min,q25,median,q75,max,mean,sd
    species,category,344,0,3,,,,,,,
    island,category,344,0,3,,,,,,,
    bill_length_mm,number,344,2,164,32.1,39.225,44.45,48.5,59.6,43.92192982456141,5.4595837139265315
    bill_depth_mm,number,344,2,80,13.1,15.6,17.3,18.7,21.5,17.151169590643274,1.9747931568167811
    flipper_length_mm,number,344,2,55,172,190,197,213,231,200.91520467836258,14.061713679356892
    body_mass_g,number,344,2,94,2700,3550,4050,4750,6300,4201.754385964912,801.9545356980957
    sex,category,344,11,2,,,,,,,
    year,number,344,0,3,2007,2007,2008,2009,2009,2008.0290697674418,0.8183559254837022
    ");
}

#[test]
fn a_profile_for_programs() {
    let place = Place::with_examples();
    let ran = place.derby(&["data", "assets/penguins.csv", "--target", "species", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["source", "rows", "data_hash", "schema_hash", "target", "columns", "findings"]
    );
    assert_eq!(value["rows"], 344);
    assert_eq!(value["columns"].as_array().unwrap().len(), 8);
    let sex = &value["columns"][6];
    assert_eq!((sex["name"].as_str(), sex["missing"].as_u64()), (Some("sex"), Some(11)));
    assert!(
        value["findings"].as_array().unwrap().iter().all(|finding| {
            ["name", "level", "text"].iter().all(|key| finding[key].is_string())
        })
    );
}

#[test]
fn data_that_fails_a_check_exits_with_4() {
    let place = Place::new();
    place.write("rare.csv", &rare());
    shows!(place.shown("data rare.csv --target y"), @r"
    exit 4
     rare.csv   50 rows × 3 columns   b3:d3902e   schema b3:2d5680   target y
     COLUMN  TYPE      MISSING  DISTINCT  MIN      Q25 … Q75  MEDIAN  MAX  VALUES
     a       number          0         2    0          0 … 1     0.5    1  █              █
     b       number          0        50    0  12.25 … 37.75    24.5   52  █▆▆▆█▆▆▆█▄▆▆▆▆▄█
     y       category        0         2                                   p 47 · q 3

     ✗  class imbalance: class 'q' has 3 rows (limit 5, one per fold)   rows 1, 2, 3
     ·  not checked: schema, value range, unique key, identifier leak, time order (why: --json)
     14 passed, 0 warnings, 1 error, 0 to note, 5 not checked
    ");
    assert_eq!(place.derby(&["data", "rare.csv"]).code, 0, "without a target there are no classes");
}

/// Fifty rows in which `a` tells most of the target, and class q has three rows.
fn rare() -> String {
    let mut text = String::from("a,b,y\n");
    for row in 0..50 {
        let class = if row < 3 { "q" } else { "p" };
        let _ = writeln!(text, "{},{},{class}", row % 2, row * 7 % 53);
    }
    text
}

#[test]
fn names_in_the_data_do_not_drive_the_terminal() {
    let place = Place::new();
    place.write("odd.csv", "a\u{1b}[31m,b\nx\u{7},1\ny,2\nx,3\n");
    let ran = place.derby(&["data", "odd.csv"]);
    assert!(!ran.out.contains(['\u{1b}', '\u{7}']), "{:?}", ran.out);
}

#[test]
fn a_sweep_file_in_json_stands_for_its_data() {
    let place = Place::new();
    place.write("d.csv", "a,y\n1,p\n2,q\n3,p\n4,q\n");
    place.write(
        "s.json",
        r#"{"objective": {"metric": "accuracy"}, "data": {"path": "d.csv", "target": "y"}, "models": {"knn": {}}}"#,
    );
    let ran = place.derby(&["data", "s.json", "--json"]);
    assert!(ran.err.is_empty(), "{}", ran.err);
    let value: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((value["source"].as_str(), value["target"].as_str()), (Some("d.csv"), Some("y")));
    place.write("f.json", r#"{"objective": {"metric": "value"}, "function": "sphere"}"#);
    let ran = place.derby(&["data", "f.json"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    place.write("rows.json", r#"[{"objective": 1, "data": 2}, {"objective": 3, "data": 4}]"#);
    assert!(place.derby(&["data", "rows.json"]).out.contains("2 rows × 2 columns"));
}
