//! Trials that others carry out: `derby ask` and `derby tell` against a recorded sweep, `derby sampler` over JSON lines.

use crate::help::help;
use crate::program::{Place, Ran, json, shows};
use serde_json::{Value, json as object};

const LAB: &str = r#"name = "wetlab"
[params]
temperature = { low = 20.0, high = 90.0 }
solvent = ["water", "ethanol"]
[objective]
metric = "yield"
goal = "maximize"
"#;

fn lab(more: &str) -> Place {
    let place = Place::new();
    place.write("lab.toml", &format!("{LAB}{more}"));
    place
}

fn words(place: &Place, words: &str) -> Ran {
    place.derby(&words.split(' ').collect::<Vec<_>>())
}

fn talk(place: &Place, lines: &[String]) -> Vec<Value> {
    let mut command = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("derby"));
    command.current_dir(place.path(".")).arg("sampler").write_stdin(lines.join("\n") + "\n");
    let out = command.output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let said = String::from_utf8(out.stdout).unwrap();
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What comes out of the flask.
fn outcome(params: &Value) -> f64 {
    let temperature = params["temperature"].as_f64().unwrap();
    let best = if params["solvent"] == "water" { 50.0 } else { 70.0 };
    1.0 - (temperature - best).abs() / 100.0
}

#[test]
fn a_conversation_with_a_recorded_sweep() {
    let place = lab("[budget]\ntrials = 4\n");
    let first = json(&words(&place, "ask lab.toml --json"));
    assert_eq!((&first["sweep"], &first["trial"]), (&object!("wetlab"), &object!(0)));
    shows!(place.shown("tell wetlab 0 0.8"), @"
    exit 0
     trial 0   yield 0.8 as run 1
    ");
    shows!(place.shown("ask wetlab --args -n 3"), @"
    exit 0
    1 --solvent=water --temperature=73.21103422602678
    2 --solvent=ethanol --temperature=62.1822006599084
    3 --solvent=water --temperature=33.49063077989014
    ");
    shows!(place.shown("ask wetlab"), @"
    exit 5
    stderr
    error: nothing is left to ask for: all 4 trials of the budget were asked for, and 3 are not told yet
    ");
    shows!(place.shown("tell lab.toml 1 yield=0.5 purity=-0.9"), @"
    exit 0
     trial 1   yield 0.5 · purity -0.9 as run 2
    ");
    shows!(place.derby(&["tell", "wetlab", "2", "--failed", "the pump broke"]).out, @" trial 2   failed as run 3");
    shows!(place.shown("tell wetlab 3 -0.5 --pruned 4 --seconds 90"), @"
    exit 0
     trial 3   pruned as run 4
    ");
    shows!(place.shown("ask wetlab"), @"
    exit 5
    stderr
    error: nothing is left to ask for: all 4 trials of the budget are done
    ");
    shows!(place.shown("runs --columns run,yield,purity,status,time"), @"
    exit 0
     RUN  YIELD  PURITY  STATUS TIME
       1    0.8          done [time]
       2    0.5    -0.9  done [time]
       4   -0.5          pruned  1m30s
       3                 failed [time]
     4 of 4
    ");
    shows!(place.shown("show sweep:wetlab"), @"
    exit 0
     sweep wetlab   maximize yield   auto, seed 0
     runs         2 done, 1 failed, 1 pruned
     failed       1 ×  the pump broke
     pruned       1 ×  told so at step 4
     made by      4 sobol
     file         lab.toml
     time [time]
     RUN  YIELD  SOLVENT  TEMPERATURE TIME  AGE
       1    0.8  ethanol        51.08 [time]   0s
       2    0.5  water          73.21 [time]   0s
     next  derby show 1 · derby runs sweep:wetlab
    ");
}

#[test]
fn asking_and_telling_is_the_same_in_the_store_and_over_json_lines() {
    let place = lab("[search]\nsampler = \"tpe\"\nseed = 5\n");
    let space = object!({
        "solvent": {"type": "categorical", "choices": ["water", "ethanol"]},
        "temperature": {"type": "float", "low": 20, "high": 90},
    });
    let begin = object!({"space": space, "direction": "maximize", "seed": 5, "sampler": "tpe"});
    let mut lines = vec![begin.to_string()];
    for trial in 0..16 {
        lines.push(object!({"ask": true}).to_string());
        let asked = json(&words(
            &place,
            if trial == 0 { "ask lab.toml --json" } else { "ask wetlab --json" },
        ));
        let answers = talk(&place, &lines);
        assert_eq!(answers.last().unwrap()["params"], asked["params"], "trial {trial}");
        let value = outcome(&asked["params"]);
        lines.push(object!({"tell": {"id": trial, "value": value}}).to_string());
        assert_eq!(words(&place, &format!("tell wetlab {trial} {value}")).code, 0);
    }
    let best = json(&words(&place, "best sweep:wetlab -n 1 --json"));
    lines.push(object!({"best": true}).to_string());
    assert_eq!(talk(&place, &lines).last().unwrap()["value"], best[0]["metrics"]["yield"]["score"]);
}

#[test]
fn many_ask_at_once_and_everybody_gets_a_trial_of_his_own() {
    let place = lab("");
    assert_eq!(words(&place, "ask lab.toml").code, 0);
    let asked: Vec<u64> = std::thread::scope(|scope| {
        let ask = || json(&words(&place, "ask wetlab --json"))["trial"].as_u64().unwrap();
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut sorted = asked.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [1, 2, 3, 4, 5, 6], "{asked:?}");
}

#[test]
fn what_cannot_be_asked_or_told_changes_nothing() {
    let place = lab("");
    shows!(place.shown("ask wetlab"), @"
    exit 1
    stderr
    error: no store at '[folder]/.derby': nothing has been recorded here
    hint: derby sweep FILE makes one (derby init DATA.csv writes a FILE); --store names another place
    hint: 'wetlab' is no file either; the first ask names the sweep file
    ");
    shows!(place.shown("ask lab.toml -n 0"), @"
    exit 2
    stderr
    error: invalid value '0' for '--count <N>': 0 is not in 1..=100000

    For more information, try '--help'.
    ");
    assert!(!place.has_store());
    assert_eq!(words(&place, "ask lab.toml").code, 0);
    shows!(place.shown("tell wetlab 1 0.5"), @"
    exit 2
    stderr
    error: sweep 'wetlab' has no trial 1; the only one so far is 0
    ");
    shows!(place.shown("tell wetlab 0"), @"
    exit 2
    stderr
    error: trial 0 is told without a value
    hint: derby tell wetlab 0 VALUE, or --failed
    ");
    shows!(place.shown("tell wetlab 0 nan"), @"
    exit 2
    stderr
    error: trial 0 cannot have the value 'nan' for 'yield'; mend: a finite number, or --failed
    ");
    shows!(place.shown("tell wetlab 0 inf"), @"
    exit 2
    stderr
    error: trial 0 cannot have the value 'inf' for 'yield'; mend: a finite number, or --failed
    ");
    shows!(place.shown("tell wetlab 0 high"), @"
    exit 2
    stderr
    error: trial 0 cannot have the value 'high' for 'yield'; mend: a finite number, or --failed
    ");
    shows!(place.shown("tell wetlab 0 0.5 0.6"), @"
    exit 2
    stderr
    error: '0.6' is one value too many: the sweep has 1 objective; mend: NAME=VALUE for other metrics
    ");
    shows!(place.shown("tell wetlab 0 purity=0.5"), @"
    exit 2
    stderr
    error: trial 0 is told without 'yield', an objective of the sweep; tell yield=VALUE, or --failed
    ");
    shows!(place.shown("tell wetlab 0 0.5 --failed"), @"
    exit 2
    stderr
    error: trial 0 has a value and --failed; leave one out
    ");
    shows!(place.shown("tell wetlab 0 0.5 --failed --pruned 3"), @"
    exit 2
    stderr
    error: the argument '--failed [<REASON>]' cannot be used with '--pruned <STEP>'

    Usage: derby tell --failed [<REASON>] <SWEEP> <TRIAL> <VALUE>...

    For more information, try '--help'.
    ");
    shows!(place.shown("tell wetlab 0 0.5 --seconds -3"), @"
    exit 2
    stderr
    error: '--seconds -3' is no time; mend: a number of at least 0
    ");
    shows!(place.shown("tell wetlabs 0 0.5"), @"
    exit 1
    stderr
    error: no sweep 'wetlabs'; did you mean 'wetlab'? `derby sweeps` lists them
    ");
    shows!(place.shown("ask wetlab --set search.seed=3"), @"
    exit 2
    stderr
    error: --set makes a sweep of its own, and a recorded one stays as it is
    hint: name the sweep file instead
    ");
    assert_eq!(words(&place, "tell wetlab 0 0.5").code, 0);
    shows!(place.shown("tell wetlab 0 0.5"), @"
    exit 2
    stderr
    error: trial 0 of sweep 'wetlab' ended already (done); every trial is told once
    ");
    assert_eq!(words(&place, "runs --json").out.matches("\"status\"").count(), 1);
}

#[test]
fn a_file_for_others_says_nothing_of_work_that_is_done_here() {
    let place = lab(
        "[gate]\nrule = \"ours\"\n[resources]\njobs = 2\n[search]\nreplicates = 3\npruner = \"median\"\n",
    );
    shows!(place.shown("check lab.toml"), @"
    exit 2
    stderr
    error: 4 problems in lab.toml
      8:2   [gate] is for trials that derby carries out, and there is no [command]; leave it out
      10:2  [resources] is for trials that derby carries out, and there is no [command]; leave it out
      13:1  'replicates' runs every trial so often, and without [command] a trial is told once; leave it out  [search]
      14:1  a pruner watches running trials, and without [command] a trial is told once; leave it out  [search]
    ");
    let place = lab("");
    shows!(place.shown("check lab.toml"), @"
    exit 0
     ✓  lab.toml   wetlab: maximize yield, told from elsewhere   auto on an infinite space
    ");
    shows!(place.shown("sweep lab.toml"), @"
    exit 2
    stderr
    error: 'lab.toml' has [params] and nothing to run; mend: add [command], or let others carry out its trials: derby ask, derby tell
    ");
    assert!(!place.has_store());
}

#[test]
fn a_space_that_is_used_up_says_so() {
    let place = Place::new();
    let text = "name = \"tiny\"\n[params]\na = [1, 2]\n[objective]\nmetric = \"loss\"\ngoal = \"minimize\"\n";
    place.write("tiny.toml", text);
    assert_eq!(words(&place, "ask tiny.toml -n 2").code, 0);
    shows!(place.shown("ask tiny"), @"
    exit 5
    stderr
    error: nothing is left to ask for: all 2 configurations of the space were tried, and 2 are not told yet
    ");
}

#[test]
fn a_reproducible_sweep_waits_for_what_it_depends_on() {
    let place = lab("[search]\nreproducible = true\nlag = 2\n");
    assert_eq!(words(&place, "ask lab.toml -n 2").code, 0);
    shows!(place.shown("ask wetlab"), @"
    exit 75
    stderr
    error: trial 2 may be asked for once the trials below 1 are told, which reproducible = true promises; tell trial 0 first
    ");
    assert_eq!(words(&place, "tell wetlab 1 0.5").code, 0);
    assert_eq!(words(&place, "ask wetlab").code, 75);
    assert_eq!(words(&place, "tell wetlab 0 0.4").code, 0);
    assert_eq!(words(&place, "ask wetlab -n 2").code, 0);
}

#[test]
fn their_help() {
    let place = Place::new();
    shows!(help(&place, "ask"), @"
    exit 0
    Ask for trials of a sweep that others carry out

    Usage: derby ask [OPTIONS] <SWEEP>

    Arguments:
      <SWEEP>  The sweep file, or the name of a sweep that was asked before

    Options:
      -n, --count <N>        How many trials to ask for [default: 1]
          --set <KEY=VALUE>  Change any key of the file, e.g. --set search.seed=3: a sweep of its own
          --open             List the trials that were handed out and not told yet, instead of asking
                             for one
          --json             Print one JSON object a trial
          --args             Print the number, then --NAME=VALUE for every parameter, one trial a line
      -h, --help             Print help

    Trials that others carry out: a cluster's queue, a person in a laboratory, any program. The sweep
    file needs [params] and [objective], and no [command]; with one, `derby sweep` can go on with the
    same sweep, and leaves alone what others have. Any number of trials may be open, and any number of
    processes may ask at once. A trial belongs to whoever asked for it until it is told or given back;
    what was given back, or left by a sweep that was cut off, is handed out first.
    Of [budget], trials, patience, target and max_failed hold. With [search] constraints, such as
    purity >= 0.9, a tell also names the metrics that they bound: derby tell wetlab 0 0.82 purity=0.95.
    Exit code: 5 once nothing is left to ask for: the budget's trials, or all points of the space.
    Example:
      derby ask sweeps/wetlab.toml
      derby tell wetlab 0 0.82
      derby ask wetlab --open
    ");
    shows!(help(&place, "tell"), @"
    exit 0
    Tell how a trial that was asked for ended

    Usage: derby tell [OPTIONS] <SWEEP> <TRIAL> [VALUE]...

    Arguments:
      <SWEEP>     The sweep's name, its file, or its number
      <TRIAL>     The trial's number, as `derby ask` printed it
      [VALUE]...  The objective's value, or values in the order of the objectives; NAME=VALUE for any
                  metric

    Options:
          --failed [<REASON>]      The trial failed
          --infeasible [<REASON>]  The configuration breaks a constraint
          --pruned <STEP>          The trial was stopped at this step, with VALUE so far
          --give-back [<REASON>]   Nobody carries the trial out any more: the next ask, or `derby
                                   sweep`, gets it
          --seconds <SECONDS>      How long it took
          --json                   Print a JSON object
      -h, --help                   Print help

    Every trial is told once. One of which nothing is to be had but that should not be tried again is
    told with --failed; --give-back keeps its number and its parameters, and counts as an attempt that
    was killed. Of several sweeps of one name that is meant in which the trial is open.
    Examples:
      derby tell wetlab 0 0.82
      derby tell wetlab 1 yield=0.82 purity=0.97
      derby tell wetlab 2 --failed 'the pump broke'
      derby tell wetlab 3 0.4 --pruned 12
      derby tell wetlab 4 --give-back 'the node went away'
    ");
    shows!(help(&place, "sampler"), @r#"
    exit 0
    Search by asking and telling over JSON lines, from any language, without a store

    Usage: derby sampler [OPTIONS]

    Options:
          --sampler <NAME>  The sampler, where the first line names none
      -h, --help            Print help

    One line of JSON in, exactly one line out, until standard input ends. Nothing is stored.

      {"space": {...}, "direction": "minimize", "seed": 1, "sampler": "auto", "budget": 300}
          begins; only "space" is needed         ->  {"ok": true, "name": "derby", "version": ...}
      {"ask": true}                              ->  {"id": 0, "params": {"x": 0.25, "kernel": "rbf"}}
      {"tell": {"id": 0, "value": 0.31}}         ->  {"ok": true}
      {"tell": {"id": 0, "state": "failed"}}     ->  {"ok": true}
      {"tell": {"id": 0, "state": "pruned", "value": 0.7, "step": 4}}
      {"best": true}                             ->  {"id": 0, "params": {...}, "value": 0.31}

    With several directions a tell has "values": [0.31, 12], and {"front": true} asks for the trials
    that none beats in all of them. "constraints": [-0.2] in a tell are met up to 0. "options" in the
    first line sets control parameters, for ablations: {"auto.credit": 0, "auto.gp": false}.

    Asks may come before the tells of earlier ones, in any number, and tells in any order. A line
    that is wrong is answered by {"error": "..."} and changes nothing. Once all points of a finite
    space were asked for, the answer to an ask has "exhausted": true beside its error. The same lines
    get the same answers.

    The space, by parameter, those that others hang on first:
      {"x": {"type": "float", "low": 0, "high": 1, "log": false, "step": null},
       "n": {"type": "int", "low": 1, "high": 64, "log": true},
       "kernel": {"type": "categorical", "choices": ["rbf", "linear"]},
       "gamma": {"type": "float", "low": 1e-5, "high": 10, "log": true, "when": {"kernel": ["rbf"]}}}

    Example:
      echo '{"space": {"x": {"type": "float", "low": 0, "high": 1}}}' | derby sampler
    "#);
}

#[test]
fn a_wrong_line_gets_one_error_and_the_sampler_goes_on() {
    let place = Place::new();
    let lines = [
        r#"{"ask": true}"#,
        "nonsense",
        r#"{"space": {"x": {"type": "float", "low": 0, "high": 1}}, "sampler": "random"}"#,
        r#"{"ask": true}"#,
        r#"{"tell": {"id": 0, "value": "NaN"}}"#,
        r#"{"tell": {"id": 5, "value": 1}}"#,
        r#"{"tell": {"id": 0, "value": 0.5}}"#,
        r#"{"tell": {"id": 0, "value": 0.5}}"#,
        r#"{"best": true}"#,
    ];
    let said = talk(&place, &lines.map(String::from));
    let is_error: Vec<bool> = said.iter().map(|line| line.get("error").is_some()).collect();
    assert_eq!(is_error, [true, true, false, false, true, true, false, true, false], "{said:?}");
    assert!(!place.has_store());
    shows!(place.shown("sampler --sampler tpes"), @"
    exit 2
    stderr
    error: unknown sampler 'tpes'; it is one of auto, cma-es, gp, grid, nsga-ii, nsga-iii, random, sobol, tpe
    ");
}
