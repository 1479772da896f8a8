//! Tests of lines and intake together.

use super::*;
use crate::domain::SummaryKind;
use crate::spec::MetricSource;
use proptest::prelude::*;

fn intake(patterns: &[&str]) -> Intake {
    let mut sources = vec![MetricSource::Jsonl];
    sources.extend(patterns.iter().map(|pattern| MetricSource::Regex((*pattern).to_string())));
    Intake::new(&sources, "loss", &[("acc".into(), SummaryKind::Max)]).unwrap()
}

fn told(intake: &mut Intake) -> String {
    let batch = intake.take();
    let text = |point: &crate::domain::SeriesPoint| {
        let key = &batch.series[point.series as usize];
        let gap = if key.context.is_empty() { "" } else { " " };
        format!("{}{gap}{}@{}={}", key.metric, key.context, point.step, point.value)
    };
    batch.points.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn check(lines: &[&str], expect: &str) {
    let mut intake = intake(&[]);
    for line in lines {
        intake.output_line(Stream::Out, line.as_bytes(), 1);
    }
    assert_eq!(told(&mut intake), expect, "{lines:?}");
}

#[test]
fn lines_of_json_are_metrics() {
    check(&[r#"{"step": 3, "loss": 0.5, "acc": 1}"#], "loss@3=0.5, acc@3=1");
    check(&[r#"{"loss": 1}"#, r#"{"loss": 2, "acc": 7}"#], "loss@0=1, loss@1=2, acc@0=7");
    check(&[r#"{"loss": 1, "step": 9007199254740993}"#], "loss@9007199254740993=1");
    check(&[r#"{"epoch": 2, "loss": 1}"#], "epoch@2=2, loss@2=1");
    check(
        &[r#"{"loss": 1, "fold": 2}"#, r#"{"loss": 2, "context": "val"}"#],
        "loss fold=2@0=1, loss val@0=2",
    );
    check(&[r#"{"loss": 1, "loss": 2, " loss ": 3}"#], "loss@0=3");
    check(&[r#"{"loss": 1, "loss": "x"}"#, r#"{"a": null, "b": [1], "c": "t"}"#], "");
    check(&[r#"{"_timestamp": 1.7e9, "timestamp": 5, "a": {"b": true}}"#], "a.b@0=1");
    check(&[r#"{"loss": NaN, "acc": "Infinity"}"#], "loss@0=NaN, acc@0=inf");
    check(&[r#"{"a\u0007": 1, "": 2, "ok": 3}"#], "ok@0=3");
    check(&["50%|# |\r100%|##|\r  {\"loss\": 1} \r"], "loss@0=1");
    check(&["{\"loss\": 1} {\"loss\": 2}", "[{\"loss\": 1}]", "{\"loss\": 1", "loss"], "");
    check(&["\u{feff}{\"loss\": 1}"], "loss@0=1");
}

#[test]
fn streams_and_sources_are_kept_apart() {
    let mut one = intake(&[r"acc=(?<acc>\S+)"]);
    one.output_line(Stream::Err, br#"{"loss": 1}"#, 1);
    one.output_line(Stream::Err, b"acc=2 \xff", 1);
    one.output_line(Stream::Out, b"acc=1\racc=3\r", 1);
    one.json_line(b"{\"loss\xff\": 4}", 1);
    assert_eq!(told(&mut one), "acc@0=2, acc@1=3, loss\u{fffd}@0=4");
    let mut other = Intake::new(&[MetricSource::ExitCode], "loss", &[]).unwrap();
    other.output_line(Stream::Out, br#"{"loss": 1}"#, 1);
    assert_eq!(other.n_waiting(), 0);
    other.value(" loss ", "fold=1", None, 0.5, 9);
    other.value("a\nb", "", None, 0.5, 9);
    assert_eq!(told(&mut other), "loss fold=1@0=0.5");
}

#[test]
fn judged_values_come_in_order_and_summaries_with_the_objective_first() {
    let mut intake = intake(&[]);
    for line in [
        r#"{"acc": 0.5, "loss": 3, "step": 5}"#,
        r#"{"acc": 0.9, "loss": 2, "step": 4}"#,
        r#"{"acc": 0.7}"#,
    ] {
        intake.json_line(line.as_bytes(), 1);
    }
    assert_eq!(intake.take_judged(), [(String::new(), 5, 3.0), (String::new(), 4, 2.0)]);
    let scores: Vec<_> =
        intake.summaries().into_iter().map(|(name, of)| (name, of.score)).collect();
    assert_eq!(scores, [("loss".to_string(), 3.0), ("acc".to_string(), 0.9)]);
    assert_eq!(intake.names(), ["acc", "loss"]);
}

#[test]
fn lines_of_changing_shape_share_their_series() {
    let mut intake = intake(&[]);
    for i in 0..3 {
        intake.json_line(format!(r#"{{"step":{i},"a":1,"b":2}}"#).as_bytes(), 1);
        intake.json_line(format!(r#"{{"b":3,"fold":{i},"step":{i},"a":4}}"#).as_bytes(), 1);
    }
    let batch = intake.take();
    assert_eq!((batch.points.len(), batch.series.len()), (12, 8));
    let wide: Vec<String> = (0..3000).map(|i| format!("\"m{i}\":{i}")).collect();
    for _ in 0..2 {
        intake.json_line(format!("{{{}}}", wide.join(",")).as_bytes(), 1);
    }
    let batch = intake.take();
    assert_eq!((batch.points.len(), batch.series.len()), (6000, 3000));
    assert!(
        batch
            .points
            .iter()
            .all(|point| batch.series[point.series as usize].metric == format!("m{}", point.value))
    );
}

/// Bytes that look like output: metric lines, text, garbage, line ends.
fn output() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just(br#"{"step": 1, "loss": 0.5}"#.to_vec()),
        Just(br#"{"loss": NaN, "fold": 2, "x": {"y": 1e999}}"#.to_vec()),
        Just(b"loss=0.25 acc=93%\r".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r\n".to_vec()),
        prop::collection::vec(any::<u8>(), 0..20),
    ];
    prop::collection::vec(line, 0..30).prop_map(|parts| parts.concat())
}

fn points(pieces: &[&[u8]]) -> String {
    let mut intake = intake(&[r"(?<name>\w+)=(?<value>\S+)"]);
    let mut lines = Lines::new();
    for piece in pieces {
        lines.feed(piece, |line, _| intake.output_line(Stream::Out, line, 1));
    }
    lines.finish(|line, _| intake.output_line(Stream::Out, line, 1));
    told(&mut intake)
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_metrics(bytes in output(), cut in 1usize..40) {
        let pieces: Vec<&[u8]> = bytes.chunks(cut).collect();
        prop_assert_eq!(points(&pieces), points(&[&bytes]));
    }
}
