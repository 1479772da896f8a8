//! One line of a ledger: written with its hash, read with its hash checked.

use super::event::KINDS;
use super::{Event, Fault};
use crate::domain::Digest;
use crate::host::clock;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `,"hash":"` before the digits, `"}` after them.
const OPENING: &str = ",\"hash\":\"";
const CLOSING: &str = "\"}";
const HEX_DIGITS: usize = 64;

/// One entry of a ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number, from 0.
    pub seq: u64,
    /// The hash of the entry before; zeros for the first one.
    pub prev: Digest,
    /// When, as ISO 8601 with milliseconds.
    pub at: String,
    /// Who.
    pub user: String,
    /// On which machine.
    pub host: String,
    /// What.
    pub event: Event,
    /// The hash of the line without this member.
    pub hash: Digest,
}

/// Who writes, when and where.
#[derive(Debug, Clone)]
pub(super) struct Stamp {
    pub(super) at: i64,
    pub(super) user: String,
    pub(super) host: String,
}

impl Stamp {
    pub(super) fn now() -> Self {
        Self { at: clock::now_ms(), user: crate::host::user(), host: crate::host::hostname() }
    }
}

#[derive(Serialize)]
struct Written<'a> {
    seq: u64,
    prev: String,
    at: &'a str,
    user: &'a str,
    host: &'a str,
    #[serde(flatten)]
    event: &'a Event,
}

#[derive(Deserialize)]
struct Read {
    seq: u64,
    prev: String,
    at: String,
    user: String,
    host: String,
    #[serde(flatten)]
    event: Event,
}

/// What the first entry follows.
pub(super) fn nothing() -> Digest {
    Digest::from_bytes([0; 32])
}

impl Entry {
    /// Milliseconds since 1970 UTC; none if the time was written by hand.
    pub fn at_ms(&self) -> Option<i64> {
        clock::parse_iso(&self.at)
    }

    /// Makes the entry that follows `prev`, and its line without the line end.
    pub(super) fn write(seq: u64, prev: Digest, stamp: &Stamp, event: Event) -> (Self, String) {
        let at = clock::iso(stamp.at);
        let body = Written {
            seq,
            prev: prev.hex(),
            at: &at,
            user: &stamp.user,
            host: &stamp.host,
            event: &event,
        };
        let mut line = serde_json::to_string(&body).expect("text keys are always JSON");
        let hash = Digest::of(line.as_bytes());
        line.pop();
        line.push_str(OPENING);
        line.push_str(&hash.hex());
        line.push_str(CLOSING);
        let (user, host) = (stamp.user.clone(), stamp.host.clone());
        (Self { seq, prev, at, user, host, event, hash }, line)
    }

    /// Reads a line and checks its hash.
    pub(super) fn read(line: &[u8]) -> Result<Self, Fault> {
        let text = std::str::from_utf8(line).map_err(|_| Fault::Encoding)?;
        for mark in ["<<<<<<<", "|||||||", "=======", ">>>>>>>"] {
            if text.starts_with(mark) {
                return Err(Fault::Conflict(text.chars().take(40).collect()));
            }
        }
        if text.ends_with('\r') {
            return Err(Fault::CarriageReturn);
        }
        let value: Value = serde_json::from_str(text).map_err(|error| json_fault(&error, text))?;
        let hash = checked_hash(text)?;
        let kind = value.get("event").and_then(Value::as_str).unwrap_or_default();
        if !KINDS.contains(&kind) {
            return Err(Fault::Kind(kind.chars().take(40).collect()));
        }
        // From the text, not from the value: numbers are read once.
        let read: Read =
            serde_json::from_str(text).map_err(|error| Fault::Shape(error.to_string()))?;
        let prev = Digest::parse(&read.prev)
            .ok_or_else(|| Fault::Shape(format!("'{}' is no digest", read.prev)))?;
        let Read { seq, at, user, host, event, .. } = read;
        Ok(Self { seq, prev, at, user, host, event, hash })
    }
}

fn checked_hash(text: &str) -> Result<Digest, Fault> {
    let rest = text.strip_suffix(CLOSING).ok_or(Fault::NoHash)?;
    let digits_at = rest.len().checked_sub(HEX_DIGITS).ok_or(Fault::NoHash)?;
    let (body, digits) = rest.split_at_checked(digits_at).ok_or(Fault::NoHash)?;
    let body = body.strip_suffix(OPENING).ok_or(Fault::NoHash)?;
    let said = Digest::parse(digits).filter(|said| said.hex() == digits).ok_or(Fault::NoHash)?;
    let found = Digest::of(format!("{body}}}").as_bytes());
    if said == found {
        return Ok(said);
    }
    Err(Fault::Hash { said: said.short(), found: found.short() })
}

fn json_fault(error: &serde_json::Error, text: &str) -> Fault {
    let at = error.column().saturating_sub(1).min(text.len());
    let from =
        text[..text.floor_char_boundary(at)].char_indices().rev().nth(11).map_or(0, |(at, _)| at);
    let excerpt: String = text[from..].chars().take(24).collect();
    Fault::Json { message: error.to_string(), excerpt }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::champion::Begin;

    fn stamp() -> Stamp {
        Stamp { at: 1_769_860_800_123, user: "ann \"x\"".into(), host: "läb".into() }
    }

    fn begin() -> Event {
        let model = "penguins".to_string();
        Event::Begin(Begin { model, format: 1, derby: "0.1.0".into(), why: "a\nb".into() })
    }

    #[test]
    fn a_line_reads_back_and_any_changed_byte_is_found() {
        let (entry, line) = Entry::write(0, nothing(), &stamp(), begin());
        assert_eq!(Entry::read(line.as_bytes()), Ok(entry));
        for at in 0..line.len() {
            for bit in [1, 32] {
                let mut bytes = line.clone().into_bytes();
                bytes[at] ^= bit;
                assert!(Entry::read(&bytes).is_err(), "byte {at} of {line}");
            }
        }
        assert!(Entry::read(format!("{line} ").as_bytes()).is_err());
    }

    #[test]
    fn the_hash_is_the_one_of_the_line_without_it() {
        let (entry, line) = Entry::write(3, nothing(), &stamp(), begin());
        let (body, _) = line.rsplit_once(",\"hash\"").unwrap();
        assert_eq!(
            blake3::hash(format!("{body}}}").as_bytes()).to_hex().as_str(),
            entry.hash.hex()
        );
        assert_eq!(entry.at_ms(), Some(1_769_860_800_123));
    }

    #[test]
    fn each_fault_says_what_it_is() {
        let check = |line: &str, expected: &str| {
            let text = Entry::read(line.as_bytes()).unwrap_err().to_string();
            assert!(text.contains(expected), "{line}: {text}");
        };
        let (_, line) = Entry::write(0, nothing(), &stamp(), begin());
        check("<<<<<<< HEAD", "merge conflict ('<<<<<<< HEAD')");
        check(">>>>>>> feature", "merge conflict");
        check(&format!("{line}\r"), "carriage return");
        check("{\"seq\":1,\"value\":NaN}", "\"value\":NaN}'");
        check("{\"seq\":1}", "does not end with its hash");
        check("", "no JSON");
        check(&line.replace("penguins", "penguinS"), "was edited");
        let kind = line.replace("\"begin\"", "\"blessing\"");
        check(&rehashed(&kind), "the event 'blessing' is unknown");
        check(&rehashed(&line.replace("\"model\"", "\"modell\"")), "missing field");
    }

    fn rehashed(line: &str) -> String {
        let (body, _) = line.rsplit_once(OPENING).unwrap();
        let hash = Digest::of(format!("{body}}}").as_bytes()).hex();
        format!("{body}{OPENING}{hash}{CLOSING}")
    }
}
