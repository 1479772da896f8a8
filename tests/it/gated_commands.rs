//! Commands before the gate: what their `predictions.csv` says is compared row by row, and what it lacks is said.

use crate::program::{Place, shows};
use serde_json::Value;
use std::fmt::Write as _;

/// Rows of the data; half of them are holdout.
const ROWS: usize = 400;

/// Says what `said/WHICH.csv` says, if there is such a file, and a score of its own.
const TRAIN: &str = r#"
if [ -f "said/$1.csv" ]; then cp "said/$1.csv" "$DERBY_ARTIFACTS/predictions.csv"; fi
[ -f "$DERBY_SPLIT" ] && cp "$DERBY_SPLIT" split.csv
echo "{\"accuracy\": 0.9$DERBY_REPLICATE, \"rmse\": 1.5}"
"#;

/// A draw of `row`, in `0..100`, the same on every machine.
fn draw(row: usize, salt: usize) -> usize {
    let mixed = (row * 31 + salt * 17 + 7).wrapping_mul(2_654_435_761) % 4_294_967_296;
    (mixed >> 12) % 100
}

/// The class of a row.
fn truth(row: usize) -> usize {
    usize::from(draw(row, 1) < 50)
}

/// A prediction that is wrong in about so many of a hundred rows.
fn wrong(row: usize, percent: usize) -> usize {
    let salt = 2 + percent;
    if draw(row, salt) < percent { 1 - truth(row) } else { truth(row) }
}

/// Lines of a file, one for each of `rows`.
fn lines(
    header: &str,
    rows: impl IntoIterator<Item = usize>,
    line: impl Fn(usize) -> String,
) -> String {
    rows.into_iter().fold(format!("{header}\n"), |mut text, row| {
        writeln!(text, "{}", line(row)).unwrap();
        text
    })
}

fn word(class: usize) -> &'static str {
    ["no", "yes"][class]
}

/// Predictions of all rows with probabilities.
fn said(percent: usize) -> String {
    lines("row,prediction,p_no,p_yes", 0..ROWS, |row| {
        let class = wrong(row, percent);
        let p = 0.6 + draw(row, 90) as f64 / 250.0;
        let (no, yes) = if class == 1 { (1.0 - p, p) } else { (p, 1.0 - p) };
        format!("{row},{},{no:.3},{yes:.3}", word(class))
    })
}

/// The same with the truth beside it, of every row that `keep` keeps.
fn told(percent: usize, keep: impl Fn(usize) -> bool) -> String {
    lines("row,truth,prediction", (0..ROWS).filter(|row| keep(*row)), |row| {
        format!("r{row},{},{}", word(truth(row)), word(wrong(row, percent)))
    })
}

/// The sweep file of a command that tries `which`, with more in it.
fn command(which: &[&str], more: &str) -> String {
    format!(
        "name = \"cmd\"\nmodel = \"m\"\nobjective = {{ metric = \"accuracy\", goal = \"maximize\" }}\n\
         command.run = [\"sh\", \"train.sh\", \"{{which}}\"]\nparams.which = {which:?}\n\
         search.sampler = \"grid\"\nresources.jobs = 1\n{more}"
    )
}

const DATA: &str =
    "data = { path = \"data.csv\", target = \"y\", holdout = 0.5, folds = 2, ignore = [\"w\"] }\n";

/// A folder with data, a script, and what it says.
fn project(files: &[(&str, String)]) -> Place {
    let place = Place::new();
    place.write("train.sh", TRAIN);
    place.write(
        "data.csv",
        &lines("x,region,w,y", 0..ROWS, |row| {
            let noise = draw(row, 60) as f64 / 50.0;
            let region = ["north", "south"][row % 2];
            format!(
                "{:.4},{region},{},{}",
                truth(row) as f64 + noise + row as f64 * 1e-4,
                1 + row % 3,
                word(truth(row))
            )
        }),
    );
    for (name, text) in files {
        place.write(&format!("said/{name}.csv"), text);
    }
    assert_eq!(place.derby(&["champion", "begin", "m"]).code, 0);
    place
}

impl Place {
    /// Sweeps a file; all of its runs must be done.
    fn swept(&self, name: &str, text: &str) {
        self.write(name, text);
        let ran = self.derby(&["sweep", name, "-q"]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    }

    /// A verdict, with the exit code that goes with it.
    fn gate(&self, words: &str) -> Value {
        let args: Vec<&str> = words.split(' ').chain(["--json"]).collect();
        let ran = self.derby(&args);
        let json: Value = serde_json::from_str(&ran.out).expect(&ran.err);
        let code = match json["decision"].as_str() {
            Some("promote") => 0,
            Some("hold") => 3,
            Some("reject") => 4,
            other => panic!("{other:?}: {}", ran.err),
        };
        assert_eq!(ran.code, code, "{}", ran.out);
        json
    }

    /// What a gate says that cannot judge.
    fn refused(&self, words: &str) -> String {
        let args: Vec<&str> = words.split(' ').collect();
        let ran = self.derby(&args);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{}", ran.err);
        ran.err
    }
}

/// Status and detail of a check.
fn check<'a>(json: &'a Value, id: &str) -> (&'a str, &'a str) {
    let checks = json["verdict"]["checks"].as_array().unwrap();
    let Some(found) = checks.iter().find(|check| check["id"] == id) else {
        panic!("no check '{id}' in {checks:#?}")
    };
    (found["status"].as_str().unwrap(), found["detail"].as_str().unwrap())
}

fn assert_check(json: &Value, id: &str, status: &str, part: &str) {
    let found = check(json, id);
    assert_eq!(found.0, status, "{found:?}");
    assert!(found.1.contains(part), "{}", found.1);
}

#[test]
fn commands_on_equal_data_are_compared_row_by_row() {
    let place = project(&[("good", said(5)), ("bad", said(30)), ("same", said(6))]);
    let gate = "[gate]\napproval = \"automatic\"\nrequire = [\"accuracy >= 0.6\", \"log_loss <= 0.9\"]\n\
                slices = { columns = [\"region\", \"x\"], max_drop = 0.05, min_rows = 20 }\n";
    place.swept("cmd.toml", &command(&["bad", "good", "same"], &format!("{DATA}{gate}")));
    let first = place.gate("gate 1 --apply");
    assert_check(&first, "gain", "skip", "no champion yet");
    assert_check(&first, "slices", "skip", "no champion's predictions");
    assert_eq!(first["promoted"]["state"], "champion");
    let better = place.gate("gate 2 --apply");
    assert_eq!(better["decision"], "promote", "{better:#}");
    assert_eq!(better["verdict"]["comparison"]["rows"], 200);
    assert_check(&better, "data", "pass", "split");
    assert_check(&better, "schema", "pass", "same target");
    for slice in ["slice:region=north", "slice:region=south"] {
        assert_check(&better, slice, "pass", "gain +");
    }
    let quarters = better["verdict"]["checks"].as_array().unwrap().iter();
    assert_eq!(quarters.filter(|c| c["id"].as_str().unwrap().starts_with("slice:x=")).count(), 4);
    let worse = place.gate("gate 1");
    assert_eq!(worse["decision"], "reject");
    assert_check(&worse, "gain", "fail", "proven worse");
    let equal = place.gate("gate 3");
    assert_eq!(equal["decision"], "hold");
    shows!(place.shown("champion history m"), @"");
    // The very files that were judged are kept and exported.
    let verified = place.derby(&["verify", "m@champion"]);
    assert_eq!(verified.code, 0, "{}", verified.err);
}

#[test]
fn the_file_may_say_the_truth_itself() {
    let all = |_: usize| true;
    let place = project(&[
        ("champion", told(30, all)),
        ("good", told(5, all)),
        ("more", told(5, |row| row > 50)),
        ("other", told(5, all).replace("r7,", "r7000,")),
        (
            "lies",
            told(5, all)
                .replace(&format!("r7,{}", word(truth(7))), &format!("r7,{}", word(1 - truth(7)))),
        ),
        ("silent", said(5)),
    ]);
    let which = ["champion", "good", "more", "other", "lies", "silent"];
    place.swept("cmd.toml", &command(&which, "gate.min_rows = 50\n"));
    let good = place.gate("gate 2 --against 1");
    assert_eq!(good["decision"], "promote", "{good:#}");
    assert_eq!(good["verdict"]["comparison"]["rows"], 400);
    assert_check(&good, "data", "skip", "derby was given none");
    assert_check(&good, "schema", "skip", "has no [data]");
    // Rows that the champion does not have are left out; to leave out the champion's is suspicious.
    let superset = place.gate("gate 2 --against 3");
    assert_check(&superset, "rows", "pass", "349 rows, 50 are needed; 51 left out");
    for (words, part) in [
        ("gate 3 --against 1", "lacks 51 of the 400 rows in its own, 'r0' first"),
        ("gate 4 --against 1", "lacks 1 of the 400 rows in its own, 'r7' first"),
        ("gate 5 --against 1", "row 'r7' has another truth in its predictions.csv"),
        ("gate 2 --against 6", "has no column 'truth'"),
    ] {
        let held = place.gate(words);
        assert_eq!(held["decision"], "hold", "{words}");
        assert_check(&held, "gain", "hold", part);
        assert!(check(&held, "gain").1.contains("mend: "), "{held:#}");
    }
    assert!(
        place
            .refused("gate 6 --against 1")
            .contains("predictions.csv has no column 'truth'; mend: ")
    );
    // Without data there are no columns to cut by: that is said.
    let slices = "[gate]\nmin_rows = 50\nslices = { columns = [\"region\"], max_drop = 0.05 }\n";
    place.write("cmd.toml", &command(&which, slices));
    let held = place.gate("gate 2 --against 1");
    assert_check(&held, "slices", "hold", "mend: give [data] in the sweep file");
}

#[test]
fn a_file_that_does_not_do_is_named() {
    let good = said(5);
    let first = good.lines().nth(1).unwrap();
    let place = project(&[
        ("champion", good.clone()),
        ("lacking", good.lines().take(200).collect::<Vec<_>>().join("\n")),
        ("double", format!("{good}{first}\n")),
        ("stranger", good.replace(",yes,", ",maybe,")),
        ("column", good.replace("p_yes", "p_maybe")),
        ("sure", lines("row,prediction,p_no,p_yes", 0..ROWS, |row| format!("{row},yes,1,1"))),
        ("bare", lines("row,p_no", 0..ROWS, |row| format!("{row},1"))),
        ("empty", String::new()),
    ]);
    let which = ["champion", "lacking", "double", "stranger", "column", "sure", "bare", "empty"];
    place.swept("cmd.toml", &command(&which, DATA));
    for (run, part) in [
        (2, "holdout rows, '"),
        (3, "line 402: row '0' stands there twice; mend: predict each row once"),
        (4, "is predicted 'maybe', which is no class: no, yes"),
        (5, "the column 'p_maybe' is of no class: no, yes; mend: "),
        (6, "add up to 2; mend: "),
        (7, "the column 'prediction' is missing; mend: "),
        (8, "the column 'row' is missing; mend: "),
    ] {
        let said = place.refused(&format!("gate {run} --against 1"));
        assert!(said.contains(part), "{said}");
        // The same file on the other side is no fault of the challenger.
        if run != 2 {
            let held = place.gate(&format!("gate 1 --against {run}"));
            assert_check(&held, "gain", "hold", part);
        }
    }
    // The ledger has what was asked, and nothing of what could not be.
    let uses = std::fs::read_to_string(place.path("champions/m.jsonl")).unwrap();
    assert_eq!(uses.lines().filter(|line| line.contains("\"event\":\"gate\"")).count(), 6);
}

#[test]
fn metrics_without_what_they_need_fail_clearly() {
    let bare = |percent| {
        lines("row,prediction", 0..ROWS, |row| format!("{row},{}", word(wrong(row, percent))))
    };
    let half = lines("row,prediction,p_yes", 0..ROWS, |row| {
        format!("{row},yes,0.{:02}", 20 + draw(row, 3) / 2)
    });
    let place = project(&[("with", said(30)), ("bare", bare(5)), ("half", half)]);
    let gate = "[gate]\nmetric = \"roc_auc\"\n";
    place.swept("cmd.toml", &command(&["with", "bare", "half"], &format!("{DATA}{gate}")));
    let lost = place.gate("gate 2 --against 1");
    assert_eq!(lost["decision"], "reject");
    assert_check(&lost, "gain", "fail", "the challenger has no score: 'roc_auc' needs scores");
    let held = place.gate("gate 1 --against 2");
    assert_check(&held, "gain", "hold", "the champion has no score: 'roc_auc' needs scores");
    assert_eq!(place.gate("gate 3 --against 1")["decision"], "reject");
    let bounded = format!("{DATA}[gate]\nrule = \"absolute\"\nrequire = [\"log_loss <= 0.5\"]\n");
    place.write("cmd.toml", &command(&["with", "bare", "half"], &bounded));
    let lost = place.gate("gate 2 --against none");
    assert_check(&lost, "require:log_loss:most", "fail", "'log_loss' needs probabilities");
}

#[test]
fn other_data_and_other_splits() {
    let place = project(&[("bad", said(30)), ("good", said(5))]);
    place.swept("cmd.toml", &command(&["bad", "good"], DATA));
    // The same data cut in another way: only rows that neither was trained on count.
    let cut = DATA.replace("folds = 2", "folds = 2, split_seed = 9");
    place.swept("cut.toml", &command(&["bad", "good"], &cut).replace("\"cmd\"", "\"cut\""));
    let both = place.gate("gate 4 --against 1");
    assert_check(&both, "data", "skip", "another split");
    let rows = both["verdict"]["comparison"]["rows"].as_u64().unwrap();
    assert!((70..130).contains(&rows), "{rows}");
    assert_check(&both, "rows", "pass", &format!("{rows} rows"));
    assert_eq!(both["verdict"]["holdout"]["trained_on"], 200 - rows);
    // Other data: numbers of rows mean nothing there, and nobody can ask the command again.
    let text = std::fs::read_to_string(place.path("data.csv")).unwrap();
    place.write("data.csv", &text.replacen(",north,", ",south,", 1));
    place.swept("new.toml", &command(&["bad", "good"], DATA).replace("\"cmd\"", "\"new\""));
    let held = place.gate("gate 6 --against 1");
    assert_eq!(held["decision"], "hold");
    assert_check(&held, "gain", "hold", "its predictions are of other data");
    assert_check(
        &held,
        "gain",
        "hold",
        "mend: run its command on this data and gate against that run",
    );
    assert_eq!(place.gate("gate 6 --against 5")["decision"], "promote");
    // The old runs' data is gone, which is said before anything is compared.
    assert!(place.refused("gate 2 --against 1").contains("is not the data of run 2"));
}

#[test]
fn without_predictions_only_thresholds_or_replicates_count() {
    let place = project(&[("good", said(5))]);
    let own = "[gate]\nrequire = [\"accuracy >= 0.8\"]\n";
    place.swept("cmd.toml", &command(&["none", "nothing", "good"], &format!("{DATA}{own}")));
    let held = place.gate("gate 1 --against 2");
    assert_eq!(held["decision"], "hold");
    assert_check(&held, "gain", "hold", "the challenger left no predictions.csv behind; mend: ");
    let held = place.gate("gate 3 --against 1");
    assert_check(&held, "gain", "hold", "it left no predictions.csv behind; mend: ");
    // What the command says of itself can be held against a threshold, and against nothing else.
    let sure = place.gate("gate 1 --against 2 --rule absolute");
    assert_eq!(sure["decision"], "promote", "{sure:#}");
    assert_check(&sure, "require:accuracy", "pass", "0.9 where >= 0.8 is asked");
    assert!(sure["verdict"]["comparison"].is_null());
    // With predictions, derby scores them itself.
    let scored = place.gate("gate 3 --against none");
    assert!(check(&scored, "require:accuracy").1.starts_with("0.9"), "{scored:#}");
    assert_ne!(check(&scored, "require:accuracy").1, check(&sure, "require:accuracy").1);
    let slices = "[gate]\nrule = \"absolute\"\nrequire = [\"accuracy >= 0.8\"]\nslices = { columns = [\"x\"], max_drop = 0.1 }\n";
    place.write("cmd.toml", &command(&["none", "nothing", "good"], &format!("{DATA}{slices}")));
    assert_check(&place.gate("gate 1 --against 2"), "slices", "hold", "left no predictions.csv");
    let no_holdout = DATA.replace("holdout = 0.5", "holdout = 0.0");
    place.swept(
        "all.toml",
        &command(&["good"], &format!("{no_holdout}{own}")).replace("\"cmd\"", "\"all\""),
    );
    let held = place.gate("gate 4 --against 1");
    assert_check(&held, "gain", "hold", "keeps no holdout; mend: set [data] holdout = 0.2");
}

#[test]
fn replicates_are_compared_unpaired() {
    let place = project(&[]);
    place.write("train.sh", "echo \"{\\\"accuracy\\\": 0.$1$DERBY_REPLICATE}\"\n");
    let more = "search.replicates = 4\n";
    place.swept("cmd.toml", &command(&["5", "9", "8"], more));
    let better = place.gate("gate 5 --against 1");
    assert_eq!(better["decision"], "promote", "{better:#}");
    assert_check(&better, "gain", "pass", "unpaired: mean gain +0.4");
    assert_check(&better, "gain", "pass", "over 4 and 4 seeds, not over rows");
    assert_eq!(place.gate("gate 9 --against 5")["decision"], "reject");
}
