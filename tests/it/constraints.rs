//! Constraints on outcomes: what breaks one is recorded, teaches the sampler, and is never the best.

use crate::program::{Place, json, shows};
use serde_json::{Value, json as object};
use std::path::Path;

/// The loss falls with the size, and so does the room: the best that fits lies on the border, at size 50.
const COMMAND: &str = r#"name = "fit"
[objective]
metric = "loss"
goal = "minimize"
[command]
run = ["./fit.sh", "{size}"]
metrics = "jsonl"
[params]
size = { low = 0, high = 100 }
[search]
sampler = "grid"
grid_steps = 5
constraints = ["memory <= 60"]
[resources]
jobs = 1
"#;

/// 0, 25 and 50 fit; 75 does not; 100 reports no memory at all.
const SCRIPT: &str = r#"#!/bin/sh
loss=$((100 - $1))
case $1 in
  100) echo "{\"loss\": $loss}" ;;
  *) echo "{\"loss\": $loss, \"memory\": $(($1 + 10))}" ;;
esac
"#;

fn fitted(more: &str) -> Place {
    let place = Place::new();
    place.write("fit.toml", &COMMAND.replace("jobs = 1\n", &format!("jobs = 1\n{more}")));
    place.write("fit.sh", SCRIPT);
    executable(&place.path("fit.sh"));
    place
}

fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn records(place: &Place, what: &str) -> Vec<Value> {
    let found = json(&place.derby(&["runs", what, "--json", "--sort", "trial"]));
    found.as_array().unwrap().clone()
}

#[test]
fn a_command_whose_best_score_is_out_of_bounds() {
    let place = fitted("");
    let ran = place.derby(&["sweep", "fit.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("minimize loss subject to memory <= 60"), "{}", ran.err);
    assert!(ran.out.contains("5 trials: 3 done, 0 failed, 2 infeasible"), "{}", ran.out);
    assert!(ran.out.contains("loss 50   size=50"), "{}", ran.out);
    shows!(place.shown("runs --columns run,size,loss,memory,status,reason"), @"
    exit 0
     RUN  SIZE  LOSS  MEMORY  STATUS      REASON
       3    50    50      60  done
       4    25    75      35  done
       1     0   100      10  done
       2   100     0          infeasible  memory has no value, and memory <= 60 needs one
       5    75    25      85  infeasible  memory 85 is above 60
     5 of 5
    ");
    shows!(place.shown("best fit"), @"
    exit 0
     RUN  LOSS  SIZE TIME  AGE
       3    50    50 [time]   0s
     best of fit   next  derby show 3
    ");
    shows!(place.shown("show sweep:fit"), @"
    exit 0
     sweep fit   minimize loss   grid, seed 0
     constraints  memory <= 60
     runs         3 done, 2 infeasible
     infeasible   1 ×  memory has no value, and memory <= 60 needs one
                  1 ×  memory 85 is above 60
     file         fit.toml
     time [time]
     stopped      0s ago: all 5 configurations of the space were tried
     RUN  LOSS  SIZE TIME  AGE
       3    50    50 [time]   0s
       4    75    25 [time]   0s
       1   100     0 [time]   0s
     next  derby show 3 · derby runs sweep:fit
    ");
    let worst = records(&place, "size=75");
    let shown = json(&place.derby(&["show", &worst[0]["id"].to_string(), "--json"]));
    assert_eq!(shown["status"], "infeasible");
    assert_eq!(
        shown["constraints"],
        object!([{ "constraint": "memory <= 60", "metric": "memory", "score": 85.0, "violation": 25.0 / 60.0 }])
    );
    let sweep = json(&place.derby(&["show", "sweep:fit", "--json"]));
    assert_eq!(sweep["constraints"], object!(["memory <= 60"]));
    assert_eq!(sweep["counts"], object!({ "done": 3, "infeasible": 2 }));
    assert_eq!(sweep["best"]["score"], 50.0);
    let report = place.derby(&["report", "fit"]);
    assert!(
        report.out.contains("the best keeps memory <= 60, which 2 of 5 runs with a score break"),
        "{}",
        report.out
    );
    // Nothing is left to do, and nothing changes.
    let again = place.derby(&["sweep", "fit.toml", "--json"]);
    let again = json(&again);
    assert_eq!((&again["done"], &again["infeasible"]), (&object!(3), &object!(2)));
    assert_eq!(again["best"]["params"]["size"], 50);
}

#[test]
fn nothing_to_choose_from() {
    let place = fitted("");
    let ran = place.derby(&["sweep", "fit.toml", "--set", "search.constraints=[\"memory <= 5\"]"]);
    assert_eq!(ran.code, 5, "{}{}", ran.out, ran.err);
    let nearest = "run 1 comes nearest: memory 10 is above 5";
    let text = format!("no trial of sweep 'fit' keeps its constraints (memory <= 5); {nearest}");
    assert!(ran.err.contains(&text), "{}", ran.err);
    shows!(place.shown("best"), @"
    exit 5
    stderr
    error: no trial of sweep 'fit' keeps its constraints (memory <= 5); run 1 comes nearest: memory 10 is above 5
    hint: derby runs sweep:fit shows what happened
    ");
    shows!(place.shown("export sweep:fit -o bundle"), @"
    exit 5
    stderr
    error: no trial of sweep 'fit' keeps its constraints (memory <= 5); run 1 comes nearest: memory 10 is above 5
    hint: derby runs sweep:fit shows what happened
    ");
    let shown = place.derby(&["show", "sweep:fit"]).out;
    assert!(shown.contains(nearest) && shown.contains("derby show 1"), "{shown}");
    let sweeps = place.derby(&["sweeps"]).out;
    assert!(sweeps.to_lowercase().contains("infeasible"), "{sweeps}");
}

#[test]
fn a_constraint_on_a_metric_that_there_is_not_is_said_early() {
    let place = fitted("");
    let typo = "search.constraints=[\"memry <= 60\"]";
    let ran = place.derby(&["sweep", "fit.toml", "-q", "--set", typo]);
    assert_eq!(ran.code, 5);
    let text = "no trial so far has a value of 'memry', which memry <= 60 needs; did you mean 'memory'? (metrics seen: loss, memory)";
    let warned = format!(" warning: {text}; a trial without one is infeasible");
    assert_eq!(ran.err.matches(&warned).count(), 1, "{}", ran.err);
    assert!(ran.err.contains(&format!("hint: {text}")), "{}", ran.err);
    let shown = place.derby(&["show", "sweep:fit"]).out;
    assert!(shown.contains(text), "{shown}");
    // One that some trials have is none of that.
    let place = fitted("");
    let ran = place.derby(&["sweep", "fit.toml", "-q"]);
    assert!(!ran.err.contains("warning"), "{}", ran.err);
}

#[test]
fn replicates_are_judged_by_their_mean() {
    let place = Place::new();
    // Seeds 0 and 1: memory 40 or 80 by turns about size, so that runs differ from their trial.
    place.write(
        "fit.sh",
        "#!/bin/sh\necho \"{\\\"loss\\\": $((100 - $1)), \\\"memory\\\": $(($1 + 20 * $2))}\"\n",
    );
    executable(&place.path("fit.sh"));
    let text = COMMAND
        .replace("\"{size}\"]", "\"{size}\", \"{seed}\"]")
        .replace("grid_steps = 5\n", "grid_steps = 5\nreplicates = 2\n");
    place.write("fit.toml", &text);
    let ran = place.derby(&["sweep", "fit.toml"]);
    // 50 has memory 50 and 70, on the bound by its mean; 75 has 75 and 95.
    assert!(ran.out.contains("5 trials: 3 done, 0 failed, 2 infeasible"), "{}{}", ran.out, ran.err);
    let of = |size: u32| -> Vec<Value> {
        records(&place, &format!("size={size}")).iter().map(|run| run["status"].clone()).collect()
    };
    assert_eq!((of(50), of(75)), (vec![object!("done"); 2], vec![object!("infeasible"); 2]));
    let merged = place.derby(&["runs", "size=75", "--columns", "run,memory,status"]).out;
    assert!(merged.contains("85") && merged.contains("infeasible"), "{merged}");
}

#[test]
fn a_built_in_model_that_must_be_small() {
    let place = Place::with_examples();
    let text = r#"name = "small"
[objective]
metric = "accuracy"
[data]
path = "assets/iris.csv"
target = "target"
folds = 3
metrics = ["accuracy"]
[models.random_forest]
n_estimators = { low = 1, high = 20 }
max_depth = { low = 1, high = 6 }
[search]
sampler = "SAMPLER"
seed = 5
reproducible = true
constraints = ["model_bytes <= 2000"]
[budget]
trials = 30
"#;
    for sampler in ["tpe", "gp", "auto", "cma-es", "nsga-ii", "random"] {
        place.write(
            "small.toml",
            &text.replace("SAMPLER", sampler).replace("\"small\"", &format!("\"{sampler}\"")),
        );
        let ran = place.derby(&["sweep", "small.toml", "--json"]);
        let told = json(&ran);
        let bytes = told["best"]["metrics"]["model_bytes"]["score"].as_f64().unwrap();
        assert!(bytes <= 2000.0, "{sampler}: {bytes}");
        assert!(told["infeasible"].as_u64().unwrap() > 0, "{sampler}: {told}");
        let runs = records(&place, &format!("sweep:{sampler}"));
        for run in &runs {
            let bytes = run["metrics"]["model_bytes"]["score"].as_f64().unwrap();
            let status = if bytes <= 2000.0 { "done" } else { "infeasible" };
            assert_eq!(run["status"], status, "{sampler}: {bytes}");
        }
        if sampler != "random" {
            let late = &runs[runs.len() / 2..];
            let kept = late.iter().filter(|run| run["status"] == "done").count();
            assert!(3 * kept >= late.len(), "{sampler} keeps {kept} of {}", late.len());
        }
    }
    // What another sweep measured is taken over, whatever it broke there.
    let free = text.replace("SAMPLER", "random").replace("constraints", "# constraints");
    place.write("free.toml", &free);
    let told = json(&place.derby(&[
        "sweep",
        "free.toml",
        "--json",
        "--set",
        "data.metrics=[\"accuracy\", \"model_bytes\"]",
    ]));
    assert_eq!((&told["cached"], &told["infeasible"]), (&told["done"], &object!(0)), "{told}");
    let importance = json(&place.derby(&["importance", "tpe", "--json"]));
    assert_eq!(importance["trials"].as_u64().unwrap(), records(&place, "sweep:tpe").len() as u64);
    // A run that breaks a constraint can be looked at and taken away, and does not stand before the gate.
    let broken = records(&place, "sweep:tpe status:infeasible")[0]["id"].to_string();
    let exported = place.derby(&["export", &broken, "-o", "bundle"]);
    assert_eq!(exported.code, 0);
    let said = format!(" warning: run {broken} is infeasible (model_bytes ");
    assert!(exported.err.starts_with(&said), "{}", exported.err);
    let exported = json(&place.derby(&["export", &broken, "-o", "again", "--json"]));
    assert!(exported["infeasible"].as_str().unwrap().contains("no gate takes it"), "{exported}");
    for verb in [&["gate"][..], &["champion", "promote", "--why", "it is quick"]] {
        let ran = place.derby(&[verb, &[&broken]].concat());
        assert_eq!(ran.code, 1, "{}", ran.out);
        assert!(ran.err.contains("and no challenger"), "{}", ran.err);
    }
}

#[test]
fn a_reproducible_sweep_goes_on_as_if_nothing_had_happened() {
    let text = |trials: u32| {
        format!(
            r#"name = "branin"
function = "branin"
[objective]
metric = "value"
[params]
x1 = {{ low = -5.0, high = 10.0 }}
x2 = {{ low = 0.0, high = 15.0 }}
[search]
sampler = "gp"
seed = 2
reproducible = true
lag = 2
constraints = ["value >= 5"]
[budget]
trials = {trials}
"#
        )
    };
    let runs = |sessions: &[(u32, &str)]| -> Vec<Value> {
        let place = Place::new();
        for (trials, jobs) in sessions {
            place.write("branin.toml", &text(*trials));
            let ran = place.derby(&["sweep", "branin.toml", "--jobs", jobs]);
            assert_eq!(ran.code, 0, "{}", ran.err);
        }
        let bare =
            |run: Value| object!([run["params"], run["metrics"], run["status"], run["reason"]]);
        records(&place, "sweep:branin").into_iter().map(bare).collect()
    };
    let whole = runs(&[(24, "1")]);
    assert_eq!(whole, runs(&[(9, "2"), (24, "1")]));
    assert_eq!(whole.len(), 24);
    let broken = whole.iter().filter(|run| run[2] == "infeasible").count();
    assert!((1..12).contains(&broken), "{broken}");
}

#[test]
fn several_objectives_have_a_front_of_those_that_keep_the_constraints() {
    let place = fitted("");
    let text = COMMAND
        .replace("[objective]\nmetric = \"loss\"\ngoal = \"minimize\"\n", "[[objective]]\nmetric = \"loss\"\ngoal = \"minimize\"\n[[objective]]\nmetric = \"memory\"\ngoal = \"minimize\"\n")
        .replace("\"grid\"\ngrid_steps = 5", "\"nsga-ii\"\nseed = 1")
        .replace("high = 100", "high = 95")
        .replace("<= 60\"]", "<= 60\", \"loss <= 80\"]")
        + "[budget]\ntrials = 30\n";
    place.write("fit.toml", &text);
    let ran = place.derby(&["sweep", "fit.toml", "-q"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let front = json(&place.derby(&["best", "fit", "--front", "--json"]));
    let front = front.as_array().unwrap();
    assert!(!front.is_empty());
    for run in front {
        let of = |metric: &str| run["metrics"][metric]["score"].as_f64().unwrap();
        assert!(of("memory") <= 60.0 && of("loss") <= 80.0, "{run}");
    }
    // Every trial that keeps both is on the front: less memory is more loss.
    assert_eq!(front.len(), records(&place, "status:done").len());
}

#[test]
fn told_from_elsewhere() {
    let place = Place::new();
    place.write(
        "lab.toml",
        "name = \"lab\"\n[objective]\nmetric = \"yield\"\ngoal = \"maximize\"\n[params]\nx = { low = 0.0, high = 1.0 }\n\
         [search]\nsampler = \"tpe\"\nconstraints = [\"purity >= 0.9\"]\n[budget]\ntrials = 40\n",
    );
    let ask =
        || json(&place.derby(&["ask", "lab.toml", "--json"]))["params"]["x"].as_f64().unwrap();
    ask();
    shows!(place.shown("tell lab 0 0.8"), @"
    exit 2
    stderr
    error: trial 0 is told without 'purity', which the constraint purity >= 0.9 bounds; tell purity=VALUE too, or --infeasible alone
    ");
    shows!(place.shown("tell lab 0 0.8 purity=0.45"), @"
    exit 0
     trial 0   yield 0.8 · purity 0.45 as run 1
     infeasible: purity 0.45 is below 0.9
    ");
    ask();
    let told = json(&place.derby(&["tell", "lab", "1", "0.1", "purity=0.9", "--json"]));
    assert_eq!((&told["status"], &told["reason"]), (&object!("done"), &Value::Null));
    ask();
    assert_eq!(place.derby(&["tell", "lab", "2", "--infeasible", "cannot be mixed"]).code, 0);
    assert_eq!(json(&place.derby(&["best", "lab", "--json"]))[0]["trial"], 1);
    // The yield grows with x, the purity falls: the best that is pure enough is at 0.25.
    let mut late = Vec::new();
    for trial in 3..40 {
        let x = ask();
        let (value, purity) = (x.to_string(), format!("purity={}", 1.15 - x));
        let told =
            json(&place.derby(&["tell", "lab", &trial.to_string(), &value, &purity, "--json"]));
        late.push((x, told["status"] == "done"));
        assert_eq!(told["status"] == "done", 1.15 - x >= 0.9, "{x}");
    }
    let kept = late[18..].iter().filter(|(_, is_done)| *is_done).count();
    // A quarter of the space is.
    assert!(3 * kept >= late.len() - 18, "{kept} of {}", late.len() - 18);
    let best = json(&place.derby(&["best", "lab", "--json"]));
    let x = best[0]["params"]["x"].as_f64().unwrap();
    assert!((0.15..=0.25).contains(&x), "{x}");
}

#[test]
fn earlier_trials_teach_with_what_they_measured() {
    let place = fitted("");
    assert_eq!(place.derby(&["sweep", "fit.toml", "-q"]).code, 0);
    let later = COMMAND
        .replace("\"fit\"", "\"later\"")
        .replace("\"grid\"\ngrid_steps = 5", "\"tpe\"\nwarm_start = \"fit\"")
        + "[budget]\ntrials = 2\n";
    place.write("later.toml", &later);
    let ran = place.derby(&["sweep", "later.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("'fit': 4 of 5 trials used, 1 without a value (memory)"),
        "{}",
        ran.err
    );
}
