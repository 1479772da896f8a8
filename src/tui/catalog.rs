//! What every screen may need to know of the store: its names, its sweeps, what runs, who is champion.

use super::ask::{Reader, Trouble};
use crate::champion::Ledger;
use crate::domain::{Objective, RunId, Status, SweepId};
use crate::report::words::count;
use crate::store::{Expr, Query, SweepRow};
use crate::sweep::Reached;
use std::collections::BTreeMap;

/// The store at a glance.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// True once it was read: before, nothing below means anything.
    pub is_loaded: bool,
    /// Metrics of any run.
    pub metrics: Vec<String>,
    /// Parameters of any run.
    pub params: Vec<String>,
    /// Sweeps, the newest first.
    pub sweeps: Vec<SweepRow>,
    /// How far each of them is, and what it does.
    pub reached: BTreeMap<SweepId, Reached>,
    /// Runs by status, over all sweeps and runs by hand.
    pub counts: BTreeMap<Status, u64>,
    /// How many of those that are marked as running have no live process; they are in `counts` as running.
    pub n_stale: u64,
    /// The champion of every registered model whose run this store has, and the model.
    pub champions: BTreeMap<RunId, String>,
    /// Registered models.
    pub models: Vec<String>,
}

impl Catalog {
    pub(super) fn load(reader: &Reader) -> Result<Self, Trouble> {
        let store = &reader.store;
        let known = store.known_names()?;
        let mut sweeps = store.sweeps()?;
        sweeps.sort_by_key(|sweep| std::cmp::Reverse(sweep.id));
        let mut catalog = Self {
            is_loaded: true,
            metrics: known.metrics.into_keys().collect(),
            params: known.params.into_keys().collect(),
            sweeps,
            ..Self::default()
        };
        for sweep in &catalog.sweeps {
            for (status, n) in &sweep.counts {
                *catalog.counts.entry(*status).or_default() += n;
            }
        }
        if catalog.counts.contains_key(&Status::Running) {
            catalog.n_stale =
                store.count(&Query { filter: Some(Expr::stale()), ..Query::default() })?;
        }
        for sweep in &catalog.sweeps {
            catalog.reached.insert(sweep.id, Reached::of(store, sweep)?);
        }
        catalog.read_champions(reader);
        Ok(catalog)
    }

    /// Ledgers that cannot be read are the champions screen's to tell of; here they mark nobody.
    fn read_champions(&mut self, reader: &Reader) {
        for model in Ledger::models(&reader.ledgers).unwrap_or_default() {
            let anchor = reader.store.anchor(model.as_str()).unwrap_or_default();
            if let Ok(ledger) = Ledger::existing(&reader.ledgers, &model, anchor)
                && let Some(champion) = ledger.registry().champion()
                && let Some(run) = &champion.version.run
                && let Ok(run) = reader.store.run_id(&run.uuid)
            {
                self.champions.insert(run, model.to_string());
            }
            self.models.push(model.to_string());
        }
    }

    /// The sweep of that number.
    pub fn sweep(&self, id: SweepId) -> Option<&SweepRow> {
        self.sweeps.iter().find(|sweep| sweep.id == id)
    }

    /// How far the sweep of that number is, and what it does.
    pub fn reached(&self, id: SweepId) -> Option<&Reached> {
        self.reached.get(&id)
    }

    /// The sweep of that name, the newest of several.
    pub fn sweep_named(&self, name: &str) -> Option<&SweepRow> {
        self.sweeps.iter().find(|sweep| sweep.name == name)
    }

    /// The first objective of the newest sweep that has that metric, for its direction.
    pub fn objective(&self, metric: &str) -> Option<&Objective> {
        self.sweeps.iter().flat_map(|sweep| &sweep.objectives).find(|one| one.metric == metric)
    }

    /// Runs at work, without those that are so in name only.
    pub fn n_running(&self) -> u64 {
        let marked = self.counts.get(&Status::Running).copied().unwrap_or(0);
        marked.saturating_sub(self.n_stale)
    }
}

/// Progress in words, for every place that shows it: `137/200`, `137` without a limit.
pub fn progress(reached: &Reached) -> String {
    let over = count(reached.over);
    reached.total.map_or_else(|| over.clone(), |total| format!("{over}/{}", count(total)))
}
