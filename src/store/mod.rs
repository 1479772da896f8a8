//! The store: the only SQL that derby writes. One SQLite database and a folder of objects beside it.
