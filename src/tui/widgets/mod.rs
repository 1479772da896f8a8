//! What screens are drawn from: pure functions of data, a theme and an area into cells.
