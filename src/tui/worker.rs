//! The threads that read: each with a read-only connection of its own and one waiting question for every place, where a
//! newer question drives the older one out. The first also watches the store.

use super::ask::{Ask, Reader, Reply, Slot, Trouble, Unread};
use super::event::Event;
use crate::store::{Mode, Store, StoreError};
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often the store is looked at for writes of others.
const WATCH: Duration = Duration::from_millis(250);

/// Where everything is.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The store's folder.
    pub store: PathBuf,
    /// The folder of the ledgers.
    pub ledgers: PathBuf,
    /// The folder where derby was started.
    pub here: PathBuf,
}

impl Sources {
    /// Opens the store for reading; one in memory where there is none yet.
    ///
    /// # Errors
    /// When there is a store that cannot be read.
    pub fn open(&self) -> Result<Reader, StoreError> {
        self.look().map(|(reader, _)| reader)
    }

    /// The same, and false for a store that another process is making just now: it is to be looked at again.
    fn look(&self) -> Result<(Reader, bool), StoreError> {
        let (store, is_made) = match Store::open(&self.store, Mode::ReadOnly) {
            Err(StoreError::Missing(_)) => (Store::in_memory()?, true),
            Err(StoreError::Older { found: 0, .. }) => (Store::in_memory()?, false),
            other => (other?, true),
        };
        let reader = Reader { store, ledgers: self.ledgers.clone(), here: self.here.clone() };
        Ok((reader, is_made))
    }

    /// What is said of a store that was there and is not any more.
    fn removed(&self) -> Unread {
        let store = self.store.display();
        let text = format!(
            "The store '{store}' was removed while it was open. derby init DATA.csv and derby sweep FILE begin a new one."
        );
        Unread { text, is_gone: true }
    }

    /// What tells one store file from another at the same path; none if there is none.
    fn identity(&self) -> Option<(u64, u64)> {
        let data = fs::metadata(self.store.join("derby.db")).ok()?;
        Some((data.dev(), data.ino()))
    }
}

#[derive(Default)]
struct Waiting {
    queue: VecDeque<(Slot, Ask)>,
    is_over: bool,
}

#[derive(Default)]
struct Desk {
    waiting: Mutex<Waiting>,
    bell: Condvar,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, ask: Ask) {
        let mut waiting = self.lock();
        let slot = ask.slot();
        match waiting.queue.iter_mut().find(|(other, _)| *other == slot) {
            Some(place) => place.1 = ask,
            None => waiting.queue.push_back((slot, ask)),
        }
        self.bell.notify_one();
    }

    /// The next question; none if nothing came within the time. `Err` at the end.
    fn take(&self, patience: Duration) -> Result<Option<Ask>, ()> {
        let mut waiting = self.lock();
        if waiting.queue.is_empty() && !waiting.is_over {
            let waited = self.bell.wait_timeout(waiting, patience);
            waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if waiting.is_over {
            return Err(());
        }
        Ok(waiting.queue.pop_front().map(|(_, ask)| ask))
    }

    fn end(&self) {
        self.lock().is_over = true;
        self.bell.notify_all();
    }
}

/// The threads that read.
pub struct Workers {
    quick: Arc<Desk>,
    slow: Arc<Desk>,
}

impl Workers {
    /// Starts them. Replies go to `events`.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(sources: &Sources, events: &Sender<Event>) -> io::Result<Self> {
        let (quick, slow) = (Arc::new(Desk::default()), Arc::new(Desk::default()));
        for (name, desk, watches) in [("reader", &quick, true), ("slow reader", &slow, false)] {
            let worker = Worker {
                desk: desk.clone(),
                sources: sources.clone(),
                events: events.clone(),
                watches,
                reader: None,
                identity: None,
                seen: None,
                opened: 0,
                had_store: false,
                complaint: None,
            };
            std::thread::Builder::new().name(name.into()).spawn(move || worker.run())?;
        }
        Ok(Self { quick, slow })
    }

    /// Puts a question.
    pub fn ask(&self, ask: Ask) {
        if ask.is_slow() { self.slow.put(ask) } else { self.quick.put(ask) }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.quick.end();
        self.slow.end();
    }
}

struct Worker {
    desk: Arc<Desk>,
    sources: Sources,
    events: Sender<Event>,
    /// True for the one that watches the store.
    watches: bool,
    reader: Option<Reader>,
    identity: Option<(u64, u64)>,
    seen: Option<(i64, i64)>,
    /// How often the store was opened: numbers of one connection mean nothing to the next.
    opened: i64,
    /// True once there was a store: one that is missing then was taken away.
    had_store: bool,
    complaint: Option<Unread>,
}

impl Worker {
    fn run(mut self) {
        let mut last_watch: Option<Instant> = None;
        loop {
            if last_watch.is_none_or(|last| last.elapsed() >= WATCH) {
                last_watch = Some(Instant::now());
                self.watch();
            }
            let Ok(ask) = self.desk.take(WATCH) else { return };
            let Some(ask) = ask else { continue };
            if self.reader.is_none() || self.sources.identity() != self.identity {
                self.watch();
            }
            let started = Instant::now();
            let answer = self.answer(&ask);
            let reply = Reply::Answer { ask, answer: Box::new(answer), took: started.elapsed() };
            if self.say(reply).is_err() {
                return;
            }
        }
    }

    fn say(&self, reply: Reply) -> Result<(), ()> {
        self.events.send(Event::Reply(Box::new(reply))).map_err(|_| ())
    }

    /// A panic of a reader is a defect, and no reason to lose the screen.
    fn answer(&mut self, ask: &Ask) -> Result<super::ask::Answer, Trouble> {
        let Some(reader) = &self.reader else {
            let text = self.complaint.as_ref().map(|unread| unread.text.clone());
            return Err(Trouble::Other(text.unwrap_or_else(|| "the store is not open yet".into())));
        };
        let asked = catch_unwind(AssertUnwindSafe(|| ask.answer(reader)));
        asked.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no words");
            Err(Trouble::Other(format!("a defect of derby, please report it: {text}")))
        })
    }

    /// Opens the store again if it is another one, and tells of writes.
    fn watch(&mut self) {
        let identity = self.sources.identity();
        if self.reader.is_none() || identity != self.identity {
            self.identity = identity;
            self.seen = None;
            if identity.is_none() && self.had_store {
                return self.complain(self.sources.removed());
            }
            match self.sources.look() {
                Ok((reader, is_made)) => {
                    self.identity = identity.filter(|_| is_made);
                    self.opened += 1;
                    self.had_store |= identity.is_some();
                    self.reader = Some(reader);
                }
                Err(error) => return self.complain(Unread::of(&error)),
            }
        }
        let Some(reader) = &self.reader else { return };
        let now = reader.store.data_version().and_then(|version| {
            let change = reader.store.change_seq()?;
            Ok((version, change))
        });
        match now {
            Ok(now) if self.seen != Some(now) || self.complaint.is_some() => {
                self.seen = Some(now);
                self.complaint = None;
                if self.watches {
                    let epoch = self.opened << 40;
                    let _ =
                        self.say(Reply::Changed { version: epoch + now.0, change: epoch + now.1 });
                }
            }
            Ok(_) => {}
            Err(error) => self.complain(Unread::of(&error)),
        }
    }

    fn complain(&mut self, unread: Unread) {
        self.reader = None;
        if self.complaint.as_ref() != Some(&unread) {
            self.complaint = Some(unread.clone());
            if self.watches {
                let _ = self.say(Reply::Unreadable(unread));
            }
        }
    }
}
