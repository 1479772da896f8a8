//! Prepared folds, shared by the trials that preprocess alike.
//!
//! Preparing a fold costs more than many fits on it, and trees keep their sorted orders there. The cache
//! is bounded by bytes; what does not fit is prepared again. Results never depend on what is cached.

use crate::domain::Digest;
use crate::trainer::Fold;
use ndarray::Array2;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A fold ready for fitting and scoring.
pub(super) struct Prepared {
    /// Training rows.
    pub(super) fold: Fold,
    /// Test rows, transformed by what the training rows taught.
    pub(super) test: Array2<f64>,
}

impl Prepared {
    fn n_bytes(&self) -> usize {
        self.fold.n_bytes() + self.test.len() * size_of::<f64>()
    }
}

type Slot = Arc<OnceLock<Result<Arc<Prepared>, String>>>;
type Key = (usize, Digest);

#[derive(Default)]
struct Entries {
    slots: BTreeMap<Key, (Slot, u64)>,
    clock: u64,
}

/// A least-recently-used cache of prepared folds.
pub(super) struct FoldCache {
    entries: Mutex<Entries>,
    max_bytes: usize,
}

impl FoldCache {
    /// A cache that keeps up to `max_bytes`.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { entries: Mutex::default(), max_bytes }
    }

    /// The fold of that index and preprocessing; two workers that ask at once prepare it once.
    pub(super) fn get(
        &self,
        key: Key,
        prepare: impl FnOnce() -> Result<Prepared, String>,
    ) -> Result<Arc<Prepared>, String> {
        let slot = self.slot(key);
        let prepared = slot.get_or_init(|| prepare().map(Arc::new)).clone();
        self.evict();
        prepared
    }

    fn slot(&self, key: Key) -> Slot {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.clock += 1;
        let now = entries.clock;
        let (slot, used) = entries.slots.entry(key).or_default();
        *used = now;
        Arc::clone(slot)
    }

    /// Drops the longest unused folds until the rest fits. A fold in use lives on in its trial.
    fn evict(&self) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let sizes = entries.slots.iter().filter_map(|(key, (slot, used))| {
                let bytes = slot.get()?.as_ref().map_or(0, |prepared| prepared.n_bytes());
                Some((*key, bytes, *used))
            });
            let ready: Vec<(Key, usize, u64)> = sizes.collect();
            let total: usize = ready.iter().map(|(_, bytes, _)| bytes).sum();
            if total <= self.max_bytes {
                return;
            }
            let Some((oldest, _, _)) = ready.into_iter().min_by_key(|(_, _, used)| *used) else {
                return;
            };
            entries.slots.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Labels;

    fn prepared(rows: usize) -> Prepared {
        let x = Array2::zeros((rows, 1));
        let fold = Fold::new(x, Labels::Values(vec![0.0; rows]), None);
        Prepared { fold, test: Array2::zeros((0, 1)) }
    }

    #[test]
    fn a_fold_is_prepared_once_and_the_oldest_goes_first() {
        let cache = FoldCache::new(2 * prepared(10).n_bytes());
        let mut made = 0;
        for fold in [0, 1, 0, 2, 0, 1] {
            let key = (fold, Digest::of(b"plain"));
            cache
                .get(key, || {
                    made += 1;
                    Ok(prepared(10))
                })
                .unwrap();
        }
        assert_eq!(made, 4, "0, 1 and 2 once, and 1 again after it made room for 2");
    }

    #[test]
    fn a_failure_is_handed_on() {
        let cache = FoldCache::new(1000);
        let got = cache.get((0, Digest::of(b"x")), || Err("no columns".into()));
        assert_eq!(got.err(), Some("no columns".into()));
    }
}
