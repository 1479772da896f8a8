//! Tests of the gate's statistics against SciPy, statsmodels, baycomp and scikit-learn.

use super::bootstrap::Gains;
use super::interval::{bca_levels, bounds};
use super::{
    Candidates, Interval, calibration, corrected_by_selection, corrected_t, delong, mcnemar, welch,
};
use super::{influence, spent_alpha};
use crate::domain::{Goal, Labels, Objective, Prediction};
use crate::numeric;
use crate::numeric::Rng;
use serde_json::Value as Json;

fn fixture(part: &str) -> Json {
    let all: Json = serde_json::from_str(include_str!("../../tests/fixtures/gate.json")).unwrap();
    all[part].clone()
}

fn floats(json: &Json) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn float(json: &Json) -> f64 {
    json.as_f64().unwrap()
}

fn close(found: f64, expect: f64, what: &str) {
    assert!((found - expect).abs() <= 1e-10 * expect.abs().max(1.0), "{what}: {found} {expect}");
}

fn rows(json: &Json) -> &Vec<Json> {
    json.as_array().unwrap()
}

#[test]
fn distributions_are_those_of_scipy() {
    let all = fixture("distributions");
    for (z, expect) in floats(&all["z"]).iter().zip(floats(&all["normal_cdf"])) {
        close(numeric::normal_cdf(*z), expect, "normal cdf");
    }
    let p = floats(&all["p"]);
    for (p, expect) in p.iter().zip(floats(&all["normal_quantile"])) {
        close(numeric::normal_quantile(*p), expect, "normal quantile");
    }
    for (at, freedom) in floats(&all["freedom"]).into_iter().enumerate() {
        for (z, expect) in floats(&all["z"]).iter().zip(floats(&all["t_cdf"][at])) {
            close(numeric::student_t_cdf(*z, freedom), expect, "t cdf");
        }
        for (p, expect) in p[1..7].iter().zip(floats(&all["t_quantile"][at])) {
            close(
                numeric::student_t_quantile(*p, freedom),
                expect,
                &format!("t quantile {p} {freedom}"),
            );
        }
    }
    for (at, pair) in rows(&all["counts"]).iter().enumerate() {
        let (k, n) = (pair[0].as_u64().unwrap(), pair[1].as_u64().unwrap());
        close(numeric::binomial_cdf(k, n, 0.5), float(&all["binomial_cdf"][at]), "binomial cdf");
        close(numeric::binomial_pmf(k, n, 0.5), float(&all["binomial_pmf"][at]), "binomial pmf");
        close(numeric::share_upper(k, n, 0.05), float(&all["share_upper"][at]), "share");
    }
}

#[test]
fn mcnemar_is_that_of_statsmodels() {
    for case in rows(&fixture("mcnemar")) {
        let test = mcnemar(case["won"].as_u64().unwrap(), case["lost"].as_u64().unwrap());
        close(test.exact, float(&case["exact"]), "exact");
        close(test.mid_p, float(&case["mid_p"]), "mid-p");
    }
}

#[test]
fn delong_is_the_sum_over_all_pairs() {
    for case in rows(&fixture("delong")) {
        let positive: Vec<bool> = floats(&case["y"]).iter().map(|y| *y == 1.0).collect();
        let test = delong(&positive, &floats(&case["a"]), &floats(&case["b"])).unwrap();
        close(test.first, float(&case["areas"][0]), "first area");
        close(test.second, float(&case["areas"][1]), "second area");
        close(test.standard_error, float(&case["se"]), "standard error");
        close(test.p, float(&case["p"]), "p");
    }
    assert_eq!(delong(&[true, false, false], &[1.0; 3], &[0.0; 3]), None);
    let same = delong(&[true, true, false, false], &[1.0; 4], &[2.0; 4]).unwrap();
    assert_eq!((same.z, same.p), (0.0, 1.0));
}

#[test]
fn tests_of_folds_are_those_of_baycomp_and_scipy() {
    for case in rows(&fixture("folds")) {
        let (a, b) = (floats(&case["a"]), floats(&case["b"]));
        let test = corrected_t(&a, &b, case["n_folds"].as_u64().unwrap() as usize).unwrap();
        close(test.p(), float(&case["p"]), "p");
        close(test.cdf(0.0), float(&case["one_sided"]), "baycomp without a region");
        let (worse, same, better) = test.rope(0.005);
        for (found, expect) in [worse, same, better].into_iter().zip(floats(&case["rope"])) {
            close(found, expect, "rope");
        }
        let test = welch(&a, &b[..b.len() - 1]).unwrap();
        close(test.p(), float(&case["welch_p"]), "welch");
        close(test.freedom, float(&case["welch_freedom"]), "welch's freedom");
    }
    assert_eq!(welch(&[1.0, 1.0], &[2.0, 2.0]), None);
    let sure = corrected_t(&[0.9, 0.9], &[0.8, 0.8], 2).unwrap();
    assert!(sure.p() < 1e-9 && sure.rope(0.01).2 > 0.999);
}

#[test]
fn calibration_is_that_of_scikit_learn() {
    for case in rows(&fixture("calibration")) {
        let p = floats(&case["p"]);
        let codes = floats(&case["y"]).iter().map(|y| *y as u32).collect();
        let truth = Labels::Classes { codes, n_classes: 2, positive: 1 };
        let said =
            Prediction::from_probabilities(p.iter().flat_map(|p| [1.0 - p, *p]).collect(), 2);
        let found = calibration(&truth, &said, None, 0).unwrap();
        close(found.error, float(&case["ece"]), "ece");
        let ones = vec![2.5; p.len()];
        close(
            calibration(&truth, &said, Some(&ones), 0).unwrap().error,
            float(&case["ece"]),
            "weighted",
        );
    }
}

fn gains(draws: Vec<f64>, left_out: &[f64]) -> Gains {
    let influence = influence::centered(left_out.iter().map(|gain| (*gain, 1.0)).collect());
    let independent = 1 << 40;
    Gains { draws, influence, effective: 1e12, independent, method: String::new(), swap: None }
}

#[test]
fn bca_levels_are_those_of_scipy() {
    let case = fixture("interval");
    let (draws, left_out) = (floats(&case["draws"]), floats(&case["left_out"]));
    let gain = numeric::mean(&floats(&case["d"]));
    let found = gains(draws, &left_out);
    let mut sorted = found.draws.clone();
    sorted.sort_by(f64::total_cmp);
    let acceleration = influence::acceleration(&found.influence);
    let (low, high) = bca_levels(&sorted, gain, acceleration, 0.05);
    close(low, float(&case["levels"][0]), "low");
    close(high, float(&case["levels"][1]), "high");
}

#[test]
fn intervals_of_a_mean_are_those_of_scipy_up_to_chance() {
    let case = fixture("interval");
    let d = floats(&case["d"]);
    let mut rng = Rng::new(1);
    let draws =
        (0..200_000).map(|_| (0..60).map(|_| d[rng.below(60)]).sum::<f64>() / 60.0).collect();
    let found = gains(draws, &floats(&case["left_out"]));
    for (interval, name) in [(Interval::Percentile, "percentile"), (Interval::Bca, "BCa")] {
        let bounds = bounds(&found, numeric::mean(&d), 0.05, interval);
        let expect = floats(&case["mean"][name]);
        assert!((bounds.lower - expect[0]).abs() < 2e-3, "{name} {} {}", bounds.lower, expect[0]);
        assert!((bounds.upper - expect[1]).abs() < 2e-3, "{name} {} {}", bounds.upper, expect[1]);
    }
}

#[test]
fn a_choice_among_many_is_corrected_as_in_the_paper() {
    let case = fixture("selection");
    let codes = floats(&case["y"]).iter().map(|y| *y as u32).collect();
    let truth = Labels::Classes { codes, n_classes: 2, positive: 1 };
    let said: Vec<Prediction> = rows(&case["p"])
        .iter()
        .map(|run| floats(run).iter().flat_map(|p| [1.0 - p, *p]).collect())
        .map(|p| Prediction::from_probabilities(p, 2))
        .collect();
    for (metric, goal) in [("accuracy", Goal::Maximize), ("log_loss", Goal::Minimize)] {
        let objective = Objective { metric: metric.into(), goal };
        let candidates = Candidates {
            objective: &objective,
            truth: &truth,
            predictions: said.iter().collect(),
            selected: 0.9,
            of: 20,
            draws: 4_000,
            seed: 1,
        };
        let found = corrected_by_selection(&candidates).unwrap().unwrap();
        let expect = floats(&case[metric]);
        for (found, expect) in [found.corrected, found.lower, found.upper].into_iter().zip(expect) {
            assert!((found - expect).abs() < 0.012, "{metric}: {found} {expect}");
        }
        assert_eq!((found.runs, found.of), (8, 20));
    }
}

#[test]
fn alpha_is_spent_and_never_overspent() {
    assert_eq!(spent_alpha(0.05, 1), 0.025);
    let spent: f64 = (1..100_000).map(|k| spent_alpha(0.05, k)).sum();
    assert!(spent < 0.05 && spent > 0.0499);
}
