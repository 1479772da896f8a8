//! What a model leans on, where it errs, what mattered in a sweep, and runs that are better together.

use crate::program::{Place, json, shows};
use serde_json::Value;

/// Numbers from 1 that a JSON array holds.
fn numbers(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|number| number.as_u64().unwrap()).collect()
}

/// The score of a run by a metric.
fn score(run: &Value, metric: &str) -> f64 {
    run["metrics"][metric]["score"].as_f64().unwrap()
}

#[test]
fn a_run_is_explained_on_rows_that_its_models_have_not_seen() {
    let place = Place::recorded();
    shows!(place.shown("explain quick"), @"
    exit 0
     run 3 (knn)   permutation importance, 10 shuffles: how much worse accuracy gets without a column
     123 search rows, each by the fold's model that has not seen it (5 folds)   accuracy 0.9837
     COLUMN           WORSE BY  95 % INTERVAL
     petal_length_cm      0.57  0.48 … 0.67     ████████████████████
     petal_width_cm       0.11  0.048 … 0.16    ███▊
     sepal_width_cm      0.032  0.0022 … 0.061  █▏
     sepal_length_cm     0.029  -0.0014 … 0.06  █
     the intervals of 1 of 4 columns hold 0: the score may do without each by itself
     note   2 of 4 columns say nearly what another says: each alone looks idle; --together 0.9 shuffles them together
    ");
    shows!(place.shown("explain quick --shap --max-rows 30"), @"
    exit 0
     run 3 (knn)   kernel SHAP, all coalitions: mean |contribution| to the probability, summed over the classes
     30 drawn from 123 search rows, each by the fold's model that has not seen it (5 folds)
     COLUMN           MEAN |SHAP|        0       1        2
     petal_length_cm         1.14    0.555   0.378    0.202  ████████████████████
     petal_width_cm         0.198     0.01   0.094   0.0939  ███▌
     sepal_length_cm       0.0498  0.00303  0.0228    0.024  ▉
     sepal_width_cm        0.0236  0.00606  0.0106  0.00689  ▍
    ");
    shows!(place.shown("explain 4 --row 2"), @"
    exit 0
     run 4 (decision_tree)   row 2   predicted 0 (1)   truth 0   by the model of fold 3, which has not seen the row
     TreeSHAP, interventional: from the mean probability of '0' of the background to that of the row
     COLUMN           CELL    ADDS  SO FAR
     base                           0.3333
     petal_length_cm   1.4  +0.667       1  +████████████████████
     sepal_length_cm   4.9       0       1
     sepal_width_cm      3       0       1
     petal_width_cm    0.2       0       1
     output                              1
    ");
    let csv = place.derby(&["explain", "quick", "--csv", "--repeats", "2"]).out;
    assert!(
        csv.starts_with("column,metric,mean,lower,upper,sd\npetal_length_cm,accuracy,0."),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 5);
    let found = json(&place.derby(&["explain", "quick", "--json"]));
    assert_eq!(found["source"], "out-of-fold");
    let run = json(&place.derby(&["show", "quick", "--json"]));
    let rows = found["rows"].as_u64().unwrap();
    assert!(rows < 150 && rows > 100, "the holdout is left out: {rows} of {run}");
    let again = json(&place.derby(&["explain", "quick", "--json"]));
    assert_eq!(found, again);
}

#[test]
fn the_holdout_is_looked_at_only_on_demand_and_never_in_silence() {
    let place = Place::recorded();
    let check = |words: &[&str]| {
        let quiet = place.derby(words);
        assert_eq!(quiet.code, 0, "{}", quiet.err);
        assert!(
            !quiet.out.contains("look at the holdout") && quiet.err.is_empty(),
            "{}",
            quiet.out
        );
        let loud = place.derby(&[words, &["--holdout"]].concat());
        assert_eq!(loud.code, 0, "{}", loud.err);
        let said = format!("{}{}", loud.out, loud.err);
        assert!(said.contains("this is a look at the holdout"), "{said}");
    };
    check(&["explain", "quick"]);
    check(&["explain", "quick", "--json"]);
    check(&["explain", "quick", "--csv"]);
    check(&["explain", "quick", "--shap", "--max-rows", "5"]);
    check(&["errors", "quick"]);
    check(&["errors", "quick", "--json"]);
    // No row is in both.
    let rows = |words: &[&str]| {
        let found = json(&place.derby(&[words, &["--json", "-n", "150"]].concat()));
        let worst = found["worst"].as_array().unwrap().iter();
        worst.map(|row| row["row"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let (search, holdout) = (rows(&["errors", "4"]), rows(&["errors", "4", "--holdout"]));
    assert!(!search.is_empty() && !holdout.is_empty());
    assert!(search.iter().all(|row| !holdout.contains(row)));
    let refused = place.derby(&["explain", "4", "--row", &holdout[0].to_string()]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("it is of the holdout"), "{}", refused.err);
    let shown = place.derby(&["explain", "4", "--row", &holdout[0].to_string(), "--holdout"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
}

#[test]
fn errors_are_counted_and_placed() {
    let place = Place::recorded();
    shows!(place.shown("errors quick -n 3"), @r"
    exit 0
     run 3 (knn)   123 search rows, each by the fold's model that has not seen it (5 folds)   accuracy 0.9837
     TRUE \ PREDICTED   0   1   2  RECALL  PRECISION
     0                 41   0   0       1          1
     1                  0  44   0       1      0.957
     2                  0   2  36   0.947          1
     worst rows   log loss, rows count from 1
     ROW  TRUTH  PREDICTED  PROBABILITY  LOG LOSS  FOLD
     107  2      1                0.733      1.32     1
     139  2      1                  0.6     0.916     2
      78  1      1                0.533     0.629     2
     weakest segments   mean log loss 0.0887 over all rows
     WHERE                                            ROWS  MEAN LOG LOSS  ACCURACY  95 % INTERVAL     P
     4.4 < petal_length_cm ≤ 5.1                        29          0.345     0.931  0.828 … 1      0.01
     petal_width_cm > 1.3                               58          0.179     0.966  0.914 … 1      0.04
     sepal_width_cm ≤ 3.2                               87          0.122     0.977  0.943 … 1      0.68
     sepal_length_cm ≤ 5.5 and 1.9 < petal_length_c…    10          0.168       0.9  0.7 … 1           1
     p: how often a search among shuffled losses finds a segment as bad
    ");
    let found = json(&place.derby(&["errors", "quick", "--json"]));
    let wrong: f64 = (0..3)
        .flat_map(|t| (0..3).filter(move |p| *p != t).map(move |p| (t, p)))
        .map(|(t, p)| found["confusion"]["counts"][t][p].as_f64().unwrap())
        .sum();
    let rows = found["rows"].as_f64().unwrap();
    let accuracy = found["score"].as_f64().unwrap();
    assert!((1.0 - wrong / rows - accuracy).abs() < 1e-12, "{found}");
    for segment in found["segments"].as_array().unwrap() {
        assert!(numbers(&segment["rows"]).len() >= 10);
    }
}

/// The folder of the only packed run.
fn packed(place: &Place) -> String {
    let folder = std::fs::read_dir(place.path(".derby/bundles")).unwrap().next().unwrap();
    format!(".derby/bundles/{}", folder.unwrap().file_name().to_str().unwrap())
}

#[test]
fn a_bundle_is_looked_at_on_the_rows_of_a_file() {
    let place = Place::recorded();
    let of_run = json(&place.derby(&["errors", "quick", "--data", "iris.csv", "--json"]));
    let bundle = packed(&place);
    let found = json(&place.derby(&["errors", &bundle, "--data", "iris.csv", "--json"]));
    assert_eq!(found["confusion"], of_run["confusion"]);
    assert_eq!(found["rows"], 150);
    assert!(found["notes"][0].as_str().unwrap().contains("the model was trained on"), "{found}");
    let text = std::fs::read_to_string(place.path("iris.csv")).unwrap();
    let mut lines = text.lines();
    let head = lines.next().unwrap();
    // Without the target there is nothing to compare with, but predictions can be attributed.
    let bare = |line: &str| line.rsplit_once(',').unwrap().0.to_string();
    let first: Vec<String> = [head].into_iter().chain(lines.clone().take(12)).map(bare).collect();
    place.write("bare.csv", &first.join("\n"));
    let shap = place.derby(&["explain", &bundle, "--data", "bare.csv", "--shap", "--json"]);
    assert_eq!(json(&shap)["rows"], 12);
    let strange: Vec<String> =
        [head.to_string()].into_iter().chain(lines.take(12).map(|l| format!("{l}x"))).collect();
    place.write("strange.csv", &strange.join("\n"));
    shows!(place.snapshot(&place.derby(&["errors", &bundle])).replace(&bundle, "BUNDLE"), @"
    exit 2
    stderr
    error: 'BUNDLE' is a bundle, which holds no rows
    hint: --data FILE names rows; a run is looked at on the rows of its own sweep
    ");
    shows!(place.shown(&format!("errors {bundle} --data bare.csv")), @"
    exit 1
    stderr
    error: bare.csv, line 1: the column 'target', which the model reads, cannot be found; mend: add what is missing, with empty cells if unknown; columns there: 'sepal_length_cm', 'sepal_width_cm', 'petal_length_cm', 'petal_width_cm'
    hint: 'target' is the truth to compare with; derby predict and explain --shap do without it
    ");
    shows!(place.shown(&format!("errors {bundle} --data strange.csv")), @"
    exit 1
    stderr
    error: strange.csv, row 1: the target 'target' holds '0x', which the model does not know
    hint: its classes are 0, 1, 2; remove the other rows
    ");
    shows!(place.shown(&format!("explain {bundle} --data missing.csv")), @"
    exit 1
    stderr
    error: there is no file 'missing.csv'; mend: check the path, which a sweep file names from its own folder
    ");
}

const BOWL: &str = r#"
name = "bowl"
function = "sphere"
[params]
x = { low = -1.0, high = 1.0 }
y = { low = -1.0, high = 1.0 }
[search]
sampler = "random"
[budget]
trials = 30
"#;

#[test]
fn a_sweep_says_what_mattered() {
    let place = Place::new();
    place.write("bowl.toml", BOWL);
    let closing = place.derby(&["sweep", "bowl.toml"]);
    assert!(closing.out.contains(" what mattered  "), "{}", closing.out);
    assert!(closing.out.contains("(PED-ANOVA, 30 runs)"), "{}", closing.out);
    shows!(place.shown("importance"), @"
    exit 0
     bowl   value   PED-ANOVA over 30 trials
     what sets the best trials apart from the rest
     PARAMETER  SHARE  95 % INTERVAL
     x           0.57  0.02 … 0.91    ████████
     y           0.43  0.09 … 0.98    ██████
     intervals   500 bootstrap resamples of the trials
     note   only 3 trials count as the best; 50 or more trials in all make it steadier
    ");
    let shap = place.shown("importance bowl --method shap");
    assert!(shap.contains(" BETTER"), "{shap}");
    let csv = place.derby(&["importance", "bowl", "--method", "fanova", "--csv"]).out;
    assert!(csv.starts_with("method,id,name,share,share_low,share_high,raw,"), "{csv}");
    let found = json(&place.derby(&["importance", "--json"]));
    let shares = found["params"].as_array().unwrap().iter();
    let sum: f64 = shares.map(|param| param["share"].as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-9);
    place.write(
        "line.toml",
        &BOWL.replace("bowl", "line").replace("y = { low = -1.0, high = 1.0 }\n", ""),
    );
    let single = place.derby(&["sweep", "line.toml"]);
    assert_eq!(single.code, 0, "{}", single.err);
    assert!(!single.out.contains("what mattered"), "{}", single.out);
    let few = place.derby(&["sweep", "bowl.toml", "--set", "name=\"few\"", "--trials", "19"]);
    assert!(!few.out.contains("what mattered"), "{}", few.out);
}

const BLEND: &str = r#"
name = "blend"
[objective]
metric = "log_loss"
[data]
path = "assets/breast_cancer.csv"
target = "target"
holdout = 0.2
folds = 3
[models.logistic]
C = { low = 1e-3, high = 1.0, log = true }
[models.naive_bayes]
[models.decision_tree]
max_depth = { low = 1, high = 6 }
[preprocess]
scale = "standard"
[search]
sampler = "random"
[budget]
trials = 12
"#;

#[test]
fn an_ensemble_is_a_run_like_any_other() {
    let place = Place::with_examples();
    place.write("blend.toml", BLEND);
    assert_eq!(place.derby(&["sweep", "blend.toml", "-q"]).code, 0);
    let best = place.derby(&["best", "--json"]).out;
    let made = json(&place.derby(&["ensemble", "--name", "all", "--json", "--rounds", "20"]));
    let members = made["members"].as_array().unwrap();
    assert!(members.len() > 1, "{made}");
    let weights: f64 = members.iter().map(|member| member["weight"].as_f64().unwrap()).sum();
    assert!((weights - 1.0).abs() < 1e-9);
    assert!(members.windows(2).all(|two| two[0]["weight"].as_f64() >= two[1]["weight"].as_f64()));
    let run = json(&place.derby(&["show", "all", "--json"]));
    assert_eq!(run["params"]["model"], "ensemble");
    assert_eq!(run["params"]["members"], members.len());
    assert_eq!((&run["experiment"], &run["sweep"]), (&"blend".into(), &Value::Null));
    assert!(run["tags"].get("ensemble").is_some());
    assert_eq!(run["metrics"]["log_loss"]["n"], 3);
    assert!(score(&run, "log_loss_nested").is_finite());
    // It is of no sweep: the sweep's own best stays what it was.
    assert_eq!(place.derby(&["best", "--json"]).out, best);
    // Its folds are fitted again from its members, and give the score that was recorded.
    let errors = json(&place.derby(&["errors", "all", "--json"]));
    let (then, now) = (made["score"].as_f64().unwrap(), errors["score"].as_f64().unwrap());
    assert!((then - now).abs() < 1e-6, "{then} {now}");
    // Its bundle, fitted on the search rows, predicts.
    let packed = json(&place.derby(&["explain", "all", "--holdout", "--json", "--repeats", "1"]));
    assert!(packed["score"].as_f64().unwrap() < 0.3, "{packed}");
    let shap = json(&place.derby(&["explain", "all", "--row", "1", "--json"]));
    let columns = shap["columns"].as_array().unwrap().iter();
    let sum: f64 = columns.map(|column| column["value"].as_f64().unwrap()).sum();
    let (base, output) = (shap["base"].as_f64().unwrap(), shap["output"].as_f64().unwrap());
    assert!((base + sum - output).abs() < 1e-9 && (0.0..=1.0).contains(&output), "{shap}");
    let refused = place.derby(&["reproduce", "all"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("is an ensemble"), "{}", refused.err);
}

#[test]
fn what_cannot_be_looked_into_says_why() {
    let place = Place::recorded();
    shows!(place.shown("explain sphere"), @"
    exit 1
    stderr
    error: run 10 is of no built-in model, so derby cannot look into it
    hint: derby artifacts lists what its command left behind
    ");
    shows!(place.shown("explain quick --together 2"), @"
    exit 2
    stderr
    error: '--together 2' is no correlation; mend: above 0, at most 1
    ");
    shows!(place.shown("explain quick --class setosa"), @"
    exit 2
    stderr
    error: '--class' is of --shap and --row; mend: add --shap
    ");
    shows!(place.shown("explain quick --shap --class tulip"), @"
    exit 2
    stderr
    error: '--class tulip' is no class; mend: one of 0, 1, 2
    ");
    shows!(place.shown("explain quick --metric acuracy"), @"
    exit 2
    stderr
    error: unknown metric 'acuracy'; did you mean 'accuracy'?
    ");
    shows!(place.shown("explain quick --metric fit_seconds"), @"
    exit 2
    stderr
    error: 'fit_seconds' is measured, not scored from predictions; mend: --metric NAME
    ");
    shows!(place.shown("explain quick --repeats 0"), @"
    exit 2
    stderr
    error: 'repeats' cannot be 0; mend: at least 1
    ");
    shows!(place.shown("explain quick --max-rows 0"), @"
    exit 2
    stderr
    error: '--max-rows 0' leaves no row; mend: at least 1
    ");
    shows!(place.shown("explain quick --row 151"), @"
    exit 2
    stderr
    error: row '151' is none of these: 123 search rows, each by the fold's model that has not seen it (5 folds)
    hint: rows count from 1
    ");
    shows!(place.shown("errors 999"), @"
    exit 1
    stderr
    error: no run '999'; `derby runs` lists them
    ");
    shows!(place.shown("importance broken"), @"
    exit 5
    stderr
    error: sweep 'broken': PED-ANOVA needs at least 2 trials with a score, there are 0; mend: let the sweep run longer
    hint: not counted: 2 failed; derby runs sweep:broken shows why
    ");
    shows!(place.shown("importance quick --best 2"), @"
    exit 2
    stderr
    error: '--best 2' is no share; mend: a share between 0 and 1, such as 0.1
    ");
    shows!(place.shown("importance quick --best 0.2 --method fanova"), @"
    exit 2
    stderr
    error: '--best' is of --method ped-anova; mend: remove one of them
    ");
    shows!(place.shown("ensemble sphere"), @"
    exit 5
    stderr
    error: sweep 'sphere' keeps no out-of-fold predictions: none of its 4 runs with a score has any
    hint: only built-in models have them, and [data] keep_predictions says of how many runs they are kept
    ");
    shows!(place.shown("ensemble quick --top 0"), @"
    exit 2
    stderr
    error: '--top 0' chooses nothing; mend: at least 1
    ");
    shows!(place.shown("ensemble quick --top 1"), @"
    exit 5
    stderr
    error: an ensemble takes two runs, and run 3 is the only one to choose
    hint: --top and [data] keep_predictions say how many there are to choose from
    ");
}

/// A grid over eight values; the script writes what `scores` says, but fails for values over `most`.
fn eight(name: &str, objectives: &str, scores: &str, most: u64) -> String {
    format!(
        r#"name = "{name}"
{objectives}
[command]
run = ["sh", "-c", "[ $DERBY_PARAM_N -le {most} ] && echo '{{{{{scores}}}}}'"]
[params]
n = [1, 2, 3, 4, 5, 6, 7, 8]
m = [5]
[search]
sampler = "grid"
"#
    )
}

#[test]
fn importance_says_what_does_not_count() {
    let place = Place::new();
    let loss = "[objective]\nmetric = \"loss\"\ngoal = \"minimize\"";
    let n = r#"\"loss\": '$DERBY_PARAM_N'"#;
    for (name, scores, most) in
        [("some", n, 6), ("flat", r#"\"loss\": 1"#, 6), ("none", n, 0), ("one", n, 1)]
    {
        place.write(&format!("{name}.toml"), &eight(name, loss, scores, most));
        place.derby(&["sweep", &format!("{name}.toml"), "-q"]);
    }
    shows!(place.shown("importance some"), @"
    exit 0
     some   loss   PED-ANOVA over 6 trials
     what sets the best trials apart from the rest
     PARAMETER  SHARE
     n           1.00  ██████████████
     left out   2 failed
     note   only 1 trial counts as the best; 50 or more trials in all make it steadier
    ");
    shows!(place.shown("importance flat --method shap"), @"
    exit 5
    stderr
    error: sweep 'flat': all 6 trials have the same score 1, so no parameter made a difference; mend: score by a finer metric, or widen the ranges
    ");
    shows!(place.shown("importance none"), @"
    exit 5
    stderr
    error: sweep 'none': PED-ANOVA needs at least 2 trials with a score, there are 0; mend: let the sweep run longer
    hint: not counted: 8 failed; derby runs sweep:none shows why
    ");
    shows!(place.shown("importance one --method fanova"), @"
    exit 5
    stderr
    error: sweep 'one': fANOVA needs at least 4 trials with a score, there is 1; mend: let the sweep run longer
    hint: not counted: 7 failed; derby runs sweep:one shows why
    ");
    shows!(place.shown("plot importance one -o x.svg"), @"
    exit 5
    stderr
    error: sweep 'one': PED-ANOVA needs at least 2 trials with a score, there is 1; mend: let the sweep run longer
    hint: not counted: 7 failed; derby runs sweep:one shows why
    ");
    shows!(place.shown("importance some --method shap --best 0.2"), @"
    exit 2
    stderr
    error: '--best' is of --method ped-anova; mend: remove one of them
    ");
}

#[test]
fn importance_is_of_one_objective_and_names_the_others() {
    let place = Place::new();
    let two = "[[objective]]\nmetric = \"loss\"\ngoal = \"minimize\"\n[[objective]]\nmetric = \"gain\"\ngoal = \"maximize\"";
    let scores = r#"\"loss\": '$DERBY_PARAM_N', \"gain\": '$DERBY_PARAM_N'"#;
    place.write("both.toml", &eight("both", two, scores, 7));
    place.derby(&["sweep", "both.toml", "-q"]);
    shows!(place.shown("importance both --method fanova --metric gain"), @"
    exit 0
     both   gain   fANOVA over 7 trials
     shares of the score's variance over the whole space
     PARAMETER  SHARE                  OF VARIANCE
     n           1.00  ██████████████            1
     variance     1.00 by single parameters, 0.00 by pairs, 0.00 by more together
     left out     1 failed
     objectives   the others: --metric loss
     note   7 trials for 1 parameter; 10 or more make the forest trustworthy
    ");
    shows!(place.shown("importance both --metric gains"), @"
    exit 2
    stderr
    error: unknown metric 'gains'
    hint: sweep 'both' aims at loss and gain; derby show RUN lists what else a run has
    ");
    let found = json(&place.derby(&["importance", "both", "--method", "shap", "--json"]));
    let shape =
        |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    shows!(shape(&found), @"sweep metric goal method trials of left_out intervals explained variance params pairs notes");
    shows!(shape(&found["params"][0]), @"id name share share_low share_high raw raw_low raw_high active better correlation");
    assert_eq!((&found["metric"], &found["goal"]), (&"loss".into(), &"minimize".into()));
    assert_eq!(found["left_out"], serde_json::json!({"failed": 1}));
    assert_eq!(found["params"][0]["better"], "1");
    let gain =
        json(&place.derby(&["importance", "--method", "shap", "--metric", "gain", "--json"]));
    assert_eq!(gain["params"][0]["better"], "7");
}
