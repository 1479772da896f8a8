//! The derby binary: parse, run, exit code; nothing else.

fn main() {}
