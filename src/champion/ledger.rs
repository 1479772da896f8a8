//! A model's ledger: opened with every check, and appended to by one writer at a time.

use super::event::FORMAT;
use super::files::{Exclusive, ledger_path, make_folder, names, read_shared, sync_folder};
use super::line::Stamp;
use super::scan::Scan;
use super::{Begin, Entry, Event, LedgerError, ModelName, Registry, Torn};
use crate::domain::Digest;
use std::path::{Path, PathBuf};

/// The append-only record of one registered model, as it was when it was read.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub(super) folder: PathBuf,
    pub(super) model: ModelName,
    scan: Scan,
}

impl Ledger {
    /// Opens the ledger of `model` in `folder` (`champions/`) and checks all of it; none if the model is not
    /// registered. `anchor` is a head that is known from elsewhere: the store, a report.
    ///
    /// # Errors
    /// When the file cannot be read, when anything in it was changed, and when there is an anchor that it
    /// does not hold.
    pub fn open(
        folder: &Path,
        model: &ModelName,
        anchor: Option<Digest>,
    ) -> Result<Option<Self>, LedgerError> {
        let path = ledger_path(folder, model);
        let scan = read_shared(&path)?.map(|bytes| Scan::of(&bytes, model));
        // A file without a whole line was never begun: its writer died.
        let begun = scan.filter(|scan| !scan.entries.is_empty() || scan.problem.is_some());
        let Some(scan) = begun else {
            return match anchor {
                Some(head) => Err(LedgerError::Missing { path, head: head.short() }),
                None => Ok(None),
            };
        };
        let ledger =
            Self { folder: folder.into(), model: model.clone(), scan: sound(scan, &path)? };
        ledger.check_anchor(anchor)?;
        Ok(Some(ledger))
    }

    /// Opens the ledger of a model that has to be registered.
    ///
    /// # Errors
    /// As [`open`](Self::open), and when the model is not registered.
    pub fn existing(
        folder: &Path,
        model: &ModelName,
        anchor: Option<Digest>,
    ) -> Result<Self, LedgerError> {
        Self::open(folder, model, anchor)?.ok_or_else(|| LedgerError::Unknown {
            model: model.to_string(),
            path: ledger_path(folder, model),
        })
    }

    /// The registered models whose ledgers are in `folder`, by name; none without the folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn models(folder: &Path) -> Result<Vec<ModelName>, LedgerError> {
        let mut models = Vec::new();
        for name in names(folder)? {
            // What no model can be called is somebody else's file.
            let model = name.strip_suffix(".jsonl").map(ModelName::parse);
            models.extend(model.and_then(Result::ok));
        }
        models.sort();
        Ok(models)
    }

    /// Registers a model: makes the folder and the ledger's first line.
    ///
    /// # Errors
    /// When the model is registered already, or the file cannot be written.
    pub fn begin(folder: &Path, model: &ModelName, why: &str) -> Result<Self, LedgerError> {
        make_folder(folder)?;
        let path = ledger_path(folder, model);
        let mut file = Exclusive::open(&path, true)?.expect("it is created");
        let scan = sound(Scan::of(&file.read()?, model), &path)?;
        let mut ledger = Self { folder: folder.into(), model: model.clone(), scan };
        if !ledger.entries().is_empty() {
            let entries = ledger.entries().len();
            return Err(LedgerError::Begun { model: model.to_string(), path, entries });
        }
        let begin = Event::Begin(Begin {
            model: model.to_string(),
            format: FORMAT,
            derby: env!("CARGO_PKG_VERSION").into(),
            why: why.into(),
        });
        ledger.write(&mut file, vec![begin])?;
        sync_folder(folder)?;
        Ok(ledger)
    }

    /// Appends events, all of which are on the disk when it returns. `expect` is the head that the caller has
    /// decided on.
    ///
    /// # Errors
    /// When the head is another one by now, when an event cannot follow, and when the file cannot be written.
    /// Nothing is written then.
    pub fn append(&mut self, events: Vec<Event>, expect: Digest) -> Result<&[Entry], LedgerError> {
        self.append_made(|_| Ok(events), expect)
    }

    /// Appends events that are made once nobody else can write.
    pub(super) fn append_made<F>(
        &mut self,
        make: F,
        expect: Digest,
    ) -> Result<&[Entry], LedgerError>
    where
        F: FnOnce(&Self) -> Result<Vec<Event>, LedgerError>,
    {
        let path = self.path();
        let Some(mut file) = Exclusive::open(&path, false)? else {
            return Err(LedgerError::Missing { path, head: expect.short() });
        };
        let scan = sound(Scan::of(&file.read()?, &self.model), &path)?;
        if scan.head != expect {
            return Err(self.moved(expect, &scan));
        }
        self.scan = scan;
        let before = self.entries().len();
        let events = make(self)?;
        self.write(&mut file, events)?;
        Ok(&self.scan.entries[before..])
    }

    fn write(&mut self, file: &mut Exclusive, events: Vec<Event>) -> Result<(), LedgerError> {
        let stamp = Stamp::now();
        let mut next = self.scan.clone();
        let mut text = String::from(if next.open_end { "\n" } else { "" });
        for event in events {
            let (_, line) = Entry::write(next.entries.len() as u64, next.head, &stamp, event);
            // What is remembered is what the file says.
            let entry = Entry::read(line.as_bytes()).map_err(LedgerError::Unrecordable)?;
            next.registry.apply(&entry)?;
            next.head = entry.hash;
            next.entries.push(entry);
            text.push_str(&line);
            text.push('\n');
        }
        file.append(next.size, &text)?;
        next.size += text.len() as u64;
        (next.open_end, next.torn) = (false, None);
        self.scan = next;
        Ok(())
    }

    /// Reads the file again, and finds what was appended since.
    ///
    /// # Errors
    /// As [`open`](Self::open), the head so far being the anchor.
    pub fn reload(&mut self) -> Result<(), LedgerError> {
        *self = Self::existing(&self.folder, &self.model, Some(self.head()))?;
        Ok(())
    }

    /// Refuses to go on if the head is not the one that the caller has seen.
    ///
    /// # Errors
    /// When it is another one.
    pub fn expect(&self, head: Digest) -> Result<(), LedgerError> {
        if self.head() == head { Ok(()) } else { Err(self.moved(head, &self.scan)) }
    }

    /// The file.
    pub fn path(&self) -> PathBuf {
        ledger_path(&self.folder, &self.model)
    }

    /// The model.
    pub fn model(&self) -> &ModelName {
        &self.model
    }

    /// Every entry in order.
    pub fn entries(&self) -> &[Entry] {
        &self.scan.entries
    }

    /// The hash of the last entry: what reports print, and stores remember.
    pub fn head(&self) -> Digest {
        self.scan.head
    }

    /// True if an entry has this hash: whoever knows it has seen this history.
    pub fn contains(&self, head: Digest) -> bool {
        self.entries().iter().any(|entry| entry.hash == head)
    }

    /// A last line that was cut off while it was written, and counts for nothing.
    pub fn torn(&self) -> Option<&Torn> {
        self.scan.torn.as_ref()
    }

    /// What is true now.
    pub fn registry(&self) -> &Registry {
        &self.scan.registry
    }

    /// A ledger as far as it is sound.
    pub(super) fn of_scan(folder: &Path, model: &ModelName, scan: Scan) -> Self {
        Self { folder: folder.into(), model: model.clone(), scan }
    }

    fn check_anchor(&self, anchor: Option<Digest>) -> Result<(), LedgerError> {
        match anchor {
            Some(head) if !self.contains(head) => Err(LedgerError::Cut {
                path: self.path(),
                head: head.short(),
                entries: self.entries().len(),
            }),
            _ => Ok(()),
        }
    }

    fn moved(&self, expected: Digest, scan: &Scan) -> LedgerError {
        let last = scan.entries.last().map_or_else(
            || "it is empty".into(),
            |entry| format!("{} by {} at {}", entry.event, entry.user, entry.at),
        );
        LedgerError::HeadMoved {
            path: self.path(),
            model: self.model.to_string(),
            expected: expected.short(),
            found: scan.head.short(),
            last,
        }
    }
}

fn sound(mut scan: Scan, path: &Path) -> Result<Scan, LedgerError> {
    match scan.problem.take() {
        Some(problem) => Err(LedgerError::Broken { path: path.into(), problem }),
        None => Ok(scan),
    }
}
