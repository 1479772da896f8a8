//! `search.pruner`: what it may say, its problems, and its place in a sweep's identity.

use super::*;
use crate::pruner::{
    AshaOptions, HyperbandOptions, MedianOptions, PatienceOptions, PercentileOptions, RaceOptions,
    Setting, ThresholdOptions, WilcoxonOptions,
};

fn sweep(search: &str) -> Result<Sweep, SpecError> {
    read(&format!(
        "function = \"noop\"\n[search]\n{search}\n[params]\nx = {{ low = 0.0, high = 1.0 }}\n"
    ))
}

fn check(pruner: &str, expect: Setting) {
    let sweep = sweep(&format!("pruner = {pruner}")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(sweep.search.pruner, Some(expect), "{pruner}");
    let again = read(&sweep.text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((again.search, again.digest), (sweep.search, sweep.digest), "{pruner}");
}

/// Checks that there is exactly one problem and what it says.
fn problem(search: &str, part: &str) {
    let Err(SpecError::Problems { problems, .. }) = sweep(search) else {
        panic!("no problem in {search}")
    };
    let texts: Vec<_> = problems.iter().map(|problem| &problem.text).collect();
    assert!(texts.len() == 1 && texts[0].contains(part), "{part}\n{texts:#?}\n{search}");
}

#[test]
fn names_and_tables() {
    check("\"asha\"", Setting::default());
    check("\"median\"", Setting::Median(MedianOptions::default()));
    check("\"hyperband\"", Setting::Hyperband(HyperbandOptions::default()));
    check("{ kind = \"wilcoxon\" }", Setting::Wilcoxon(WilcoxonOptions::default()));
    let asha = AshaOptions {
        eta: 4,
        min_steps: Some(10),
        min_early_stopping_rate: 1,
        bootstrap: 2,
        grace: Some(0),
    };
    check(
        "{ kind = \"asha\", eta = 4, min_steps = 10, min_early_stopping_rate = 1, bootstrap = 2, grace = 0 }",
        Setting::Asha(asha),
    );
    check("{ kind = \"asha\", min_steps = \"auto\", grace = \"auto\" }", Setting::default());
    let hyperband = HyperbandOptions { eta: 2, min_steps: 3, max_steps: Some(81), bootstrap: 1 };
    check(
        "{ kind = \"hyperband\", eta = 2, min_steps = 3, max_steps = 81, bootstrap = 1 }",
        Setting::Hyperband(hyperband),
    );
    let when = MedianOptions {
        n_startup_trials: 0,
        n_warmup_steps: 5,
        interval_steps: 2,
        n_min_trials: 3,
    };
    check(
        "{ kind = \"percentile\", percentile = 10, n_startup_trials = 0, n_warmup_steps = 5, interval_steps = 2, n_min_trials = 3 }",
        Setting::Percentile(PercentileOptions { percentile: 10.0, when }),
    );
    let bounds = ThresholdOptions {
        lower: Some(-1.0),
        upper: Some(2.5),
        n_warmup_steps: 1,
        interval_steps: 1,
    };
    check(
        "{ kind = \"threshold\", lower = -1, upper = 2.5, n_warmup_steps = 1 }",
        Setting::Threshold(bounds),
    );
    check("\"race\"", Setting::Race(RaceOptions::default()));
    check(
        "{ kind = \"race\", alpha = 0.1, min_folds = 1, n_startup_trials = 3 }",
        Setting::Race(RaceOptions { alpha: 0.1, min_folds: 1, n_startup_trials: 3 }),
    );
    let wrapped = Some(Box::new(Setting::Median(MedianOptions::default())));
    check(
        "{ kind = \"patience\", patience = 3, min_delta = 0.01, wrapped = \"median\" }",
        Setting::Patience(PatienceOptions { patience: 3, min_delta: 0.01, wrapped }),
    );
    let wrapped = Some(Box::new(Setting::Wilcoxon(WilcoxonOptions {
        p_threshold: 0.05,
        n_startup_steps: 4,
    })));
    check(
        "{ kind = \"patience\", patience = 0, wrapped = { kind = \"wilcoxon\", p_threshold = 0.05, n_startup_steps = 4 } }",
        Setting::Patience(PatienceOptions { patience: 0, min_delta: 0.0, wrapped }),
    );
}

#[test]
fn problems_of_a_pruner() {
    problem("pruner = \"ahsa\"", "unknown pruner 'ahsa'; did you mean 'asha'?");
    problem(
        "pruner = { kind = \"meridian\" }",
        "unknown pruner 'meridian'; did you mean 'median'?",
    );
    problem("pruner = 3", "'pruner' must be a name or a table with 'kind', not '3'");
    problem("pruner = { kind = 3 }", "'kind' must be a text, not '3'");
    problem("pruner = { eta = 3 }", "'kind' is missing; name the pruner");
    problem("pruner = { kind = \"asha\", etta = 3 }", "unknown key 'etta'; did you mean 'eta'?");
    problem("pruner = { kind = \"asha\", eta = 1 }", "'eta' must be a whole number from 2");
    problem(
        "pruner = { kind = \"asha\", min_steps = 0 }",
        "'min_steps' must be \"auto\" or a whole number of at least 1, not '0'",
    );
    problem(
        "pruner = { kind = \"asha\", bootstrap = 2 }",
        "'bootstrap' needs 'min_steps' as a number",
    );
    problem(
        "pruner = { kind = \"hyperband\", bootstrap = 2 }",
        "'bootstrap' needs 'max_steps' as a number",
    );
    problem(
        "pruner = { kind = \"hyperband\", min_steps = 9, max_steps = 3 }",
        "'max_steps' (3) must not be below 'min_steps' (9)",
    );
    problem(
        "pruner = { kind = \"median\", eta = 3 }",
        "'eta' is for asha and hyperband, and the pruner is 'median'; leave it out",
    );
    problem("pruner = { kind = \"median\", interval_steps = 0 }", "of at least 1, not '0'");
    problem("pruner = \"percentile\"", "'percentile' is missing; say how many percent");
    problem(
        "pruner = { kind = \"percentile\", percentile = 101 }",
        "'percentile' must be a number from 0 to 100, not '101'",
    );
    problem("pruner = \"threshold\"", "'upper' is missing; give a bound");
    problem(
        "pruner = { kind = \"threshold\", lower = 3, upper = 1 }",
        "'lower' (3) must not be above 'upper' (1)",
    );
    problem("pruner = \"patience\"", "'patience' is missing; say how many values");
    problem(
        "pruner = { kind = \"patience\", patience = 3, min_delta = -1 }",
        "'min_delta' must be a number of at least 0, not '-1'",
    );
    problem(
        "pruner = { kind = \"patience\", patience = 3, wrapped = \"medan\" }",
        "unknown pruner 'medan'; did you mean 'median'?",
    );
    problem(
        "pruner = { kind = \"patience\", patience = 3, wrapped = { kind = \"patience\", patience = 2 } }",
        "'wrapped' must be another pruner than patience",
    );
    problem(
        "pruner = { kind = \"wilcoxon\", p_threshold = 1.5 }",
        "'p_threshold' must be a number from 0 to 1, not '1.5'",
    );
    problem(
        "pruner = { kind = \"race\", alpha = 2 }",
        "'alpha' must be a number from 0 to 1, not '2'",
    );
    problem(
        "pruner = { kind = \"race\", min_folds = 0 }",
        "'min_folds' must be a whole number of at least 1, not '0'",
    );
    problem("pruner = { kind = \"race\", n_startup_trials = 1 }", "of at least 2, not '1'");
    problem(
        "pruner = { kind = \"asha\", alpha = 0.1 }",
        "'alpha' is for race, and the pruner is 'asha'; leave it out",
    );
    problem(
        "pruner = { kind = \"patience\", patience = 3, wrapped = \"race\" }",
        "'wrapped' must be another pruner than patience and race",
    );
}

#[test]
fn a_reproducible_sweep_has_no_pruner() {
    problem(
        "reproducible = true\npruner = \"wilcoxon\"",
        "the pruner 'wilcoxon' stops trials while others run",
    );
    problem(
        "reproducible = true\npruner = { kind = \"threshold\", upper = 1 }",
        "reproducible = true forbids that; leave one of them out",
    );
    assert!(sweep("reproducible = true\npruner = \"none\"").is_ok());
}

#[test]
fn a_reproducible_race_is_one_of_models_in_this_process() {
    let models = |rest: &str| {
        read(&format!(
            "[objective]\nmetric = \"accuracy\"\n[data]\npath = \"x.csv\"\ntarget = \"y\"\n[models.svm]\n\
             C = {{ low = 0.1, high = 1.0 }}\n[search]\nreproducible = true\npruner = \"race\"\n{rest}"
        ))
    };
    assert!(models("").is_ok(), "{:?}", models("").err());
    let refused = |rest: &str, part: &str| {
        let error = models(rest).expect_err(rest).to_string();
        assert!(error.contains(part), "{error}");
    };
    refused("[resources]\nisolate = true", "the pruner 'race' with isolate = true stops trials");
    refused("replicates = 2", "the pruner 'race' with replicates, which run side by side, stops");
    problem(
        "reproducible = true\npruner = \"race\"",
        "the pruner 'race' stops trials while others run",
    );
}

#[test]
fn a_race_has_one_objective_and_goes_by_last_values() {
    let command = |objective: &str| {
        let rest = "[command]\nrun = \"train\"\nmetrics = \"jsonl\"\n[search]\npruner = \"race\"\n\
                    [params]\nx = { low = 0.0, high = 1.0 }\n";
        read(&format!("{objective}\n{rest}"))
    };
    let of = |metric: &str| format!("metric = \"{metric}\"\ngoal = \"minimize\"\n");
    let one = format!("[objective]\n{}", of("loss"));
    assert!(command(&one).is_ok(), "{:?}", command(&one).err());
    let refused = |objective: &str, part: &str| {
        let error = command(objective).expect_err(objective).to_string();
        assert!(error.contains(part), "{error}");
    };
    refused(
        &format!("[[objective]]\n{}[[objective]]\n{}", of("loss"), of("seconds")),
        "the pruner 'race' stops trials that cannot win, which is told by one objective, and there are 2; leave it out",
    );
    refused(
        &format!("{one}summary = \"best\""),
        "goes by the last value of each fold, and the score of 'loss' is its min; leave one of them out",
    );
}

#[test]
fn a_pruner_is_part_of_the_identity() {
    let digest = |search: &str| sweep(search).unwrap_or_else(|e| panic!("{e}")).digest;
    let without = digest("seed = 0");
    assert_eq!(without, digest("pruner = \"none\""));
    assert_ne!(without, digest("pruner = \"asha\""));
    assert_eq!(digest("pruner = \"asha\""), digest("pruner = { kind = \"asha\", eta = 3 }"));
    assert_ne!(digest("pruner = \"asha\""), digest("pruner = { kind = \"asha\", eta = 4 }"));
    assert_ne!(digest("pruner = \"asha\""), digest("pruner = { kind = \"asha\", grace = 5 }"));
}
