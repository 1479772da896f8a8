//! A sampler over JSON lines: one line in, exactly one line out.
//!
//! ```text
//! -> {"space": {"x": {"type": "float", "low": 0, "high": 1}}, "direction": "minimize", "seed": 1, "sampler": "tpe", "budget": 300}
//! <- {"ok": true, "name": "derby", "version": "…", "sampler": "tpe"}
//! -> {"ask": true}
//! <- {"id": 0, "params": {"x": 0.25}}
//! -> {"tell": {"id": 0, "value": 0.31}}
//! <- {"ok": true}
//! -> {"best": true}
//! <- {"id": 0, "params": {"x": 0.25}, "value": 0.31}
//! ```
//!
//! The answer to an ask also has `"arm"` and `"why"` where the sampler chose among others: which one made the point,
//! and a reason in words.
//!
//! The first line may carry `"options"`, control parameters of samplers by name, for ablations.
//! A tell may carry `"values": [0.31]`, or `"state"`: `"failed"`, or `"pruned"` with the last report as `"value"`
//! and `"step"`. With values it may carry `"constraints": [-0.2, 1.5]`, the same ones in every tell; each is
//! satisfied up to 0. `"direction"` may be a list, one per objective; values then come in that order, and instead of
//! a best trial there is a front, `{"front": true}`, answered by `{"front": [{"id": 0, "params": {…}, "values": […]}]}`
//! with the trials that satisfy their constraints and that none dominates. Only `"space"` is needed to begin with. Anything
//! else is answered by `{"error": "…"}` and changes nothing; once all points of a space are asked for, the
//! answer has `"exhausted": true` too. The same lines get the same answers.

mod json;
mod options;
mod space;
#[cfg(test)]
mod tests;

use self::json::{Object, shown};
use super::SamplerOptions;
use super::session::{Asked, End, Member, Session, SessionError, Start};
use crate::domain::{Goal, Params};
use serde::Serialize;
use serde_json::Value as Json;
use std::io::{self, BufRead, Write};
use std::sync::Arc;

/// What is known of a conversation.
#[derive(Default)]
pub struct Wire {
    session: Option<Session>,
    /// The sampler of sessions whose first line names none.
    pub sampler: Option<String>,
    /// Control parameters that sessions begin with.
    pub options: SamplerOptions,
}

/// One line out.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Reply {
    Begun { ok: bool, name: &'static str, version: &'static str, sampler: String },
    Asked(Box<Proposed>),
    Taken { ok: bool },
    Best { id: u64, params: Params, value: f64 },
    Front { front: Vec<Row> },
    Refused { error: String },
    Exhausted { error: String, exhausted: bool },
}

/// A trial, and which part of the sampler made it.
#[derive(Debug, Serialize)]
struct Proposed {
    id: u64,
    params: Params,
    #[serde(skip_serializing_if = "Option::is_none")]
    arm: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// One trial of a front.
#[derive(Debug, Serialize)]
struct Row {
    id: u64,
    params: Params,
    values: Vec<f64>,
}

impl From<SessionError> for Reply {
    fn from(source: SessionError) -> Self {
        let error = source.to_string();
        match source {
            SessionError::Exhausted { .. } => Self::Exhausted { error, exhausted: true },
            _ => Self::Refused { error },
        }
    }
}

impl From<String> for Reply {
    fn from(error: String) -> Self {
        Self::Refused { error }
    }
}

/// Answers line by line until the input ends; every answer is flushed.
///
/// # Errors
/// When reading or writing fails.
pub fn serve(wire: &mut Wire, mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let answered = match std::str::from_utf8(&line) {
            Ok(line) => answer(wire, line),
            Err(error) => {
                line_of(&Reply::from(format!("the line is no UTF-8 ({error}); send JSON")))
            }
        };
        writeln!(output, "{answered}")?;
        output.flush()?;
        line.clear();
    }
    Ok(())
}

/// The answer to a line, itself one line without its end.
pub fn answer(wire: &mut Wire, line: &str) -> String {
    line_of(&reply(wire, line).unwrap_or_else(|refused| refused))
}

fn line_of(reply: &Reply) -> String {
    serde_json::to_string(reply)
        .unwrap_or_else(|_| r#"{"error":"no answer can be written"}"#.into())
}

fn reply(wire: &mut Wire, line: &str) -> Result<Reply, Reply> {
    let json = json::parse(line)?;
    let verbs = ["space", "ask", "tell", "best", "front"];
    let is = |verb: &&str| json.get(*verb).is_some();
    match verbs.iter().copied().find(is) {
        Some("space") => begin(wire, &json),
        Some("ask") => {
            flag(&json, "ask")?;
            let session = begun(wire)?;
            let Asked { id, point, arm, why } = session.ask()?;
            let arm = arm.map(|arm| arm.to_string());
            let params = session.space().params(&point);
            Ok(Reply::Asked(Box::new(Proposed { id, params, arm, why })))
        }
        Some("best") => {
            flag(&json, "best")?;
            Ok(best(begun(wire)?)?)
        }
        Some("front") => {
            flag(&json, "front")?;
            let session = begun(wire)?;
            let row = |member: &Member| Row {
                id: member.id,
                params: session.space().params(&member.point),
                values: member.values.clone(),
            };
            Ok(Reply::Front { front: session.front().iter().map(row).collect() })
        }
        Some(_) => {
            let (id, end) = tell(&json)?;
            begun(wire)?.tell(id, &end)?;
            Ok(Reply::Taken { ok: true })
        }
        None => {
            let shown = shown(&json);
            Err(format!(
                "'{shown}' is no message; send 'space' to begin, then 'ask', 'tell', 'best' or 'front'"
            )
            .into())
        }
    }
}

fn best(session: &Session) -> Result<Reply, String> {
    let n = session.goals().len();
    if n > 1 {
        return Err(format!("no trial is best for {n} objectives at once; ask for the 'front'"));
    }
    let best = session.best().ok_or(
        "no trial is told with a value yet that satisfies its constraints; tell one first",
    )?;
    let params = session.space().params(&best.point);
    Ok(Reply::Best { id: best.id, params, value: best.value })
}

fn begun(wire: &mut Wire) -> Result<&mut Session, Reply> {
    wire.session.as_mut().ok_or_else(|| {
        "nothing has begun; first send a line with 'space', for example {\"space\": {\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1}}}".to_string().into()
    })
}

/// `{"ask": true}` and nothing else.
fn flag(json: &Json, verb: &str) -> Result<(), String> {
    let object = Object::new(json, "the message", &[verb])?;
    match object.flag(verb)? {
        Some(true) => Ok(()),
        _ => Err(format!("'{verb}' of the message must be true")),
    }
}

fn begin(wire: &mut Wire, json: &Json) -> Result<Reply, Reply> {
    let object = Object::new(
        json,
        "the first message",
        &["space", "direction", "seed", "sampler", "budget", "options"],
    )?;
    if wire.session.is_some() {
        return Err("a space is given already; start another process for another one"
            .to_string()
            .into());
    }
    let mut options = wire.options.clone();
    if let Some(json) = object.get("options") {
        options::set(&mut options, json)?;
    }
    let seed = |json: &Json| json.as_u64().or_else(|| json.as_i64().map(|seed| seed as u64));
    let start = Start {
        space: Arc::new(space::space(object.need("space")?)?),
        goals: goals(object.get("direction"))?,
        seed: object.read("seed", "a whole number of at most 64 bits", seed)?.unwrap_or(0),
        sampler: object.text("sampler")?.map(ToString::to_string).or_else(|| wire.sampler.clone()),
        budget: object.read("budget", "a whole number of at least 1", |json| {
            json.as_u64().filter(|&budget| budget > 0)
        })?,
        options,
    };
    let session = Session::new(start)?;
    let sampler = session.sampler().to_string();
    wire.session = Some(session);
    Ok(Reply::Begun { ok: true, name: "derby", version: env!("CARGO_PKG_VERSION"), sampler })
}

fn goals(direction: Option<&Json>) -> Result<Vec<Goal>, String> {
    let one = |json: &Json| match json.as_str() {
        Some("minimize") => Ok(Goal::Minimize),
        Some("maximize") => Ok(Goal::Maximize),
        _ => {
            let shown = shown(json);
            Err(format!(
                "'direction' is '{shown}'; it is 'minimize' or 'maximize', or a list of them"
            ))
        }
    };
    match direction {
        None => Ok(vec![Goal::Minimize]),
        Some(Json::Array(items)) => items.iter().map(one).collect(),
        Some(json) => one(json).map(|goal| vec![goal]),
    }
}

/// How far a trial came that was stopped.
fn step(json: &Json) -> Option<i64> {
    json::whole(json).filter(|step| (0..=1 << 53).contains(step))
}

/// The trial and its end.
fn tell(json: &Json) -> Result<(u64, End), String> {
    let message = Object::new(json, "the message", &["tell"])?;
    let keys = ["id", "value", "values", "constraints", "state", "step"];
    let told = Object::new(message.need("tell")?, "'tell'", &keys)?;
    told.need("id")?;
    let id = told.read("id", "the whole number that 'ask' gave", Json::as_u64)?.unwrap_or(0);
    let value = told.number("value")?;
    let list =
        |json: &Json| json.as_array()?.iter().map(Json::as_f64).collect::<Option<Vec<f64>>>();
    let values = told.read("values", "a list of finite numbers", list)?;
    let constraints = told.read("constraints", "a list of finite numbers", list)?;
    let step = told.read("step", "a whole number from 0 to 2^53", step)?;
    let end = match (told.text("state")?, value, values) {
        (None | Some("complete"), Some(value), None) => End::Values(vec![value]),
        (None | Some("complete"), None, Some(values)) => End::Values(values),
        (None | Some("complete"), None, None) => {
            return Err(format!(
                "trial {id} is told without a value; add 'value', or the state 'failed' or 'pruned'"
            ));
        }
        (Some("failed"), None, None) => End::Failed,
        (Some("failed"), ..) => {
            return Err(format!("trial {id} has a value and the state 'failed'; leave one out"));
        }
        (Some("pruned"), value, None) => End::Pruned { value, step },
        (Some("pruned"), ..) | (None | Some("complete"), Some(_), Some(_)) => {
            return Err(format!("trial {id} is told with 'values'; give 'value' alone"));
        }
        (Some(other), ..) => {
            return Err(format!(
                "'state' of 'tell' is '{other}'; it is one of 'complete', 'failed', 'pruned'"
            ));
        }
    };
    let is_over = !matches!(end, End::Pruned { .. });
    match (end, constraints) {
        _ if is_over && step.is_some() => Err(format!(
            "trial {id} has a 'step', which only the state 'pruned' takes; leave it out"
        )),
        (End::Values(values), Some(constraints)) => {
            Ok((id, End::Constrained { values, constraints }))
        }
        (_, Some(_)) => Err(format!(
            "trial {id} has 'constraints' but no values of its objectives; leave them out"
        )),
        (end, None) => Ok((id, end)),
    }
}
