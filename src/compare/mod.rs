//! Comparing runs: differences and paired tests. Pure: evidence in, findings out.
