//! Filters select the same runs in SQL and in memory, over random runs and random filters.

use super::{Attribute, Expr, Field, Literal, Op, Pattern};
use crate::domain::{Outcome, Value};
use crate::store::testing::{context, params, summary};
use crate::store::{Finished, NewRun, Owner, Query, RunContext, Store};
use proptest::prelude::*;

/// A time ago that no run of a test is near to.
const NOW_SPREAD: i64 = 3_600_000;

/// One random run: parameters, metrics, tags, note, extremes of everything.
#[derive(Debug, Clone)]
pub(in crate::store) struct Made {
    x: Option<Value>,
    y: Option<Value>,
    model: Option<Value>,
    x_metric: Option<f64>,
    auc: Option<f64>,
    tag: Option<String>,
    note: Option<String>,
    outcome: Option<bool>,
    has_data: bool,
    seed: Option<i64>,
}

fn text() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "a", "A", "ab", "a b", "b%", "a_b", "é", "É", "10", "true", "none", "\\",
    ])
    .prop_map(String::from)
}

fn float() -> impl Strategy<Value = f64> {
    prop::sample::select(vec![0.0, -1.5, 1.0, 2.0, 10.0, 1e-7, f64::INFINITY, f64::NEG_INFINITY])
}

fn score() -> impl Strategy<Value = f64> {
    prop_oneof![5 => float(), 1 => Just(f64::NAN)]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        prop_oneof![-2i64..11, Just(i64::MAX)].prop_map(Value::Int),
        prop::sample::select(vec![0.0, -1.5, 1.0, 2.0, 1e-7]).prop_map(Value::Float),
        text().prop_map(Value::Text),
    ]
}

pub(in crate::store) fn made() -> impl Strategy<Value = Made> {
    use prop::option::of;
    let settings = (of(value()), of(value()), of(value()), of(score()), of(score()));
    let rest = (of(text()), of(text()), of(any::<bool>()), any::<bool>(), of(-3i64..4));
    (settings, rest).prop_map(
        |((x, y, model, x_metric, auc), (tag, note, outcome, has_data, seed))| Made {
            x,
            y,
            model,
            x_metric,
            auc,
            tag,
            note,
            outcome,
            has_data,
            seed,
        },
    )
}

pub(in crate::store) fn store_of(runs: &[Made]) -> Store {
    let mut store = Store::in_memory().unwrap();
    let owner = Owner::this_process();
    let sweep = store.begin_sweep(&crate::store::testing::new_sweep("a b", "a")).unwrap().id;
    store
        .batch(|store| {
            // Every name is known, so that filters never fail on names.
            let seen = Made {
                x: Some(Value::None),
                y: Some(Value::None),
                model: Some(Value::None),
                x_metric: Some(0.0),
                auc: Some(0.0),
                tag: None,
                note: None,
                outcome: Some(true),
                has_data: false,
                seed: None,
            };
            for (number, made) in runs.iter().chain([&seen]).enumerate() {
                write(store, (number % 2 == 0).then_some(sweep), made, &owner);
            }
            Ok(())
        })
        .unwrap();
    store
}

fn write(store: &mut Store, sweep: Option<crate::domain::SweepId>, made: &Made, owner: &Owner) {
    let named = [("x", &made.x), ("y", &made.y), ("model", &made.model)];
    let pairs: Vec<(&str, Value)> = named
        .iter()
        .filter_map(|&(name, value)| value.clone().map(|value| (name, value)))
        .collect();
    let context = if made.has_data { context() } else { RunContext::default() };
    let new = NewRun {
        sweep,
        trial: None,
        attempt: 1,
        replicate: 0,
        is_queued: false,
        experiment: "a",
        name: None,
        params: &params(&pairs),
        seed: made.seed,
        context: &context,
        owner,
        cached_from: None,
        parent: None,
    };
    let run = store.start_run(&new).unwrap();
    if let Some(is_done) = made.outcome {
        let metrics = [("x", made.x_metric), ("auc", made.auc)];
        let summaries: Vec<_> = metrics
            .iter()
            .filter_map(|(name, score)| score.map(|score| ((*name).to_string(), summary(score))))
            .collect();
        let failed = Outcome::Failed { reason: "a b%".into() };
        let finished = Finished {
            summaries: &summaries,
            seconds: 1.0,
            ..Finished::without_values(if is_done { &Outcome::Done } else { &failed })
        };
        assert!(store.finish_run(run, 1, owner, &finished).unwrap());
    }
    if let Some(tag) = &made.tag {
        store.tag(run, "k", tag).unwrap();
    }
    if let Some(note) = &made.note {
        store.note(run, note).unwrap();
    }
}

pub(in crate::store) fn field() -> impl Strategy<Value = Field> {
    let name = || prop::sample::select(vec!["x", "y", "auc", "model"]).prop_map(String::from);
    prop_oneof![
        name().prop_map(Field::Name),
        prop::sample::select(vec!["x", "auc"]).prop_map(|name| Field::Metric(name.into())),
        prop::sample::select(vec!["x", "y", "model"]).prop_map(|name| Field::Param(name.into())),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop::sample::select(vec![Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge])
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        float().prop_map(Literal::Number),
        text().prop_map(Literal::Text),
        any::<bool>().prop_map(Literal::Bool),
        Just(Literal::None),
    ]
}

fn pattern() -> impl Strategy<Value = Pattern> {
    prop_oneof![
        text().prop_map(Pattern::Exact),
        prop::sample::select(vec!["a*", "*b*", "?", "a?b", "*%", "*_*", "É"]).prop_map(|glob| {
            if glob == "É" { Pattern::Exact(glob.into()) } else { Pattern::Glob(glob.into()) }
        }),
    ]
}

fn on_attribute() -> impl Strategy<Value = Expr> {
    let number = (
        prop::sample::select(vec![
            Attribute::Id,
            Attribute::Trial,
            Attribute::Attempt,
            Attribute::Seed,
            Attribute::Rows,
            Attribute::Seconds,
            Attribute::CpuSeconds,
        ]),
        op(),
        float(),
    )
        .prop_map(|(a, op, v)| (a, op, Literal::Number(v)));
    let words = (
        prop::sample::select(vec![
            Attribute::Experiment,
            Attribute::Sweep,
            Attribute::Note,
            Attribute::User,
        ]),
        op(),
        text(),
    )
        .prop_map(|(a, op, v)| (a, op, Literal::Text(v)));
    let time = (
        prop::sample::select(vec![Attribute::Started, Attribute::Ended]),
        prop::sample::select(vec![Op::Lt, Op::Le, Op::Gt, Op::Ge]),
        prop_oneof![Just(Literal::Ago(NOW_SPREAD)), Just(Literal::Date(0))],
    );
    let hash = (
        prop::sample::select(vec![
            Attribute::Data,
            Attribute::Split,
            Attribute::Commit,
            Attribute::Schema,
        ]),
        prop::sample::select(vec![Op::Eq, Op::Ne]),
        prop::sample::select(vec!["5e", "5c", "51", "c0"])
            .prop_map(|hex| Literal::Text(hex.into())),
    );
    let flag = (
        prop::sample::select(vec![Attribute::Dirty, Attribute::Cached]),
        prop::sample::select(vec![Op::Eq, Op::Ne]),
        any::<bool>().prop_map(Literal::Bool),
    );
    let status = (
        Just(Attribute::Status),
        prop::sample::select(vec![Op::Eq, Op::Ne]),
        prop::sample::select(vec!["done", "failed", "running"])
            .prop_map(|word| Literal::Text(word.into())),
    );
    prop_oneof![number, words, time, hash, flag, status].prop_map(|(attribute, op, value)| {
        Expr::Compare { field: Field::Attribute(attribute), op, value }
    })
}

fn leaf() -> impl Strategy<Value = Expr> {
    let attribute = prop::sample::select(vec![
        Attribute::Seconds,
        Attribute::Note,
        Attribute::Data,
        Attribute::Sweep,
        Attribute::Reason,
    ]);
    let prose = prop::sample::select(vec![Attribute::Note, Attribute::Reason]);
    let texts = prop_oneof![
        Just(Field::Attribute(Attribute::Sweep)),
        Just(Field::Attribute(Attribute::Experiment)),
        Just(Field::Param("model".into())),
    ];
    prop_oneof![
        4 => (field(), op(), literal()).prop_map(|(field, op, value)| Expr::Compare { field, op, value }),
        3 => on_attribute(),
        1 => text().prop_map(Expr::Word),
        1 => (texts, pattern()).prop_map(|(field, pattern)| Expr::Text { field, pattern }),
        1 => (prose, text()).prop_map(|(attribute, text)| Expr::Text {
            field: Field::Attribute(attribute),
            pattern: Pattern::Part(text),
        }),
        1 => prop::option::of(pattern()).prop_map(|value| Expr::Tag { key: "k".into(), value }),
        1 => (field(), prop::collection::vec(literal(), 1..4)).prop_map(|(field, values)| Expr::In { field, values }),
        1 => (field(), text()).prop_map(|(field, text)| Expr::Contains { field, text }),
        1 => prop_oneof![field(), attribute.prop_map(Field::Attribute)].prop_map(Expr::Undefined),
        1 => prop::sample::select(vec!["x", "y", "auc"]).prop_map(|name| Expr::Has(name.into())),
    ]
}

pub(in crate::store) fn expr() -> impl Strategy<Value = Expr> {
    leaf().prop_recursive(4, 12, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            pair.clone().prop_map(|(a, b)| Expr::And(Box::new(a), Box::new(b))),
            pair.prop_map(|(a, b)| Expr::Or(Box::new(a), Box::new(b))),
            inner.prop_map(|a| Expr::Not(Box::new(a))),
        ]
    })
}

/// True where a metric without a parameter of its name is compared with something else than a number:
/// the parser or the check refuses that.
pub(in crate::store) fn is_refused(expr: &Expr) -> bool {
    let mut refused = false;
    expr.visit(&mut |field, values| {
        let only_metric = matches!(field, Field::Metric(_)) || *field == Field::Name("auc".into());
        refused |= only_metric && values.iter().any(|value| !matches!(value, Literal::Number(_)));
    });
    refused
}

fn contains_on_metric(expr: &Expr) -> bool {
    match expr {
        Expr::And(a, b) | Expr::Or(a, b) => contains_on_metric(a) || contains_on_metric(b),
        Expr::Not(a) => contains_on_metric(a),
        Expr::Contains { field: Field::Metric(_), .. } => true,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sql_and_memory_select_the_same(
        runs in prop::collection::vec(made(), 1..8),
        exprs in prop::collection::vec(expr().prop_filter("refused", |expr| !is_refused(expr)), 12),
    ) {
        let store = store_of(&runs);
        let all = store.runs(&Query::default()).unwrap();
        for expr in exprs {
            let now = crate::host::now_ms();
            let expect: Vec<i64> =
                all.iter().filter(|run| expr.matches(run, now)).map(|run| run.id.0).collect();
            let query = Query { filter: Some(expr.clone()), ..Query::default() };
            let found: Vec<i64> = store.runs(&query).unwrap().iter().map(|run| run.id.0).collect();
            prop_assert_eq!(&found, &expect, "{}", expr);
            prop_assert_eq!(store.count(&query).unwrap() as usize, expect.len());
        }
    }

    #[test]
    fn what_is_shown_parses_to_the_same(
        expr in expr().prop_filter("refused", |expr| !is_refused(expr) && !contains_on_metric(expr)),
    ) {
        let shown = expr.to_string();
        prop_assert_eq!(Expr::parse(&shown), Ok(expr), "{}", shown);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "[ -~é\n]{0,40}") {
        if let Ok(expr) = Expr::parse(&text) {
            let shown = expr.to_string();
            prop_assert_eq!(Expr::parse(&shown), Ok(expr), "{} from {}", shown, text);
        }
    }
}
