//! `search.warm_start` and `budget.min_improvement`: what they may say, their problems, their place in the identity.

use super::*;
use crate::domain::Value;

fn sweep(search: &str, budget: &str) -> Result<Sweep, String> {
    let text = format!(
        "function = \"noop\"\n[params]\nlr = {{ low = 0.1, high = 1.0 }}\nn = [1, 2, 3]\n\
         [search]\n{search}\n[budget]\n{budget}\n"
    );
    read(&text).map_err(|error| error.to_string())
}

fn problem(search: &str, budget: &str, part: &str) {
    let text = sweep(search, budget).expect_err(search);
    assert!(text.contains(part), "{part}\n{text}");
}

#[test]
fn sweeps_to_learn_from() {
    let check = |line: &str, from: &[&str], assume: &[(&str, Value)]| {
        let warm = sweep(&format!("warm_start = {line}"), "").unwrap().search.warm_start.unwrap();
        assert_eq!(warm.from, from, "{line}");
        let assume: Vec<_> = assume.iter().map(|(id, v)| ((*id).to_string(), v.clone())).collect();
        assert_eq!(warm.assume, assume, "{line}");
    };
    check("\"old\"", &["old"], &[]);
    check("7", &["7"], &[]);
    check("[\"old\", \"older\", 3]", &["old", "older", "3"], &[]);
    check("{ from = \"old\" }", &["old"], &[]);
    let assumed = [("lr", Value::Float(0.5)), ("n", Value::Int(2))];
    check("{ from = [\"old\"], assume = { n = 2, lr = 0.5 } }", &["old"], &assumed);
    assert_eq!(sweep("", "").unwrap().search.warm_start, None);
}

#[test]
fn problems_of_a_warm_start() {
    let check = |line: &str, part: &str| problem(&format!("warm_start = {line}"), "", part);
    check("true", "'warm_start' must be the name or number of a sweep");
    check("[]", "'warm_start' must be the name or number of a sweep");
    check("\"\"", "'warm_start' must be the name or number of a sweep");
    check("0", "not '0'");
    check("[\"a\", 1.5]", "not '1.5'");
    check("[\"a\", \"a\"]", "'warm_start' has the sweep 'a' twice; leave one out");
    check("{ assume = { n = 2 } }", "'from' is missing; name the sweeps");
    check("{ from = \"a\", asume = { n = 2 } }", "unknown key 'asume'; did you mean 'assume'?");
    check("{ from = \"a\", assume = 3 }", "'assume' must be a table like");
    check("{ from = \"a\", assume = { m = 3 } }", "unknown parameter 'm'; the space has lr, n");
    check("{ from = \"a\", assume = { n = 4 } }", "'n' cannot be '4'; it is 1 · 2 · 3");
    check("{ from = \"a\", assume = { lr = 4 } }", "'lr' cannot be '4'; it is 0.1 … 1");
    for sampler in ["grid", "random", "sobol"] {
        let line = format!("sampler = \"{sampler}\"\nwarm_start = \"a\"");
        problem(&line, "", &format!("'{sampler}' learns nothing from trials"));
    }
}

#[test]
fn what_teaches_is_part_of_the_identity() {
    let digest = |search: &str, budget: &str| sweep(search, budget).unwrap().digest;
    let cold = digest("", "");
    let warm = digest("warm_start = \"a\"", "");
    assert_ne!(cold, warm);
    assert_eq!(warm, digest("warm_start = [\"a\"]", ""));
    assert_eq!(warm, digest("warm_start = { from = \"a\" }", ""));
    assert_ne!(warm, digest("warm_start = \"b\"", ""));
    assert_ne!(warm, digest("warm_start = [\"a\", \"b\"]", ""));
    assert_ne!(warm, digest("warm_start = { from = \"a\", assume = { n = 2 } }", ""));
    assert_eq!(cold, digest("", "min_improvement = \"noise\""));
}

#[test]
fn an_improvement_worth_going_on_for() {
    let check = |line: &str, expected: MinImprovement| {
        let budget = sweep("", &format!("min_improvement = {line}")).unwrap().budget;
        assert_eq!(budget.min_improvement, Some(expected));
        assert_eq!(budget.trials, Some(100), "it may never be met");
    };
    check("\"noise\"", MinImprovement::Noise);
    check("0.01", MinImprovement::Score(0.01));
    check("3", MinImprovement::Score(3.0));
    let what = "'min_improvement' must be \"noise\" or a number above 0";
    for wrong in ["\"nois\"", "0", "-1.0", "inf", "true", "[1]"] {
        problem("", &format!("min_improvement = {wrong}"), what);
    }
    let two = "function = \"noop\"\n[params]\nn = [1, 2]\n[[objective]]\nmetric = \"value\"\ngoal = \"minimize\"\n\
               [[objective]]\nmetric = \"other\"\ngoal = \"minimize\"\n[budget]\nmin_improvement = 0.1\n";
    let text = read(two).unwrap_err().to_string();
    assert!(text.contains("'min_improvement' is for one objective, and there are 2"), "{text}");
}
