//! Executors: what carries out a trial.
