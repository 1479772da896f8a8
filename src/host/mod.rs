//! The machine: clock, user, git, file-system kind, CPU time, signals. Nothing here is derby's own business.
