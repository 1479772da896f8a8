//! Scores: what a prediction is worth against the truth.
