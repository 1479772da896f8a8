//! derby races training configurations against each other and keeps the winner honest.
//!
//! One binary: a hyperparameter sweeper, an experiment tracker in SQLite, and the terminal UI to look at both and act.
//! This page is the architecture document.
//!
//! # The path of the data
//!
//! ```text
//! sweeps/x.toml ─▶ spec ─▶ space ─▶ sampler ─▶ executor ─▶ trainer ─▶ metrics ─▶ store ─▶ compare
//!                  └───────── sweep: the loop ask ▸ run ▸ record ▸ tell ─────────┘
//! store ─▶ candidate: the run fitted again ─▶ bundle ─▶ gate: evidence in, verdict out ─▶ champion: the ledger
//! tui and cli read everything; nothing reads cli
//! ```
//!
//! # Where things are
//!
//! Modules are listed in the order of their layers: a module imports only from those above it. A test
//! (`tests/it/tidy.rs`) reads the sources and fails on an import against that order.
//!
//! | module | what it is | what it never does |
//! |---|---|---|
//! | [`domain`] | plain data that every stage shares | I/O, clocks, random numbers |
//! | [`host`] | clock, git, file-system kind, CPU time, signals | anything that knows a sweep |
//! | [`numeric`] | random streams, statistics, linear algebra, round ticks, argmin's door | knows of runs or data |
//! | [`metrics`] | scores | reads a model |
//! | [`gate`] | rules over evidence, a verdict | reads the store, a model or a file |
//! | [`space`] | dimensions, conditions, unit cube | draws a point by itself |
//! | [`data`] | source → table → profile, checks, hash, split, preprocessing per fold | sees a score |
//! | [`trainer`] | model families: linfa and kin | sees a test row |
//! | [`bundle`] | a model packed in a folder: preprocessing, schema, provenance; predicts anywhere | knows a store |
//! | [`explain`] | what a model goes by, where it errs | reads a file |
//! | [`sampler`] | which configuration next | runs anything |
//! | [`pruner`] | which running trial is hopeless | stops anything itself |
//! | [`spec`] | the sweep file, all problems at once | trains or stores |
//! | [`protocol`] | what a script says, turned into metrics; the record of its output | starts a process |
//! | [`compare`] | differences, paired tests | reads the store |
//! | [`champion`] | registered models, versions, aliases: the ledger | judges |
//! | [`store`] | the only SQL | decides anything |
//! | [`executor`] | carries out trials on worker threads | asks a sampler, writes the store |
//! | [`sweep`] | the loop: ask, run, record, tell; resume; stop; steer; warm start; how far it is and how fast | prints |
//! | [`candidate`] | a recorded run fitted again: bundle, evidence, reproduction | decides a verdict |
//! | [`plot`] | figures | reads the store |
//! | [`report`] | one structure in every form: text, Markdown, JSON, `JUnit`, `OpenMetrics`, HTML | gathers |
//! | [`tui`] | the terminal UI: state, screens, what is drawn | reads the store on the thread that draws, acts but by verbs, writes and commands |
//! | [`cli`] | arguments, verbs, output | is imported by anything |
//!
//! # Invariants
//!
//! * One crate, one door: rusqlite is imported by `store` and the SQLite reader of `data` only, the model
//!   crates by `trainer`, argmin by `numeric`, plotters by `plot`, ratatui by `tui`, clap by `cli`.
//! * A failed trial is data (an [`Outcome`](domain::Outcome)), never an error of the program.
//! * What breaks a constraint is never the best: its status, which [`sweep`] alone decides, is not that of a run that is done.
//! * A result is committed before the next trial is asked for.
//! * Same file, same data, same seed: same trials, same scores, whatever the number of workers if the
//!   sweep is `reproducible`.
//! * No verb but a gate looks at the holdout unless it is told to, and every comparison there is counted in the ledger.
//! * A ledger is only ever appended to; who is champion is a pure fold of its entries.
//!
//! # To add something
//!
//! * A model family: one file in `src/trainer/` with a [`Family`](trainer::Family) and its
//!   [`Model`](trainer::Model), one line in [`trainer::catalogue`]. The conformance tests run over the
//!   catalogue; reference values go through `tests/fixtures/trainers.py`.
//! * A sampler: one file in `src/sampler/`, one line in [`sampler::make`] and [`sampler::names`]; its
//!   conformance tests run over the names. One that learns nothing from trials is named in [`sampler::learns`]. Raise [`sampler::VERSION`] when an existing one answers differently.
//! * A metric: one line in [`metrics::catalogue`] and its formula, with values from scikit-learn.
//! * A key of the sweep file: its section in `src/spec/section/`, its place in `src/spec/identity.rs` (the
//!   compiler asks for it), and the problem that a wrong value makes.
//! * A verb: its arguments in `src/cli/args.rs`, one file in `src/cli/`, a snapshot of its help in
//!   `tests/it/help.rs`.
//! * A check of the gate: in `src/gate/checks.rs` if it follows from predictions, else as a fact in
//!   `src/candidate/facts.rs`; a rule of it is a key in `src/spec/section/gate.rs` and a field of [`gate::Policy`].
//! * An event of the ledger: a variant of [`champion::Event`] and what it changes in `src/champion/fold.rs`; fields of
//!   shipped events only ever get a default.
//! * A form of the report: one function over [`report::Report`], one line in [`report::Format`].
//! * A key: one line in [`tui::keymap::TABLE`], which dispatch, footer, help and README's list are made from.
//! * A screen: a folder in `src/tui/screens/` that is a [`tui::screens::Screen`], with its questions in `load.rs`.
//! * A figure: one content struct in `src/plot/` that is a [`plot::Figure`].
//! * A way to steer a sweep that runs: a variant of [`sweep::Steer`], what it comes to in
//!   `src/sweep/drive/steered.rs`, what of it outlives a restart in `src/sweep/steer/state.rs`, a verb of `derby steer`.
//! * A change of the store: a new numbered file in `src/store/migrations/`; never an edit of one that shipped.
//!
//! # Where a test belongs
//!
//! In the file that it tests, unless it needs the program or more than one layer: those are in `tests/it/`,
//! one binary. `DERBY_FAULT` kills the process at an exact place ([`host::fault()`]), `DERBY_NOW` holds the clock
//! still. Nothing sleeps, nothing asks the network, and random cases are the same on every run.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod domain;
pub mod host;
pub mod numeric;
pub mod metrics;
pub mod gate;
pub mod space;
pub mod data;
pub mod trainer;
pub mod bundle;
pub mod explain;
pub mod sampler;
pub mod pruner;
pub mod spec;
pub mod protocol;
pub mod compare;
pub mod champion;
pub mod store;
pub mod executor;
pub mod sweep;
pub mod candidate;
pub mod plot;
pub mod report;
pub mod tui;
pub mod cli;
