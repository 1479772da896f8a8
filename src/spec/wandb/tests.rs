//! Files of theirs.
