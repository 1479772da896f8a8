//! The folder of an `MLflow` model.
