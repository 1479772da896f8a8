//! Whatever the text, there is a sweep or an error, and no panic.

use super::*;
use proptest::prelude::*;

fn any_format() -> impl Strategy<Value = (Format, &'static str)> {
    prop_oneof![
        Just((Format::Toml, FULL)),
        Just((Format::Yaml, FULL_YAML)),
        Just((Format::Json, FULL_JSON))
    ]
}

fn try_read(text: &str, format: Format) {
    match read_as(text, format, &Overrides::default()) {
        Ok(sweep) => {
            let again = read(&sweep.text).unwrap_or_else(|error| panic!("{error}\n{}", sweep.text));
            assert_eq!(again.digest, sweep.digest, "{}", sweep.text);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Values that have broken parsers before.
const HOSTILE: [&str; 18] = [
    "-1",
    "0",
    "nan",
    "inf",
    "1e400",
    "9223372036854775807",
    "-9223372036854775808",
    "\"\"",
    "[]",
    "{}",
    "[[1]]",
    "{ low = 1 }",
    "true",
    "\"none\"",
    "null",
    "2020-01-01",
    "\"\\u0000\"",
    "1e-320",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn arbitrary_text((format, _) in any_format(), text in "(?s).{0,200}") {
        try_read(&text, format);
    }

    #[test]
    fn arbitrary_structure((format, _) in any_format(), text in "[\\[\\]{}=:,\"'a-c1.\n #&*!|>-]{0,80}") {
        try_read(&text, format);
    }

    #[test]
    fn mutated_files(
        (format, text) in any_format(),
        cut in any::<prop::sample::Index>(),
        length in 0..30usize,
        put in prop_oneof![
            prop::sample::select(&HOSTILE[..]).prop_map(ToString::to_string),
            ".{0,6}",
            Just(String::new())
        ],
    ) {
        let chars: Vec<char> = text.chars().collect();
        let start = cut.index(chars.len());
        let end = (start + length).min(chars.len());
        let mutated: String =
            chars[..start].iter().copied().chain(put.chars()).chain(chars[end..].iter().copied()).collect();
        try_read(&mutated, format);
    }

    #[test]
    fn hostile_values(
        key in prop::sample::select(vec![
            "name", "model", "objective", "objective.metric", "objective.goal", "data", "data.path",
            "data.folds", "data.folds.k", "data.holdout", "data.types", "data.types.x", "data.metrics",
            "data.delimiter", "data.positive", "preprocess", "preprocess.scale", "preprocess.fill", "models",
            "models.svm", "models.svm.C", "models.svm.C.low", "models.svm.C.high", "models.svm.C.step",
            "models.svm.gamma.when", "models.svm.gamma.when.kernel", "models.svm.kernel", "models.svm.degree",
            "models.random_forest.max_depth.high", "models.random_forest.n_estimators.step", "search",
            "search.points", "search.sampler", "search.sampler.kind", "search.seed", "search.lag",
            "search.grid_steps", "search.replicates", "command", "command.run", "resources.gpus",
            "resources.monitor", "method", "parameters", "budget", "budget.trials", "budget.time", "resources.memory", "extends", "",
            "a..b", "\"", "a\nb", "function", "params",
        ]),
        value in prop_oneof![prop::sample::select(&HOSTILE[..]).prop_map(ToString::to_string), ".{0,8}"],
    ) {
        let overrides = Overrides { set: vec![(key.into(), value)], ..Overrides::default() };
        match read_as(FULL, Format::Toml, &overrides) {
            Ok(sweep) => prop_assert_eq!(read(&sweep.text).unwrap().digest, sweep.digest),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

#[test]
fn deep_nesting_is_refused() {
    let keys = vec!["a"; 5000].join(".");
    for (text, format) in [
        (format!("{keys} = 1"), Format::Toml),
        (format!("x = {}1{}", "[".repeat(5000), "]".repeat(5000)), Format::Toml),
        (format!("{{\"x\": {}1{}}}", "[".repeat(5000), "]".repeat(5000)), Format::Json),
        (format!("x: {}1{}", "[".repeat(100), "]".repeat(100)), Format::Yaml),
        (format!("x: {}1{}", "[".repeat(5000), "]".repeat(5000)), Format::Yaml),
    ] {
        assert!(read_as(&text, format, &Overrides::default()).is_err(), "{format:?}");
    }
}
