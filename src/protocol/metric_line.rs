//! What `derby log` appends: `loss=0.4 step=3 fold=1` as one JSON line.

use super::number::Number;
use super::steps::{Role, metric_name};
use serde_json::{Map, Value};

/// One JSON line, newline included, of arguments `NAME=VALUE`: metrics, and `step`, `fold`, `epoch`, `context`.
///
/// # Errors
///
/// An argument that is not `NAME=VALUE`, is given twice or has no usable value, or no metric at all. The text
/// names the argument.
pub fn metric_line(pairs: &[String]) -> Result<String, String> {
    let mut fields = Map::new();
    let mut n_metrics = 0;
    for pair in pairs {
        let Some((name, text)) = pair.split_once('=') else {
            return Err(format!("'{pair}' is not NAME=VALUE: write it as in 'loss=0.4'"));
        };
        let Some(name) = metric_name(name) else {
            return Err(format!(
                "'{}': a name has 1 to 200 characters and no control characters",
                pair.escape_debug()
            ));
        };
        let role = Role::of(name);
        let value = match role {
            Role::Context => Value::from(text),
            Role::Timestamp => {
                return Err(format!(
                    "'{pair}': '{name}' is no metric; leave it out, derby keeps time"
                ));
            }
            _ => number(pair, text, role)?,
        };
        n_metrics += usize::from(matches!(role, Role::Metric | Role::Epoch));
        if fields.insert(name.to_string(), value).is_some() {
            return Err(format!("'{pair}': '{name}' is given twice; log it in two calls"));
        }
    }
    if n_metrics == 0 {
        return Err("no metric is given: write it as in 'loss=0.4'".into());
    }
    Ok(format!("{}\n", Value::Object(fields)))
}

/// The name of a metric in an argument `NAME=VALUE`, as it is recorded.
///
/// # Errors
///
/// A name that cannot be one, or that says where a value belongs and is none itself. The text names it.
pub fn told_name(name: &str) -> Result<&str, String> {
    let shown = name.escape_debug();
    let Some(name) = metric_name(name) else {
        return Err(format!("'{shown}': a name has 1 to 200 characters and no control characters"));
    };
    match Role::of(name) {
        Role::Metric | Role::Epoch => Ok(name),
        _ => Err(format!("'{shown}' is the name of no metric; mend: another one, or leave it out")),
    }
}

fn number(pair: &str, text: &str, role: Role) -> Result<Value, String> {
    let Some(number) = Number::in_cell(text.trim()) else {
        return Err(format!("'{pair}': '{text}' is no number; write it as in 'loss=0.4'"));
    };
    if matches!(role, Role::Step | Role::StepAlias | Role::Fold) && number.whole.is_none() {
        return Err(format!("'{pair}': '{text}' is no whole number"));
    }
    Ok(match number.whole {
        // As a whole number -0 would lose its sign.
        Some(whole) if whole != 0 || number.value.is_sign_positive() => Value::from(whole),
        _ if number.value.is_nan() => Value::from("NaN"),
        _ if number.value == f64::INFINITY => Value::from("Infinity"),
        _ if number.value == f64::NEG_INFINITY => Value::from("-Infinity"),
        _ => Value::from(number.value),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(pairs: &[&str]) -> Result<String, String> {
        metric_line(&pairs.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn pairs_become_one_line() {
        let check =
            |pairs: &[&str], expect: &str| assert_eq!(line(pairs).unwrap().trim_end(), expect);
        check(&["loss=0.4", "step=3", "fold=1"], r#"{"loss":0.4,"step":3,"fold":1}"#);
        check(
            &["a b=NaN", "c=-inf", "d=true", "e=1e-300"],
            r#"{"a b":"NaN","c":"-Infinity","d":1,"e":1e-300}"#,
        );
        check(
            &["n=9007199254740993", "context=val=\"x\""],
            r#"{"n":9007199254740993,"context":"val=\"x\""}"#,
        );
        check(&["z=-0"], r#"{"z":-0.0}"#);
        assert!(line(&["a=1"]).unwrap().ends_with("}\n"));
    }

    #[test]
    fn names_of_metrics_are_told_from_others() {
        assert_eq!((told_name("loss"), told_name("epoch")), (Ok("loss"), Ok("epoch")));
        for other in ["", "a\nb", "step", "_step", "fold", "context", "timestamp"] {
            let error = told_name(other).unwrap_err();
            assert!(error.contains(&other.escape_debug().to_string()), "{error}");
        }
    }

    #[test]
    fn errors_name_the_argument() {
        let check = |pairs: &[&str], expect: &str| {
            let error = line(pairs).unwrap_err();
            assert!(error.contains(expect), "{error}");
        };
        check(&["loss"], "'loss' is not NAME=VALUE");
        check(&["loss=x"], "'loss=x': 'x' is no number");
        check(&["loss=1", "step=1.5"], "'step=1.5': '1.5' is no whole number");
        check(&["loss=1", "loss=2"], "'loss' is given twice");
        check(&["=1"], "a name has 1 to 200");
        check(&["step=1"], "no metric is given");
        check(&[], "no metric is given");
        check(&["timestamp=1", "a=2"], "'timestamp' is no metric");
    }
}
