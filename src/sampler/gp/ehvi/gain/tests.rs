//! The closed form against sampling, differences and a reference.
