//! Keys in, text out.
