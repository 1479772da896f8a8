//! Pruners: which running trial is hopeless.
