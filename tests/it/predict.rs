//! `derby predict` on files that are not quite what the model was trained on, and on outputs that fail.

use crate::crash;
use crate::export::{BIRDS, swept};
use crate::program::{Place, asset, shows};
use nix::sys::signal::Signal;
use std::fs;
use std::io::{BufRead, BufReader, Read as _};
use std::process::Stdio;

/// A folder with the bundle `birds`.
fn place() -> Place {
    let place = swept(BIRDS, "penguins.csv");
    let ran = place.derby(&["export", "1", "-o", "birds"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    place
}

/// Cells of `penguins.csv`, the header first.
fn cells() -> Vec<Vec<String>> {
    let text = fs::read_to_string(asset("penguins.csv")).unwrap();
    text.lines().map(|line| line.split(',').map(ToString::to_string).collect()).collect()
}

fn csv(rows: &[Vec<String>]) -> String {
    rows.iter().map(|row| row.join(",") + "\n").collect()
}

fn at(rows: &[Vec<String>], name: &str) -> usize {
    rows[0].iter().position(|column| column == name).unwrap()
}

#[test]
fn reordered_and_extra_columns_change_nothing() {
    let place = place();
    let whole = place.derby(&["predict", "birds", "penguins.csv"]);
    assert_eq!((whole.code, whole.out.lines().count()), (0, 345));
    let mut rows = cells();
    for (number, row) in rows.iter_mut().enumerate() {
        row.reverse();
        row.push(if number == 0 { "note".into() } else { format!("\"n, {number}\"") });
    }
    place.write("other.csv", &csv(&rows));
    let other = place.derby(&["predict", "birds", "other.csv", "--jobs", "3"]);
    assert_eq!((other.code, &other.out), (0, &whole.out));
    shows!(other.err, @"
    note   missing cells: 'bill_length_mm' 2 (none in training), 'bill_depth_mm' 2 (none in training), 'flipper_length_mm' 2 (none in training), 'body_mass_g' 2 (none in training), 'sex' 11
    note   cells outside the range of training: 'bill_depth_mm' 1
    note   columns not read: 'year', 'species' (the target), 'note'
    ");
    place
        .write("other.tsv", &fs::read_to_string(asset("penguins.csv")).unwrap().replace(',', "\t"));
    assert_eq!(place.derby(&["predict", "birds", "other.tsv"]).out, whole.out);
}

#[test]
fn json_lines_go_in_and_out() {
    let place = place();
    let whole = place.derby(&["predict", "birds", "penguins.csv"]).out;
    let rows = cells();
    let object = |row: &Vec<String>| {
        let cell = |(name, cell): (&String, &String)| match cell.parse::<f64>() {
            _ if cell.is_empty() || cell == "NA" => format!("\"{name}\":null"),
            Ok(_) => format!("\"{name}\":{cell}"),
            Err(_) => format!("\"{name}\":\"{cell}\""),
        };
        let pairs: Vec<String> = rows[0].iter().zip(row).map(cell).collect();
        format!("{{{},\"more\":{{\"a\":1}}}}\n", pairs.join(","))
    };
    place.write("rows.jsonl", &rows[1..].iter().map(object).collect::<String>());
    let ran = place.derby(&["predict", "birds", "rows.jsonl"]);
    assert_eq!((ran.code, &ran.out), (0, &whole));
    assert!(
        ran.err.contains("columns not read: 'more.a', 'species' (the target), 'year'"),
        "{}",
        ran.err
    );
    // The extension of the output says its form.
    let ran = place.derby(&["predict", "birds", "rows.jsonl", "-o", "p.jsonl"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let text = fs::read_to_string(place.path("p.jsonl")).unwrap();
    let asked = place.derby(&["predict", "birds", "rows.jsonl", "--format", "jsonl"]).out;
    assert_eq!(text, asked);
    let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let line = whole.lines().nth(1).unwrap();
    let p = &first["p_Adelie"];
    assert!(line.starts_with(&format!("1,Adelie,{p},")), "{line}: {first}");
    let ran = place.derby(&["predict", "birds", "rows.jsonl", "-o", "p.parquet"]);
    assert!(ran.code == 2 && ran.err.contains("not as 'parquet'"), "{}", ran.err);
}

#[test]
fn missing_columns_are_all_named() {
    let place = place();
    let mut rows = cells();
    let (island, mass) = (at(&rows, "island"), at(&rows, "body_mass_g"));
    rows[0][island] = "Island".into();
    for row in &mut rows {
        row.remove(mass);
    }
    place.write("other.csv", &csv(&rows));
    shows!(place.shown("predict birds other.csv -o p.csv"), @"
    exit 1
    stderr
    error: other.csv, line 1: the columns 'island', 'body_mass_g', which the model reads, cannot be found; mend: rename 'Island' to 'island', add what is missing, with empty cells if unknown; columns there: 'species', 'Island', 'bill_length_mm', 'bill_depth_mm', 'flipper_length_mm', 'sex', 'year'
    ");
    assert!(!place.path("p.csv").exists());
}

#[test]
fn retyped_cells_are_named_with_their_lines() {
    let place = place();
    let mut rows = cells();
    let (mass, bill) = (at(&rows, "body_mass_g"), at(&rows, "bill_depth_mm"));
    rows[7][mass] = "heavy".into();
    rows[9][bill] = "18,7".replace(',', ";");
    place.write("other.csv", &csv(&rows));
    shows!(place.shown("predict birds other.csv -o p.csv"), @"
    exit 1
    stderr
    error: other.csv, line 8: column 'body_mass_g' holds 'heavy', which is not a number; column 'bill_depth_mm' holds '18;7', which is not a number (other.csv, line 10); mend: correct the cells, empty them if unknown, or train a model on columns of this type
    ");
    assert!(!place.path("p.csv").exists());
    // Numbers where words were are words that nobody has seen.
    let mut rows = cells();
    let island = at(&rows, "island");
    rows.truncate(20);
    for (number, row) in rows.iter_mut().enumerate().skip(1) {
        row[island] = (number % 5).to_string();
        row[mass] = if number == 3 { String::new() } else { "99999".into() };
    }
    place.write("other.csv", &csv(&rows));
    let ran = place.derby(&["predict", "birds", "other.csv"]);
    assert_eq!((ran.code, ran.out.lines().count()), (0, 20));
    shows!(ran.err, @"
    note   words that the model never saw: 'island' 4× '1', 4× '2', 4× '3' and 7 cells more
    note   missing cells: 'bill_length_mm' 1 (none in training), 'bill_depth_mm' 1 (none in training), 'flipper_length_mm' 1 (none in training), 'body_mass_g' 1 (none in training), 'sex' 5
    note   cells outside the range of training: 'body_mass_g' 18
    note   columns not read: 'species' (the target), 'year'
    ");
}

#[test]
fn files_that_are_no_data() {
    let place = place();
    place.write("head.csv", &csv(&cells()[..1]));
    shows!(place.shown("predict birds head.csv"), @"
    exit 0
    row,prediction,p_Adelie,p_Chinstrap,p_Gentoo
    stderr
     note   the file has no rows
     note   columns not read: 'species' (the target), 'year'
    ");
    place.write("ragged.csv", &format!("{}1,2\n", csv(&cells()[..3])));
    shows!(place.shown("predict birds ragged.csv"), @"
    exit 1
    stderr
    error: ragged.csv, line 4: 2 cells where the header has 8; mend: put quotes around cells that hold ','
    ");
    shows!(place.shown("predict birds nowhere.csv"), @"
    exit 1
    stderr
    error: cannot read 'nowhere.csv': No such file or directory (os error 2)
    hint: usage: derby predict MODEL DATA
    ");
    shows!(place.shown("predict birds -"), @"
    exit 2
    stderr
    error: '-' is no file: data is read more than once
    hint: write standard input to a file first: cat > rows.csv
    ");
    shows!(place.shown("predict birds ."), @"
    exit 1
    stderr
    error: '.' is a folder; mend: name a regular file, since data is read more than once
    ");
    shows!(place.shown("predict birds penguins.csv --jobs 0"), @"
    exit 2
    stderr
    error: --jobs is '0'
    hint: at least 1 thread has to predict
    ");
}

#[test]
fn outputs_that_fail_leave_nothing_behind() {
    let place = place();
    place.write("old.csv", "old");
    shows!(place.shown("predict birds penguins.csv -o none/p.csv"), @"
    exit 1
    stderr
    error: could not write 'none/p.csv': No such file or directory (os error 2)
    hint: there is no folder 'none'; mkdir -p makes it
    ");
    shows!(place.shown("predict birds penguins.csv -o birds"), @"
    exit 1
    stderr
    error: could not write 'birds': it is a folder
    hint: name a file in it
    ");
    shows!(place.shown("predict birds penguins.csv -o penguins.csv"), @"
    exit 2
    stderr
    error: 'penguins.csv' would be replaced by its own predictions
    hint: name another file with -o
    ");
    let full = place.derby(&["predict", "birds", "penguins.csv", "-o", "/dev/full"]);
    assert!(
        full.code == 1 && full.err.contains("cannot write '/dev/full': No space"),
        "{}",
        full.err
    );
    let mut rows = cells();
    let mass = at(&rows, "body_mass_g");
    rows[300][mass] = "heavy".into();
    place.write("bad.csv", &csv(&rows));
    assert_eq!(place.derby(&["predict", "birds", "bad.csv", "-o", "old.csv"]).code, 1);
    assert_eq!(fs::read(place.path("old.csv")).unwrap(), b"old");
    assert_eq!(place.derby(&["predict", "birds", "penguins.csv", "-o", "old.csv"]).code, 0);
    let written = fs::read_to_string(place.path("old.csv")).unwrap();
    assert_eq!(written, place.derby(&["predict", "birds", "penguins.csv"]).out);
    assert_eq!(parts(&place), 0);
}

/// Half-written files.
fn parts(place: &Place) -> usize {
    let names = fs::read_dir(place.path(".")).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().contains(".part")).count()
}

/// Many rows.
fn long(place: &Place, times: usize) {
    let rows = cells();
    let body = csv(&rows[1..]);
    place.write("long.csv", &(csv(&rows[..1]) + &body.repeat(times)));
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let place = place();
    long(&place, 300);
    let stand = crash::Place::new();
    let mut command = stand.derby(&["predict", "birds", "long.csv"]);
    command.current_dir(place.path("."));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("row,prediction,p_Adelie"));
    drop(lines);
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!((child.wait().unwrap().code(), &*errors), (Some(0), ""));
}

#[test]
fn ctrl_c_leaves_no_half_file() {
    let place = place();
    long(&place, 1500);
    place.write("p.csv", "old");
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let stand = crash::Place::new();
        let mut command = stand.derby(&["predict", "birds", "long.csv", "-o", "p.csv", "-j", "1"]);
        command.current_dir(place.path("."));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        crash::wait_for(|| {
            let mut entries = fs::read_dir(place.path(".")).unwrap().map(Result::unwrap);
            entries.any(|entry| {
                let is_part = entry.file_name().to_string_lossy().contains(".part");
                is_part && entry.metadata().is_ok_and(|part| part.len() > 0)
            })
        });
        crash::send(&child, signal);
        let mut errors = String::new();
        child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{errors}");
        assert_eq!(errors, " interrupted: nothing is written\n");
        assert_eq!((fs::read(place.path("p.csv")).unwrap(), parts(&place)), (b"old".to_vec(), 0));
    }
}
