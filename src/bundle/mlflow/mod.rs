//! The folder of an `MLflow` model around an ONNX file, which `mlflow.pyfunc.load_model` loads.
//!
//! `model.onnx` is all that computes. The flavor `python_function` reads it through a module of ours (`code/`),
//! since `MLflow`'s own reader of ONNX takes neither integers for numbers, nor missing words, nor dates; the flavor
//! `onnx` is for `mlflow.onnx.load_model`. The signature names the columns without a type: `MLflow` refuses integers
//! of 64 bits where it says `double`.

use super::onnx::{OnnxModel, OnnxOutputKind};
use crate::domain::Digest;
use serde_json::json;
use std::io;
use std::path::Path;

/// The module that reads the file in Python.
const LOADER: &str = include_str!("derby_onnx.py");
const LOADER_NAME: &str = "derby_onnx";

/// Packages that the folder needs (tried with `MLflow` 2.19.0 and 3.17.2), and Python's version for a new environment.
const PACKAGES: [&str; 5] =
    ["mlflow>=2.19", "numpy>=1.26", "onnx>=1.15", "onnxruntime>=1.17", "pandas>=2.1"];
const PYTHON: &str = "3.11.9";

/// What the folder says of the model beside the ONNX file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MlflowMeta {
    /// When the model was made: `2026-01-31 12:00:00.000000` in UTC, as `MLflow` writes it. Without it `MLflow`
    /// shows the time of loading.
    pub created: Option<String>,
    /// Keys and texts that `mlflow` shows as the model's metadata: the bundle's digest, the run.
    pub metadata: Vec<(String, String)>,
    /// Class names by code; empty for regression.
    pub classes: Vec<String>,
}

/// Why the folder was not written.
#[derive(Debug, thiserror::Error)]
pub enum MlflowError {
    /// There is something already.
    #[error("'{0}' is not an empty folder; mend: name another, or remove it")]
    NotEmpty(String),
    /// The file system says no.
    #[error(
        "cannot write '{path}': {source}; mend: a folder that can be written, on a disk with room"
    )]
    Write {
        /// The file.
        path: String,
        /// What it says.
        source: io::Error,
    },
}

/// Writes the folder, which must be empty or not be there yet; equal input gives equal files.
///
/// # Errors
/// When the folder holds something or cannot be written.
pub fn mlflow_folder(dir: &Path, model: &OnnxModel, meta: &MlflowMeta) -> Result<(), MlflowError> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |source| MlflowError::Write { path, source }
    };
    let is_free = match std::fs::read_dir(dir) {
        Ok(mut there) => there.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if !is_free {
        return Err(MlflowError::NotEmpty(dir.display().to_string()));
    }
    std::fs::create_dir_all(dir.join("code")).map_err(failed(dir))?;
    let requirements = format!("{}\n", PACKAGES.join("\n"));
    let python_env = format!(
        "python: '{PYTHON}'\nbuild_dependencies:\n- pip\ndependencies:\n- -r requirements.txt\n"
    );
    let pip = PACKAGES.join("\n  - ");
    let conda = format!(
        "name: mlflow-env\nchannels:\n- conda-forge\ndependencies:\n- python={PYTHON}\n- pip\n- pip:\n  - {pip}\n"
    );
    let files: [(&str, &[u8]); 6] = [
        ("model.onnx", &model.bytes),
        ("code/derby_onnx.py", LOADER.as_bytes()),
        ("requirements.txt", requirements.as_bytes()),
        ("python_env.yaml", python_env.as_bytes()),
        ("conda.yaml", conda.as_bytes()),
        // Last, since this is the file that makes the folder a model.
        ("MLmodel", &description(model, meta).into_bytes()),
    ];
    for (name, bytes) in files {
        let path = dir.join(name);
        std::fs::write(&path, bytes).map_err(failed(&path))?;
    }
    Ok(())
}

/// The file `MLmodel`, YAML.
fn description(model: &OnnxModel, meta: &MlflowMeta) -> String {
    let uuid = &Digest::of(&model.bytes).hex()[..32];
    let mut text = format!(
        "artifact_path: model\nflavors:\n  onnx:\n    data: model.onnx\n    onnx_version: 1.15.0\n    \
         providers:\n    - CPUExecutionProvider\n  python_function:\n    code: code\n    data: model.onnx\n    \
         env:\n      conda: conda.yaml\n      virtualenv: python_env.yaml\n    \
         loader_module: {LOADER_NAME}\n    python_version: {PYTHON}\nmlflow_version: 2.19.0\n\
         model_uuid: {}\n",
        quoted(uuid)
    );
    if !meta.metadata.is_empty() {
        text.push_str("metadata:\n");
    }
    let entry = |(key, value): &(String, String)| format!("  {}: {}\n", quoted(key), quoted(value));
    text.extend(meta.metadata.iter().map(entry));
    let (inputs, outputs) = signature(model, &meta.classes);
    let (inputs, outputs) = (quoted(&inputs), quoted(&outputs));
    text.extend([
        "signature:\n  inputs: ",
        &inputs,
        "\n  outputs: ",
        &outputs,
        "\n  params: null\n",
    ]);
    text.extend(meta.created.iter().map(|at| format!("utc_time_created: {}\n", quoted(at))));
    text
}

/// The columns that go in and come out, as JSON.
fn signature(model: &OnnxModel, classes: &[String]) -> (String, String) {
    let input = |name: &String| json!({"type": "any", "name": name, "required": false});
    let inputs: Vec<_> = model.inputs.iter().map(|column| input(&column.name)).collect();
    let output = |kind: &str, name: &str| json!({"type": kind, "name": name, "required": true});
    let mut outputs = vec![];
    for given in &model.outputs {
        let word = match given.kind {
            OnnxOutputKind::Label => {
                outputs.push(output("string", "prediction"));
                continue;
            }
            OnnxOutputKind::Prediction => {
                outputs.push(output("double", "prediction"));
                continue;
            }
            OnnxOutputKind::Probabilities => "p",
            OnnxOutputKind::Scores => "score",
        };
        outputs.extend(classes.iter().map(|class| output("double", &format!("{word}_{class}"))));
    }
    (json!(inputs).to_string(), json!(outputs).to_string())
}

/// A YAML text on one line. JSON's texts are YAML's, but for slashes that need no escape.
fn quoted(text: &str) -> String {
    json!(text).to_string()
}
