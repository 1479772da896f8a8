//! A ledger's bytes, read to the first problem: chain, hashes, events.

use super::line::nothing;
use super::{Entry, Event, Fault, ModelName, Problem, Refusal, Registry};
use crate::domain::Digest;

/// A last line that was cut off while it was written: its event never happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// The line, from 1.
    pub line: usize,
    /// Its bytes. The next event that is written takes their place.
    pub bytes: u64,
}

/// What a file holds.
#[derive(Debug, Clone)]
pub(super) struct Scan {
    pub(super) entries: Vec<Entry>,
    pub(super) registry: Registry,
    pub(super) head: Digest,
    /// Bytes of the entries, the last line end included where there is one.
    pub(super) size: u64,
    /// True if the last entry lacks its line end.
    pub(super) open_end: bool,
    pub(super) torn: Option<Torn>,
    pub(super) problem: Option<Problem>,
}

impl Scan {
    pub(super) fn of(bytes: &[u8], model: &ModelName) -> Self {
        let mut scan = Self {
            entries: Vec::new(),
            registry: Registry::default(),
            head: nothing(),
            size: 0,
            open_end: false,
            torn: None,
            problem: None,
        };
        for (at, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let whole = line.strip_suffix(b"\n");
            // A power loss can leave zeros behind what was written last.
            let written = whole.unwrap_or_else(|| without_zeros(line));
            if let Err(fault) = scan.take(written, model) {
                if whole.is_none() && is_cut(written) {
                    scan.torn = Some(Torn { line: at + 1, bytes: line.len() as u64 });
                } else {
                    scan.problem = Some(Problem { line: at + 1, fault });
                }
                break;
            }
            scan.size += (written.len() + usize::from(whole.is_some())) as u64;
            scan.open_end = whole.is_none();
        }
        scan
    }

    fn take(&mut self, line: &[u8], model: &ModelName) -> Result<(), Fault> {
        let entry = Entry::read(line)?;
        let expected = self.entries.len() as u64;
        if let Event::Begin(begin) = &entry.event {
            if expected > 0 {
                return Err(Refusal::SecondBeginning(model.to_string()).into());
            }
            if begin.model != model.as_str() {
                let (found, asked) = (begin.model.clone(), model.to_string());
                return Err(Refusal::OtherModel { found, asked }.into());
            }
        }
        if expected == 0 && !matches!(entry.event, Event::Begin(_)) {
            return Err(Refusal::NoBeginning.into());
        }
        if entry.seq != expected {
            return Err(Fault::Order { found: entry.seq, expected });
        }
        if entry.prev != self.head {
            return Err(Fault::Chain { seq: entry.seq });
        }
        self.registry.apply(&entry)?;
        self.head = entry.hash;
        self.entries.push(entry);
        Ok(())
    }
}

fn without_zeros(line: &[u8]) -> &[u8] {
    let written = line.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &line[..written]
}

/// True for the beginning of an entry without its end.
fn is_cut(line: &[u8]) -> bool {
    const BEGINNING: &[u8] = b"{\"seq\":";
    let begins = line.starts_with(BEGINNING) || BEGINNING.starts_with(line);
    begins && serde_json::from_slice::<serde_json::Value>(line).is_err()
}
