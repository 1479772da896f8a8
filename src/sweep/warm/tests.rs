//! Configurations of earlier sweeps in the space of a new one.
