//! The derby binary.
fn main() {}
