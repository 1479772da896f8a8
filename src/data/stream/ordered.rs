//! Blocks worked on by several threads, the answers taken in order.

use super::Error;
use super::blocks::Block;
use std::collections::BTreeMap;
use std::sync::mpsc::{self, Sender};
use std::sync::{Condvar, Mutex, PoisonError};

/// Blocks that may wait for an earlier one, per thread: more would only cost memory.
const AHEAD: u64 = 4;

/// How far the answers have been taken, and whether to go on.
#[derive(Debug, Default)]
struct Progress {
    taken: u64,
    is_over: bool,
}

/// What the threads share.
struct Shared<'a> {
    /// The number of the next block; the lock also keeps reading to one thread.
    turn: Mutex<u64>,
    progress: Mutex<Progress>,
    moved: Condvar,
    window: u64,
    next: &'a (dyn Fn() -> Result<Option<Block>, Error> + Sync),
}

impl Shared<'_> {
    fn set(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner));
        self.moved.notify_all();
    }

    /// Waits until the block may be worked on; false if all is over.
    fn wait(&self, number: u64) -> bool {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let far = |p: &mut Progress| !p.is_over && number >= p.taken + self.window;
        let progress = self.moved.wait_while(progress, far).unwrap_or_else(PoisonError::into_inner);
        !progress.is_over
    }
}

/// Ends everything when a thread panics, so that nobody waits for its block.
struct Guard<'a, 'b>(&'a Shared<'b>);

impl Drop for Guard<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.set(|progress| progress.is_over = true);
        }
    }
}

/// Takes blocks from `next`, works on them on so many threads, and hands the answers to `take` in order. The first
/// error in that order ends it.
pub(super) fn run<T: Send, E: From<Error> + Send>(
    threads: usize,
    next: &(dyn Fn() -> Result<Option<Block>, Error> + Sync),
    work: &(impl Fn(Block) -> Result<T, E> + Sync),
    take: &mut impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let shared = Shared {
        turn: Mutex::new(0),
        progress: Mutex::default(),
        moved: Condvar::new(),
        window: threads as u64 * AHEAD,
        next,
    };
    let shared = &shared;
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..threads {
            let sender = sender.clone();
            let builder = std::thread::Builder::new().name("stream".into()).stack_size(16 << 20);
            let spawned = builder.spawn_scoped(scope, move || worker(shared, work, &sender));
            // Without this thread the others do the work; without any there is no work to wait for.
            if spawned.is_err() {
                break;
            }
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut result = Ok(());
        let mut expected = 0;
        for (number, answer) in receiver {
            waiting.insert(number, answer);
            while let Some(answer) = waiting.remove(&expected) {
                expected += 1;
                if result.is_ok() {
                    result = answer.and_then(&mut *take);
                }
                let is_over = result.is_err();
                shared.set(|progress| {
                    progress.taken = expected;
                    progress.is_over |= is_over;
                });
            }
        }
        result
    })
}

fn worker<T, E: From<Error>>(
    shared: &Shared<'_>,
    work: &impl Fn(Block) -> Result<T, E>,
    sender: &Sender<(u64, Result<T, E>)>,
) {
    let _guard = Guard(shared);
    loop {
        let mut turn = shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let number = *turn;
        let block = (shared.next)();
        *turn += 1;
        drop(turn);
        let answer = match block {
            Ok(None) => return,
            Ok(Some(_)) if !shared.wait(number) => return,
            Ok(Some(block)) => work(block),
            Err(error) => Err(error.into()),
        };
        let is_err = answer.is_err();
        // A closed channel or an error ends this thread; earlier blocks are still worked on by the others.
        if sender.send((number, answer)).is_err() || is_err {
            return;
        }
    }
}
