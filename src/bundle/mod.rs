//! A trained pipeline in other programs' formats.

pub mod mlflow;
pub mod onnx;
