//! The command line: arguments, one file per verb, and the only output of the program.
