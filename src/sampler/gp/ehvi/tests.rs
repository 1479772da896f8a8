//! The sampler as a whole.
