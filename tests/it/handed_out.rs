//! Trials that somebody outside has: listed, given back, told, and left alone by whoever drives the sweep.

use crate::program::{Place, Ran, json, shows};
use serde_json::{Value, json as object};
use std::os::unix::fs::PermissionsExt;

const LAB: &str = r#"name = "lab"
[params]
x = { low = 0.0, high = 1.0 }
[objective]
metric = "loss"
goal = "minimize"
[search]
sampler = "tpe"
seed = 4
"#;

/// The same with work that can be done here, too.
const FIT: &str = r#"name = "fit"
[command]
run = ["./fit.sh", "{x}"]
metrics = "jsonl"
[params]
x = { low = 0.0, high = 1.0 }
[objective]
metric = "loss"
goal = "minimize"
[search]
sampler = "random"
seed = 4
[resources]
jobs = 1
"#;

fn words(place: &Place, words: &str) -> Ran {
    place.derby(&words.split(' ').collect::<Vec<_>>())
}

/// Says a line for a program, which must be understood.
fn said(place: &Place, line: &str) -> Value {
    let ran = words(place, line);
    assert_eq!(ran.code, 0, "{line}: {}", ran.err);
    json(&ran)
}

fn open(place: &Place, sweep: &str) -> Vec<Value> {
    let ran = words(place, &format!("ask {sweep} --open --json"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The list for a person, without who he is.
fn listed(place: &Place) -> String {
    let trials = open(place, "lab");
    let who = trials.first().and_then(|trial| trial["by"].as_str()).unwrap_or("nobody");
    place.shown("ask lab --open").replace(who, "[who]")
}

fn numbers(trials: &[Value]) -> Vec<u64> {
    trials.iter().map(|trial| trial["trial"].as_u64().unwrap()).collect()
}

/// A place whose trials can be carried out here; `script` has the trial's x as `$1`.
fn fit(more: &str, script: &str) -> Place {
    let place = Place::new();
    place.write("fit.toml", &format!("{FIT}{more}"));
    place.write("fit.sh", &format!("#!/bin/sh\n{script}\n"));
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(place.path("fit.sh"), mode).unwrap();
    place
}

fn runs(place: &Place, what: &str) -> Vec<Value> {
    let found = json(&place.derby(&["runs", what, "--json", "--sort", "trial"]));
    found.as_array().unwrap().clone()
}

#[test]
fn open_trials_are_listed_told_and_given_back() {
    let place = Place::new();
    place.write("lab.toml", LAB);
    assert_eq!(words(&place, "ask lab.toml -n 3").code, 0);
    shows!(listed(&place), @"
    exit 0
     trial 0   x=0.9164800013191696   asked 0s ago by [who]
     trial 1   x=0.32870007755965963   asked 0s ago by [who]
     trial 2   x=0.146666795879284   asked 0s ago by [who]
     next  derby tell lab 2 VALUE · derby tell lab 2 --give-back
    ");
    assert_eq!(words(&place, "tell lab 1 0.5").code, 0);
    shows!(place.shown("tell lab 0 --give-back"), @"
    exit 0
     trial 0   given back as run 2
    ");
    assert_eq!(numbers(&open(&place, "lab.toml")), [2]);
    shows!(place.shown("tell lab 0 --give-back"), @"
    exit 2
    stderr
    error: trial 0 of sweep 'lab' is handed out to nobody: it was given back, or derby sweep carries it out
    ");
    shows!(place.shown("tell lab 0 0.4 --give-back"), @"
    exit 2
    stderr
    error: trial 0 has a value and --give-back; leave one out
    ");
    let again = said(&place, "ask lab --json");
    assert_eq!((&again["trial"], &again["attempt"]), (&object!(0), &object!(2)), "{again}");
    assert_eq!(said(&place, "ask lab --json")["trial"], 3);
    shows!(place.shown("ask lab --open -n 2"), @"
    exit 2
    stderr
    error: the argument '--open' cannot be used with '--count <N>'

    Usage: derby ask --open <SWEEP>

    For more information, try '--help'.
    ");
    let trials = open(&place, "lab");
    assert_eq!(numbers(&trials), [0, 2, 3]);
    assert_eq!(trials[0]["params"], again["params"]);
    assert!(trials[0]["by"].as_str().unwrap().contains('@'), "{}", trials[0]);
    shows!(place.shown("show sweep:lab"), @"
    exit 0
     sweep lab   minimize loss   tpe, seed 4
     runs         1 done, 1 killed
     killed       1 ×  given back
     handed out   3 trials are not told yet, the oldest asked 0s ago   all: derby ask lab --open
     file         lab.toml
     time [time]
     RUN  LOSS       X TIME  AGE
       1   0.5  0.3287 [time]   0s
     next  derby show 1 · derby runs sweep:lab
    ");
    assert_eq!(json(&words(&place, "show sweep:lab --json"))["handed_out"][1]["trial"], 2);
    // Who gave a trial back may have its result all the same, as long as nobody else told one.
    assert_eq!(words(&place, "tell lab 2 --give-back").code, 0);
    assert_eq!(words(&place, "tell lab 2 0.3").code, 0);
    assert_eq!(words(&place, "tell lab 2 0.2").code, 2);
    assert_eq!(words(&place, "tell lab 0 0.1").code, 0);
    assert_eq!(words(&place, "tell lab 3 --failed").code, 0);
    shows!(listed(&place), @"
    exit 0
     every trial of lab that was handed out is told or given back
    ");
    shows!(place.shown("runs --columns run,trial,loss,status,reason --sort run"), @"
    exit 0
     RUN  TRIAL  LOSS  STATUS  REASON
       1      1   0.5  done
       2      0        killed  given back
       3      2        killed  given back
       4      2   0.3  done
       5      0   0.1  done
       6      3        failed  told so
     6 of 6
    ");
}

#[test]
fn what_was_given_back_changes_nothing_of_what_the_sampler_proposes() {
    let asked = |gives_back: bool| -> Vec<Value> {
        let place = Place::new();
        place.write("lab.toml", &format!("{LAB}reproducible = true\nlag = 2\n"));
        let mut params = Vec::new();
        for trial in 0..14 {
            let mut errand = said(&place, "ask lab.toml --json");
            if gives_back && trial % 3 == 1 {
                assert_eq!(words(&place, &format!("tell lab {trial} --give-back")).code, 0);
                errand = said(&place, "ask lab --json");
            }
            assert_eq!(errand["trial"], trial);
            let loss = (errand["params"]["x"].as_f64().unwrap() - 0.3).abs();
            assert_eq!(words(&place, &format!("tell lab {trial} {loss}")).code, 0);
            params.push(errand["params"].clone());
        }
        params
    };
    assert_eq!(asked(false), asked(true));
}

#[test]
fn a_sweep_leaves_alone_what_others_have() {
    let place = fit("[budget]\ntrials = 4\n", "echo \"{\\\"loss\\\": $1}\"");
    assert_eq!(words(&place, "ask fit.toml -n 2").code, 0);
    let first = said(&place, "sweep fit.toml --json");
    assert_eq!((&first["done"], &first["stop"]), (&object!(2), &object!("handed_out")), "{first}");
    assert_eq!(first["handed_out"], 2);
    shows!(place.shown("sweep fit.toml"), @"
    exit 0
     done in [time]   2 trials: 2 done, 0 failed   of the budget's 4 trials, 2 ended and 2 are handed out and not told yet
     best run 2  loss 0.1267   x=0.1267
          run 1  loss 0.8984   x=0.8984
     next  derby show 2 · derby runs sweep:fit --top 10
    stderr
     fit   random, seed 4   4 trials   1 job   minimize loss
     fit   going on at 2 of 4
     warning: 2 trials (0, 1) are handed out and not told yet, and left to whoever has them; derby ask fit --open lists them, derby tell fit 0 --give-back gives one back
    ");
    assert_eq!(runs(&place, "sweep:fit").len(), 2);
    assert_eq!(words(&place, "tell fit 0 0.125").code, 0);
    assert_eq!(words(&place, "tell fit 1 --give-back").code, 0);
    let last = said(&place, "sweep fit.toml --json");
    assert_eq!((&last["done"], &last["stop"]), (&object!(4), &object!("trials")), "{last}");
    let of = |run: &Value| (run["trial"].clone(), run["status"].clone());
    let ended: Vec<_> = runs(&place, "sweep:fit").iter().map(of).collect();
    let expected = [(0, "done"), (1, "done"), (1, "killed"), (2, "done"), (3, "done")];
    assert_eq!(ended.len(), expected.len());
    for (trial, status) in expected {
        assert!(ended.contains(&(object!(trial), object!(status))), "{ended:?}");
    }
}

#[test]
fn what_is_told_while_a_sweep_runs_is_taken_in() {
    // The sweep's own trials tell of the others: the first of trial 0, the second gives trial 1 back.
    let script = "cd $FOLDER; if [ ! -e told ]; then touch told; $DERBY tell fit 0 0.125 >&2; \
                  elif [ ! -e back ]; then touch back; $DERBY tell fit 1 --give-back >&2; fi\n\
                  echo \"{\\\"loss\\\": $1}\"";
    let derby = assert_cmd::cargo::cargo_bin!("derby").display().to_string();
    let place = fit("[budget]\ntrials = 4\n", "");
    let folder = place.path("").display().to_string();
    let script = script.replace("$DERBY", &derby).replace("$FOLDER", &folder);
    place.write("fit.sh", &format!("#!/bin/sh\n{script}\n"));
    assert_eq!(words(&place, "ask fit.toml -n 2").code, 0);
    let ran = said(&place, "sweep fit.toml --json");
    assert_eq!((&ran["done"], &ran["stop"]), (&object!(4), &object!("trials")), "{ran}");
    assert_eq!(ran["handed_out"], 0);
    let told = runs(&place, "sweep:fit trial=0");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["metrics"]["loss"]["score"], 0.125);
    assert_eq!(ran["best"]["metrics"]["loss"]["score"].as_f64().unwrap().min(0.125), {
        let scores = runs(&place, "sweep:fit status:done");
        let scores = scores.iter().map(|run| run["metrics"]["loss"]["score"].as_f64().unwrap());
        scores.fold(f64::INFINITY, f64::min)
    });
}

#[test]
fn a_reproducible_sweep_ends_where_it_waits_for_others() {
    let more = "[budget]\ntrials = 4\n";
    let script = "echo \"{\\\"loss\\\": $1}\"";
    let place = fit(more, script);
    let text =
        format!("{FIT}{more}").replace("seed = 4\n", "seed = 4\nreproducible = true\nlag = 1\n");
    place.write("fit.toml", &text);
    let asked = said(&place, "ask fit.toml --json");
    let ran = place.derby(&["sweep", "fit.toml", "-q"]);
    assert_eq!(ran.code, 75, "{}{}", ran.out, ran.err);
    let x = asked["params"]["x"].as_f64().unwrap();
    assert_eq!(words(&place, &format!("tell fit 0 {x}")).code, 0);
    assert_eq!(words(&place, "sweep fit.toml -q").code, 0);
    let whole = fit(more, script);
    whole.write("fit.toml", &text);
    assert_eq!(words(&whole, "sweep fit.toml -q").code, 0);
    let bare = |place: &Place| -> Vec<Value> {
        let bare =
            |run: &Value| object!([run["trial"], run["params"], run["metrics"]["loss"]["score"]]);
        runs(place, "sweep:fit").iter().map(bare).collect()
    };
    assert_eq!(bare(&place), bare(&whole));
}

#[test]
fn what_a_sweep_left_is_handed_out_first() {
    let place = fit("[budget]\ntrials = 3\n", "echo \"{\\\"loss\\\": $1}\"");
    let killed = place.derby_with(&["sweep", "fit.toml", "-q"], &[("DERBY_FAULT", "asked:2")]);
    assert_ne!(killed.code, 0);
    let left = said(&place, "ask fit.toml --json");
    assert_eq!((&left["trial"], &left["attempt"]), (&object!(1), &object!(1)), "{left}");
    assert_eq!(said(&place, "ask fit.toml --json")["trial"], 2);
    assert_eq!(numbers(&open(&place, "fit")), [1, 2]);
}

#[test]
fn of_several_sweeps_of_one_name_that_is_meant_in_which_the_trial_is_open() {
    let place = Place::new();
    place.write("lab.toml", LAB);
    assert_eq!(words(&place, "ask lab.toml -n 2").code, 0);
    assert_eq!(words(&place, "ask lab.toml --set search.seed=5").code, 0);
    shows!(place.shown("tell lab 0 0.5"), @"
    exit 2
    stderr
    error: trial 0 is open in 2 sweeps named 'lab': sweep 2 (asked 0s ago), sweep 1 (asked 0s ago); say which by its number
    hint: derby tell 2 0 …
    ");
    shows!(listed(&place), @"
    exit 0
     sweep 2 trial 0   x=0.8566931785542724   asked 0s ago by [who]
     sweep 1 trial 0   x=0.9164800013191696   asked 0s ago by [who]
     sweep 1 trial 1   x=0.32870007755965963   asked 0s ago by [who]
     next  derby tell 1 1 VALUE · derby tell 1 1 --give-back
    ");
    assert_eq!(said(&place, "tell lab 1 0.5 --json")["sweep_id"], 1);
    assert_eq!(said(&place, "tell sweep:2 0 0.25 --json")["sweep_id"], 2);
    assert_eq!(said(&place, "tell lab.toml 0 0.75 --json")["sweep_id"], 1);
    // None has it open: what is said is of the newest.
    shows!(place.shown("tell lab 0 0.5"), @"
    exit 2
    stderr
    error: trial 0 of sweep 'lab' ended already (done); every trial is told once
    ");
    shows!(place.shown("sweeps"), @"
    exit 0
     ID  SWEEP  DONE  FAILED  RUNNING  BEST  RUN  METRIC  SAMPLER  AGE
      2  lab       1       0        0  0.25    2  loss    tpe       0s
      1  lab       2       0        0   0.5    1  loss    tpe       0s
     next  derby show sweep:lab
    ");
}

#[test]
fn what_cannot_be_told_is_named() {
    let place = Place::new();
    place.write("lab.toml", LAB);
    assert_eq!(words(&place, "ask lab.toml").code, 0);
    shows!(place.shown("tell lab 0 0.5 --pruned -1"), @"
    exit 2
    stderr
    error: '--pruned -1' is no step; mend: a whole number from 0 to 9007199254740992
    ");
    shows!(place.shown("tell lab 0 0.5 --pruned 9007199254740993"), @"
    exit 2
    stderr
    error: '--pruned 9007199254740993' is no step; mend: a whole number from 0 to 9007199254740992
    ");
    shows!(place.shown("tell lab 0 0.5 step=3"), @"
    exit 2
    stderr
    error: 'step' is the name of no metric; mend: another one, or leave it out
    ");
    shows!(place.shown("tell lab 0 loss=1e999"), @"
    exit 2
    stderr
    error: trial 0 cannot have the value '1e999' for 'loss'; mend: a finite number, or --failed
    ");
    shows!(place.shown("tell lab -1 0.5"), @"
    exit 2
    stderr
    error: unexpected argument '-1' found

      tip: to pass '-1' as a value, use '-- -1'

    Usage: derby tell [OPTIONS] <SWEEP> <TRIAL> [VALUE]...

    For more information, try '--help'.
    ");
    shows!(place.shown("tell lab 18446744073709551615 0.5"), @"
    exit 2
    stderr
    error: sweep 'lab' has no trial 18446744073709551615; the only one so far is 0
    ");
    shows!(place.shown("ask lab --open --set search.seed=2"), @"
    exit 2
    stderr
    error: --open lists what was asked for, and --set changes nothing of it
    ");
    assert_eq!(words(&place, "tell lab 0 0.5").code, 0);
}
