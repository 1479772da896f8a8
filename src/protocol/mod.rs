//! What a script says: lines of output and files turned into metrics, and the record of its output.
