//! Commands before the gate: what their `predictions.csv` says is compared row by row, and what it lacks is said.

use crate::program::{Place, json};
use derby::bundle::{Bundle, Kind};
use derby::store::{Mode, Query, Store};
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

    /// Words in which `SWEEP:WHICH` stands for the first run of that sweep with that parameter.
    fn words(&self, text: &str) -> Vec<String> {
        let store = Store::open(&self.path(".derby"), Mode::ReadOnly).unwrap();
        let mut runs = store.runs(&Query::default()).unwrap();
        runs.sort_by_key(|run| run.id);
        let number = |word: &str| {
            let Some((sweep, which)) = word.split_once(':') else { return word.to_string() };
            let found = runs.iter().find(|run| {
                let of = store.sweep_of(run.id).unwrap().unwrap();
                store.sweep_by_id(of).unwrap().name == sweep
                    && run.params.get("which").is_some_and(|value| value.to_string() == which)
            });
            found.expect(word).id.to_string()
        };
        text.split(' ').map(number).collect()
    }

    /// A verdict, with the exit code that goes with it.
    fn gate(&self, words: &str) -> Value {
        let words = self.words(words);
        let args: Vec<&str> = words.iter().map(String::as_str).chain(["--json"]).collect();
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
        let words = self.words(words);
        let args: Vec<&str> = words.iter().map(String::as_str).collect();
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
    let first = place.gate("gate cmd:bad --apply");
    assert_check(&first, "gain", "skip", "no champion yet");
    assert_check(&first, "slices", "skip", "no champion's predictions");
    assert_eq!(first["promoted"]["state"], "champion");
    let better = place.gate("gate cmd:good --apply");
    assert_eq!(better["decision"], "promote", "{better:#}");
    assert_eq!(better["verdict"]["comparison"]["rows"], better["verdict"]["holdout"]["rows"]);
    assert_check(&better, "data", "pass", "split");
    assert_check(&better, "schema", "pass", "same target");
    for slice in ["slice:region=north", "slice:region=south"] {
        assert_check(&better, slice, "pass", "gain +");
    }
    let quarters = better["verdict"]["checks"].as_array().unwrap().iter();
    assert_eq!(quarters.filter(|c| c["id"].as_str().unwrap().starts_with("slice:x=")).count(), 4);
    let worse = place.gate("gate cmd:bad");
    assert_eq!(worse["decision"], "reject");
    assert_check(&worse, "gain", "fail", "proven worse");
    let equal = place.gate("gate cmd:same");
    assert_eq!(equal["decision"], "hold");
    let history = place.derby(&["champion", "history", "m"]);
    assert!(history.out.contains("promote @champion: 1 to 2"), "{}", history.out);
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
        ("third", told(5, all).replacen(",yes\n", ",maybe\n", 1)),
    ]);
    let which = ["champion", "good", "more", "other", "lies", "silent", "third"];
    place.swept("cmd.toml", &command(&which, "gate.min_rows = 50\n"));
    let good = place.gate("gate cmd:good --against cmd:champion");
    assert_eq!(good["decision"], "promote", "{good:#}");
    assert_eq!(good["verdict"]["comparison"]["rows"], 400);
    assert_check(&good, "data", "skip", "derby was given none");
    assert_check(&good, "schema", "skip", "has no [data]");
    // Rows that the champion does not have are left out; to leave out the champion's is suspicious.
    let superset = place.gate("gate cmd:good --against cmd:more");
    assert_check(&superset, "rows", "pass", "349 rows, 50 are needed; 51 left out");
    for (words, part) in [
        ("gate cmd:more --against cmd:champion", "lacks 51 of the 400 rows in its own, 'r0' first"),
        ("gate cmd:other --against cmd:champion", "lacks 1 of the 400 rows in its own, 'r7' first"),
        (
            "gate cmd:lies --against cmd:champion",
            "row 'r7' has another truth in its predictions.csv",
        ),
        ("gate cmd:good --against cmd:silent", "has no column 'truth'"),
    ] {
        let held = place.gate(words);
        assert_eq!(held["decision"], "hold", "{words}");
        assert_check(&held, "gain", "hold", part);
        assert!(check(&held, "gain").1.contains("mend: "), "{held:#}");
    }
    assert!(
        place
            .refused("gate cmd:silent --against cmd:champion")
            .contains("predictions.csv has no column 'truth'; mend: ")
    );
    let third = "is predicted 'maybe', which is no class: no, yes";
    assert!(place.refused("gate cmd:third --against cmd:champion").contains(third));
    assert_check(&place.gate("gate cmd:good --against cmd:third"), "gain", "hold", third);
    // Without data there are no columns to cut by: that is said.
    let slices = "[gate]\nmin_rows = 50\nslices = { columns = [\"region\"], max_drop = 0.05 }\n";
    place.write("cmd.toml", &command(&which, slices));
    let held = place.gate("gate cmd:good --against cmd:champion");
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
        ("lacking", "holdout rows, '"),
        ("double", "line 402: row '0' stands there twice; mend: predict each row once"),
        ("stranger", "is predicted 'maybe', which is no class: no, yes"),
        ("column", "the column 'p_maybe' is of no class: no, yes; mend: "),
        ("sure", "add up to 2; mend: "),
        ("bare", "the column 'prediction' is missing; mend: "),
        ("empty", "the column 'row' is missing; mend: "),
    ] {
        let said = place.refused(&format!("gate cmd:{run} --against cmd:champion"));
        assert!(said.contains(part), "{said}");
        // The same file on the other side is no fault of the challenger.
        if run != "lacking" {
            let held = place.gate(&format!("gate cmd:champion --against cmd:{run}"));
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
    let lost = place.gate("gate cmd:bare --against cmd:with");
    assert_eq!(lost["decision"], "reject");
    assert_check(&lost, "gain", "fail", "the challenger has no score: 'roc_auc' needs scores");
    let held = place.gate("gate cmd:with --against cmd:bare");
    assert_check(&held, "gain", "hold", "the champion has no score: 'roc_auc' needs scores");
    assert_eq!(place.gate("gate cmd:half --against cmd:with")["decision"], "reject");
    let bounded = format!("{DATA}[gate]\nrule = \"absolute\"\nrequire = [\"log_loss <= 0.5\"]\n");
    place.write("cmd.toml", &command(&["with", "bare", "half"], &bounded));
    let lost = place.gate("gate cmd:bare --against none");
    assert_check(&lost, "require:log_loss:most", "fail", "'log_loss' needs probabilities");
}

#[test]
fn other_data_and_other_splits() {
    let place = project(&[("bad", said(30)), ("good", said(5))]);
    place.swept("cmd.toml", &command(&["bad", "good"], DATA));
    // The same data cut in another way: only rows that neither was trained on count.
    let cut = DATA.replace("folds = 2", "folds = 2, split_seed = 9");
    place.swept("cut.toml", &command(&["bad", "good"], &cut).replace("\"cmd\"", "\"cut\""));
    let both = place.gate("gate cut:good --against cmd:bad");
    assert_check(&both, "data", "skip", "another split");
    let rows = both["verdict"]["comparison"]["rows"].as_u64().unwrap();
    assert!((70..130).contains(&rows), "{rows}");
    assert_check(&both, "rows", "pass", &format!("{rows} rows"));
    let holdout = &both["verdict"]["holdout"];
    assert_eq!(holdout["trained_on"].as_u64().unwrap() + rows, holdout["rows"].as_u64().unwrap());
    let run = &place.words("cmd:bad")[0];
    let ran = place.derby(&["champion", "promote", run, "--why", "first"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    // Other data: numbers of rows mean nothing there, and nobody can ask the command again.
    let text = std::fs::read_to_string(place.path("data.csv")).unwrap();
    place.write("data.csv", &text.replacen(",north,", ",south,", 1));
    place.swept("new.toml", &command(&["bad", "good"], DATA).replace("\"cmd\"", "\"new\""));
    let held = place.gate("gate new:good");
    assert_eq!(held["decision"], "hold");
    assert_check(&held, "gain", "hold", "its predictions are of other data");
    assert_check(
        &held,
        "gain",
        "hold",
        "mend: run its command on this data and gate against that run",
    );
    assert_eq!(place.gate("gate new:good --against new:bad")["decision"], "promote");
    // The old runs' data is gone, which is said before anything is compared.
    assert!(place.refused("gate cmd:good --against cmd:bad").contains("is not the data of run "));
}

#[test]
fn without_predictions_only_thresholds_or_replicates_count() {
    let place = project(&[("good", said(5))]);
    let own = "[gate]\nrequire = [\"accuracy >= 0.8\"]\n";
    place.swept("cmd.toml", &command(&["none", "nothing", "good"], &format!("{DATA}{own}")));
    let held = place.gate("gate cmd:none --against cmd:nothing");
    assert_eq!(held["decision"], "hold");
    assert_check(&held, "gain", "hold", "the challenger left no predictions.csv behind; mend: ");
    let held = place.gate("gate cmd:good --against cmd:none");
    assert_check(&held, "gain", "hold", "it left no predictions.csv behind; mend: ");
    // What the command says of itself can be held against a threshold, and against nothing else.
    let sure = place.gate("gate cmd:none --against cmd:nothing --rule absolute");
    assert_eq!(sure["decision"], "promote", "{sure:#}");
    assert_check(&sure, "require:accuracy", "pass", "0.9 where >= 0.8 is asked");
    assert!(sure["verdict"]["comparison"].is_null());
    // With predictions, derby scores them itself.
    let scored = place.gate("gate cmd:good --against none");
    assert!(check(&scored, "require:accuracy").1.starts_with("0.9"), "{scored:#}");
    assert_ne!(check(&scored, "require:accuracy").1, check(&sure, "require:accuracy").1);
    let slices = "[gate]\nrule = \"absolute\"\nrequire = [\"accuracy >= 0.8\"]\nslices = { columns = [\"x\"], max_drop = 0.1 }\n";
    place.write("cmd.toml", &command(&["none", "nothing", "good"], &format!("{DATA}{slices}")));
    assert_check(
        &place.gate("gate cmd:none --against cmd:nothing"),
        "slices",
        "hold",
        "left no predictions.csv",
    );
    let no_holdout = DATA.replace("holdout = 0.5", "holdout = 0.0");
    place.swept(
        "all.toml",
        &command(&["good"], &format!("{no_holdout}{own}")).replace("\"cmd\"", "\"all\""),
    );
    let held = place.gate("gate all:good --against cmd:none");
    assert_check(&held, "gain", "hold", "keeps no holdout; mend: set [data] holdout = 0.2");
}

#[test]
fn replicates_are_compared_unpaired() {
    let place = project(&[]);
    place.write("train.sh", "echo \"{\\\"accuracy\\\": 0.$1$DERBY_REPLICATE}\"\n");
    let more = "search.replicates = 4\n";
    place.swept("cmd.toml", &command(&["5", "9", "8"], more));
    let better = place.gate("gate cmd:9 --against cmd:5");
    assert_eq!(better["decision"], "promote", "{better:#}");
    assert_check(&better, "gain", "pass", "unpaired: mean gain +0.4");
    assert_check(&better, "gain", "pass", "over 4 and 4 seeds, not over rows");
    assert_eq!(place.gate("gate cmd:8 --against cmd:9")["decision"], "reject");
}

/// A tree of derby's own on the same data and split.
const TREE: &str = "name = \"tree\"\nmodel = \"m\"\nobjective.metric = \"accuracy\"\n\
    models.decision_tree.max_depth = [1]\nsearch.sampler = \"grid\"\nresources.jobs = 1\n";

#[test]
fn a_model_and_a_command_can_follow_each_other() {
    let place = project(&[("perfect", said(0)), ("bad", said(45))]);
    place.swept("cmd.toml", &command(&["perfect", "bad"], DATA));
    place.swept("tree.toml", &format!("{TREE}{DATA}"));
    let tree = "sweep:tree";
    let over = place.gate("gate cmd:perfect --against tree");
    assert_eq!(over["decision"], "promote", "{over:#}");
    let rows = &over["verdict"]["holdout"]["rows"];
    assert_eq!(over["verdict"]["comparison"]["rows"], *rows);
    assert_check(&over, "schema", "pass", "same target");
    let under = place.gate("gate tree --against cmd:perfect");
    assert_eq!(under["decision"], "reject", "{under:#}");
    let better = place.derby(&["gate", tree, "--against", &place.words("cmd:bad")[0], "--json"]);
    let better: Value = serde_json::from_str(&better.out).unwrap();
    assert_eq!(
        (&better["decision"], &better["verdict"]["comparison"]["rows"]),
        (&"promote".into(), rows)
    );
    // Without data of derby's, a model cannot be asked about the command's rows.
    place.write("said/told.csv", &told(5, |_| true));
    place.swept("bare.toml", &command(&["told"], "").replace("\"cmd\"", "\"bare\""));
    for (against, part) in [
        ("tree", "it is a model of derby's, which cannot be asked about rows"),
        (
            "cmd:perfect",
            "its predictions are of rows of [data], which the challenger's sweep does not have",
        ),
    ] {
        let held = place.gate(&format!("gate bare:told --against {against}"));
        assert_eq!(held["decision"], "hold", "{held:#}");
        assert_check(&held, "gain", "hold", part);
        assert_check(&held, "gain", "hold", "mend: give the challenger's sweep the same [data]");
    }
    let held = place.gate("gate tree --against bare:told");
    assert_check(&held, "gain", "hold", "its predictions are of other data");
}

#[test]
fn numbers_and_three_classes_and_weights() {
    let number = |row: usize, spread: usize| {
        row as f64 / 10.0 + draw(row, spread) as f64 * spread as f64 / 100.0
    };
    let numbers =
        |spread| lines("row,prediction", 0..ROWS, |row| format!("{row},{}", number(row, spread)));
    let three = |row: usize| ["a", "b", "c"][draw(row, 7) % 3];
    let classes = |percent| {
        lines("row,prediction,p_a,p_b,p_c", 0..ROWS, |row| {
            let class = if draw(row, 50 + percent) < percent { "a" } else { three(row) };
            let p = |name: &str| if name == class { "0.8" } else { "0.1" };
            format!("{row},{class},{},{},{}", p("a"), p("b"), p("c"))
        })
    };
    let place = project(&[
        ("far", numbers(9)),
        ("near", numbers(2)),
        ("often", classes(40)),
        ("rarely", classes(5)),
    ]);
    place.write(
        "numbers.csv",
        &lines("x,w,y", 0..ROWS, |row| format!("{row},{},{}", 1 + row % 3, number(row, 0))),
    );
    place.write(
        "three.csv",
        &lines("x,w,y", 0..ROWS, |row| format!("{row},{},{}", 1 + row % 3, three(row))),
    );
    let slices = "slices = { columns = [\"x\"], max_drop = 0.5, min_rows = 20 }";
    let data = |file: &str| {
        format!(
            "data = {{ path = \"{file}\", target = \"y\", holdout = 0.5, folds = 2, weights = \"w\" }}\n"
        )
    };
    let regression = command(
        &["far", "near"],
        &format!("{}[gate]\nmetric = \"rmse\"\n{slices}\n", data("numbers.csv")),
    );
    place.swept("cmd.toml", &regression);
    let near = place.gate("gate cmd:near --against cmd:far");
    assert_eq!(near["decision"], "promote", "{near:#}");
    let weighted = near["verdict"]["comparison"]["challenger"].as_f64().unwrap();
    assert_eq!(place.gate("gate cmd:far --against cmd:near")["decision"], "reject");
    let checks = near["verdict"]["checks"].as_array().unwrap();
    assert_eq!(
        checks.iter().filter(|c| c["id"].as_str().unwrap().starts_with("slice:x=")).count(),
        4
    );
    let plain = regression.replace(", weights = \"w\"", "").replace("\"cmd\"", "\"plain\"");
    place.swept("plain.toml", &plain);
    let unweighted = place.gate("gate plain:near --against plain:far");
    assert_ne!(unweighted["verdict"]["comparison"]["challenger"].as_f64().unwrap(), weighted);
    let text = format!("{}[gate]\nmetric = \"log_loss\"\n{slices}\n", data("three.csv"));
    place
        .swept("three.toml", &command(&["often", "rarely"], &text).replace("\"cmd\"", "\"three\""));
    let rarely = place.gate("gate three:rarely --against three:often");
    assert_eq!(rarely["decision"], "promote", "{rarely:#}");
    assert_check(&rarely, "finite", "pass", " predictions");
    assert_eq!(place.gate("gate three:often --against three:rarely")["decision"], "reject");
    let other = place.gate("gate three:rarely --against cmd:near");
    assert_eq!(other["decision"], "reject");
    assert_check(&other, "schema", "fail", "the champion predicts y (regression)");
}

#[test]
fn what_was_judged_is_what_is_kept() {
    let place = project(&[("good", said(5))]);
    let model =
        "mkdir -p \"$DERBY_ARTIFACTS/model\"; echo weights >\"$DERBY_ARTIFACTS/model/m.bin\"";
    place.write("train.sh", &format!("{TRAIN}\n{model}\necho \"the token is $TOKEN\"\n"));
    let more = format!(
        "command.env = {{ TOKEN = \"{{env:API_TOKEN}}\" }}\n{DATA}\
         [gate]\nrule = \"absolute\"\nrequire = [\"accuracy >= 0.5\"]\n"
    );
    place.write("cmd.toml", &command(&["good"], &more));
    let secret = [("API_TOKEN", "hush-hush-hush")];
    for args in [&["sweep", "cmd.toml", "-q"][..], &["champion", "promote", "1", "--why", "first"]]
    {
        let ran = place.derby_with(args, &secret);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    }
    let champion = json(&place.derby(&["champion", "show", "m", "--json"]));
    let folder = kept(&place);
    let bundle = Bundle::read(&folder).unwrap();
    assert!(bundle.verify().unwrap().problems.is_empty());
    assert!(champion.to_string().contains(&bundle.digest().hex()), "{champion:#}");
    let manifest = bundle.manifest();
    assert_eq!((manifest.kind, manifest.positive.as_deref()), (Kind::Command, Some("yes")));
    let names: Vec<&str> = manifest.files.iter().map(|file| file.name.as_str()).collect();
    let artifacts = names.iter().filter(|name| name.starts_with("artifacts/"));
    assert_eq!(
        artifacts.collect::<Vec<_>>(),
        [&"artifacts/model/m.bin", &"artifacts/predictions.csv"]
    );
    assert_eq!(bundle.artifact("predictions.csv").unwrap().unwrap(), said(5).as_bytes());
    assert_eq!(bundle.artifact("model/m.bin").unwrap().unwrap(), b"weights\n");
    // What the run printed stays in the store, and goes nowhere with the model.
    assert!(!holds(&place.path("champions"), b"hush-hush-hush"));
    assert!(!holds(&place.path(".derby/bundles"), b"hush-hush-hush"));
    // Packed anew, it is the same bundle.
    std::fs::remove_dir_all(place.path(".derby/bundles")).unwrap();
    let again = place.derby(&["gate", "1", "--json"]);
    assert_eq!(json(&again)["decision"], Value::Null, "{}", again.out);
    // A changed prediction is found.
    let changed = said(5).replacen("yes", "no", 1);
    std::fs::write(folder.join("artifacts/predictions.csv"), changed).unwrap();
    assert!(
        !Bundle::read(&folder).is_ok_and(|bundle| bundle.verify().unwrap().problems.is_empty())
    );
}

/// The folder of the only bundle that is kept.
fn kept(place: &Place) -> std::path::PathBuf {
    let folders = std::fs::read_dir(place.path("champions/m")).unwrap();
    let mut bundles =
        folders.map(|entry| entry.unwrap().path()).filter(|p| p.join("bundle.json").exists());
    bundles.next().unwrap()
}

/// True if any file below holds the bytes.
fn holds(folder: &std::path::Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().map(Result::unwrap).any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return holds(&path, bytes);
        }
        std::fs::read(&path).unwrap().windows(bytes.len()).any(|part| part == bytes)
    })
}
