//! `[gate]`: rules as they are read, and what is refused.

use super::*;
use crate::domain::Objective;
use crate::gate::{Approval, Comparator, Interval, Policy, Rule};

const TOP: &str =
    "[objective]\nmetric = \"accuracy\"\n[data]\npath = \"x.csv\"\ntarget = \"y\"\n[models.svm]\n";

fn policy(gate: &str) -> Option<Policy> {
    parsed(&format!("{TOP}{gate}")).unwrap().gate
}

fn refused(gate: &str, part: &str) {
    let text = parsed(&format!("{TOP}{gate}")).unwrap_err().to_string();
    assert!(text.contains(part), "{text}");
}

fn parsed(text: &str) -> Result<Sweep, SpecError> {
    parse(text, Format::Toml, Path::new("x.toml"), &Overrides::default(), &known())
}

#[test]
fn defaults_and_every_key() {
    assert_eq!(policy(""), None);
    let objective = Objective { metric: "accuracy".into(), goal: Goal::Maximize };
    assert_eq!(policy("[gate]"), Some(Policy::new(objective)));
    let full = policy(
        "[gate]\nrule = \"non_inferior\"\nmargin = 0.01\nmetric = \"roc_auc\"\nalpha = 0.1\ndraws = 2000\nseed = 3\n\
         interval = \"bca\"\nmin_rows = 200\nrequire = [\"recall >= 0.95\", \"predict_us < 50\"]\nmax_ece = 0.1\n\
         data_checks = false\napproval = \"automatic\"\n[gate.slices]\ncolumns = [\"sex\"]\nmax_drop = 0.02\n",
    )
    .unwrap();
    assert_eq!(full.rule, Rule::NonInferior { margin: 0.01 });
    assert_eq!((full.alpha, full.draws, full.seed, full.min_rows), (0.1, 2000, 3, 200));
    assert_eq!((full.interval, full.approval), (Interval::Bca, Approval::Automatic));
    assert_eq!(full.require[0].comparator, Comparator::AtLeast);
    assert_eq!((full.require[1].metric.as_str(), full.require[1].value), ("predict_us", 50.0));
    assert_eq!(full.slices.unwrap().min_rows, 30);
}

#[test]
fn rules_are_no_part_of_a_sweep_and_who_approves_none_of_a_policy() {
    let digest = |gate: &str| parsed(&format!("{TOP}{gate}")).unwrap().digest;
    assert_eq!(digest(""), digest("[gate]\nalpha = 0.01"));
    let policy = |gate: &str| policy(gate).unwrap().digest();
    assert_eq!(policy("[gate]"), policy("[gate]\napproval = \"automatic\""));
    assert_ne!(policy("[gate]"), policy("[gate]\nmin_gain = 0.001"));
}

#[test]
fn problems() {
    refused("[gate]\nrule = \"better\"", "unknown rule 'better'");
    refused("[gate]\nrule = \"non_inferior\"", "'margin' is missing");
    refused("[gate]\nmargin = 0.1", "'margin' is for rule = \"non_inferior\"");
    refused("[gate]\nrule = \"absolute\"", "judges by thresholds alone");
    refused("[gate]\nmin_gain = -1", "'min_gain' must be a number of at least 0");
    refused("[gate]\nalpha = 0.5", "'alpha' must be a probability above 0 and below 0.5");
    refused("[gate]\nrequire = [\"recall\"]", "'recall' is no requirement");
    refused("[gate]\nrequire = [\"accuracy >= nan\"]", "is no requirement");
    refused("[gate]\nrequire = [\"recal >= 0.9\"]", "unknown metric 'recal'");
    refused("[gate]\nrequire = [\"recall > 0.9\", \"recall >= 0.8\"]", "bounded twice on one side");
    refused("[gate]\nslices = { columns = [\"sex\"] }", "'max_drop' is missing");
    refused("[gate]\nmetric = \"fit_seconds\"", "unknown metric 'fit_seconds'");
    refused("[gate]\ndraws = 10", "'draws' must be a whole number from 1000");
    refused("[gate]\nrul = \"superior\"", "unknown key 'rul'");
    let function = "function = \"sphere\"\n[params]\nx = { low = 0.0, high = 1.0 }\n[gate]\n";
    assert!(
        parsed(function)
            .unwrap_err()
            .to_string()
            .contains("a test function has nothing to promote")
    );
}

#[test]
fn a_command_takes_data_for_its_split() {
    let text = |more: &str| {
        format!("[objective]\nmetric = \"accuracy\"\n[command]\nrun = [\"true\"]\n{more}")
    };
    let data = "[data]\npath = \"x.csv\"\ntarget = \"y\"\n";
    let Work::Command(section) = parsed(&text(data)).unwrap().work else { unreachable!() };
    assert_eq!(section.data.unwrap().data.target, "y");
    assert_ne!(parsed(&text(data)).unwrap().digest, parsed(&text("")).unwrap().digest);
    let drop = parsed(&text(&format!("{data}missing_target = \"drop\"\n"))).unwrap_err();
    assert!(drop.to_string().contains("would number the rows anew"));
    let gate = text("[gate]\nrequire = [\"bleu > 0.3\"]\n");
    assert_eq!(parsed(&gate).unwrap().gate.unwrap().require[0].metric, "bleu");
}
