//! `derby export --format onnx` and `--format mlflow`: the whole pipeline for programs other than derby.

use super::model_args::ExportArgs;
use super::out::safe;
use super::packed::Packed;
use super::text::{bytes, count};
use super::whole_file::{WholeFile, failed};
use super::{CliError, Exit, Ui};
use crate::bundle::Bundle;
use crate::bundle::mlflow::{MlflowError, MlflowMeta, mlflow_folder};
use crate::bundle::onnx::{
    OnnxColumn, OnnxInput, OnnxMember, OnnxModel, OnnxOutputKind, onnx_model,
};
use crate::data::ColumnType;
use crate::spec::shell_words;
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// How near the numbers of the file are to derby's own: relative above 1.
const TOLERANCE: f64 = 1e-9;
/// Inputs of a kind that are named.
const SHOWN: usize = 6;
/// What each file of derby's begins with: IR version 8, and the producer.
const BEGIN: &[u8] = b"\x08\x08\x12\x05derby";

/// Writes one file.
pub(super) fn write_onnx(ui: &Ui, args: &ExportArgs, bundle: &Bundle) -> Result<Value, CliError> {
    let made = model(bundle)?;
    let path = &args.output;
    check_place(path)?;
    let mut file = WholeFile::create(path)?;
    file.write_all(&made.bytes).map_err(|error| failed(path, &error))?;
    file.finish()?;
    if !args.json {
        let shown = safe(&path.display().to_string());
        ui.out.line(&format!(" wrote  {shown}   ONNX, {}", bytes(made.bytes.len() as u64)))?;
        say(ui, bundle, &made)?;
    }
    let word = shell_words(&[&path.display().to_string()]);
    let next = format!(
        "python -c \"import onnxruntime; print(onnxruntime.InferenceSession({}).get_inputs())\"",
        python_text(&path.display().to_string())
    );
    let next = if word.starts_with('\'') { None } else { Some(next) };
    Ok(described(&made, next.as_deref()))
}

/// Writes a folder, whole or not at all.
pub(super) fn write_mlflow(ui: &Ui, args: &ExportArgs, packed: &Packed) -> Result<Value, CliError> {
    let bundle = &packed.bundle;
    let made = model(bundle)?;
    let path = &args.output;
    let measured = Bundle::read_measured(&packed.folder)?;
    let meta = MlflowMeta {
        created: measured.at.as_deref().map(mlflow_time),
        metadata: metadata(bundle),
        classes: bundle.manifest().classes.clone(),
    };
    put_folder(path, |part| mlflow_folder(part, &made, &meta))?;
    if !args.json {
        let shown = safe(&path.display().to_string());
        ui.out
            .line(&format!(" wrote  {shown}   MLflow model, {}", bytes(made.bytes.len() as u64)))?;
        say(ui, bundle, &made)?;
    }
    let text = python_text(&path.display().to_string());
    let next = format!("python -c \"import mlflow; print(mlflow.pyfunc.load_model({text}))\"");
    Ok(described(&made, Some(&next)))
}

/// Lets a folder be written beside its place, which must be free, and gives it its name.
fn put_folder(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<(), MlflowError>,
) -> Result<(), CliError> {
    let is_free = fs::read_dir(path).map_or(!path.exists(), |mut there| there.next().is_none());
    if !is_free {
        let error = MlflowError::NotEmpty(path.display().to_string());
        return Err(CliError::new(Exit::Failed, error.to_string()));
    }
    let part = beside(path)?;
    let put = match write(&part) {
        Ok(()) => fs::rename(&part, path).map_err(|error| failed(path, &error)),
        Err(MlflowError::Write { source, .. }) => Err(failed(path, &source)),
        Err(error) => Err(CliError::new(Exit::Failed, error.to_string())),
    };
    if put.is_err() {
        fs::remove_dir_all(&part).ok(); // only what this call wrote
    }
    put
}

/// The pipeline of a bundle as ONNX.
fn model(bundle: &Bundle) -> Result<OnnxModel, CliError> {
    let manifest = bundle.manifest();
    let (Some(pipeline), Some(schema)) = (bundle.pipeline(), bundle.schema()) else {
        let text = format!(
            "'{}' is a command's bundle: what it computes is in its own program and files, not in derby",
            manifest.name
        );
        return Err(CliError::new(Exit::Failed, text).hint(
            "let the command write model.onnx into DERBY_ARTIFACTS; --format bundle packs it",
        ));
    };
    let columns: Vec<OnnxColumn> = schema
        .columns
        .iter()
        .map(|column| OnnxColumn { name: column.name.clone(), kind: column.kind })
        .collect();
    let members: Vec<OnnxMember<'_>> = pipeline
        .members
        .iter()
        .map(|(weight, member)| OnnxMember {
            weight: *weight,
            prep: &member.prep,
            form: member.model().form(),
        })
        .collect();
    let input = OnnxInput {
        name: &manifest.name,
        classes: &manifest.classes,
        columns: &columns,
        null_values: &schema.null_values,
        members: &members,
        metadata: &metadata(bundle),
    };
    onnx_model(&input).map_err(|error| {
        let families: Vec<&str> =
            pipeline.members.iter().map(|(_, member)| member.family.as_str()).collect();
        let text = format!("'{}' cannot be written as ONNX: {error}", families.join(", "));
        CliError::new(Exit::Failed, text).hint("--format bundle packs every model")
    })
}

/// What readers may want to know of where the file comes from.
fn metadata(bundle: &Bundle) -> Vec<(String, String)> {
    let (manifest, provenance) = (bundle.manifest(), bundle.provenance());
    let entries = [
        ("derby.bundle", Some(bundle.digest().hex())),
        ("derby.model", Some(manifest.name.clone())),
        ("derby.target", manifest.target.clone()),
        ("derby.data", provenance.data_hash.clone()),
        ("derby.licence", provenance.licence.clone()),
    ];
    entries.into_iter().filter_map(|(key, text)| Some((key.to_string(), text?))).collect()
}

/// Refuses to replace what derby has not written.
fn check_place(path: &Path) -> Result<(), CliError> {
    let Ok(there) = fs::metadata(path) else { return Ok(()) };
    if !there.is_file() || there.len() == 0 {
        return Ok(()); // a folder is refused by whoever writes, a device is not replaced
    }
    let mut begin = Vec::new();
    let read =
        fs::File::open(path).and_then(|file| file.take(BEGIN.len() as u64).read_to_end(&mut begin));
    read.map_err(|error| failed(path, &error))?;
    if begin == BEGIN {
        return Ok(());
    }
    let text = format!("'{}' is there and is no ONNX file of derby's", path.display());
    Err(CliError::new(Exit::Failed, text).hint("name another file, or remove it yourself"))
}

/// A folder beside one that is to be.
fn beside(path: &Path) -> Result<PathBuf, CliError> {
    if path.file_name().is_none() {
        let text = format!("'{}' is no name for a folder", path.display());
        return Err(CliError::new(Exit::Failed, text).hint("name a new one with -o"));
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        fs::create_dir_all(parent).map_err(|error| failed(parent, &error))?;
    }
    Ok(path.with_file_name(format!(".derby-{}.part", uuid::Uuid::now_v7().simple())))
}

/// Whether a column is of some kind.
type Is<'a> = &'a dyn Fn(ColumnType) -> bool;

/// Inputs, outputs, and what is promised of them.
fn say(ui: &Ui, bundle: &Bundle, made: &OnnxModel) -> Result<(), CliError> {
    let words = bundle.schema().map_or(&[][..], |schema| &schema.null_values);
    let missing = words.iter().find(|word| !word.is_empty()).map_or("", String::as_str);
    let missing = if words.iter().any(String::is_empty) { "" } else { missing };
    let kinds: [(&str, String, Is<'_>); 3] = [
        ("double", "NaN if missing".into(), &|kind| kind == ColumnType::Number),
        ("double", "seconds since 1970 UTC, NaN if missing".into(), &|kind| {
            kind == ColumnType::Date
        }),
        ("string", format!("'{}' if missing", safe(missing)), &|kind| {
            !matches!(kind, ColumnType::Number | ColumnType::Date)
        }),
    ];
    for (element, how, is) in kinds {
        let names: Vec<String> = made
            .inputs
            .iter()
            .filter(|input| is(input.kind))
            .map(|input| format!("'{}'", safe(&input.name)))
            .collect();
        if names.is_empty() {
            continue;
        }
        let more = names.len().saturating_sub(SHOWN);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        let n = count(names.len() as u64);
        ui.out.line(&format!(
            " in     {n} × {element}, rows × 1, {how}: {}{rest}",
            names[..names.len() - more].join(", ")
        ))?;
    }
    let n_classes = bundle.manifest().classes.len();
    for output in &made.outputs {
        let shape = match output.kind {
            OnnxOutputKind::Label => "string, rows".to_string(),
            OnnxOutputKind::Prediction => "double, rows".to_string(),
            OnnxOutputKind::Probabilities | OnnxOutputKind::Scores => {
                format!("double, rows × {n_classes}")
            }
        };
        ui.out.line(&format!(" out    {}   {shape}", safe(&output.name)))?;
    }
    let labels = if n_classes > 0 { "equal labels, numbers" } else { "numbers" };
    ui.out.line(&format!(
        " agrees with derby predict: {labels} within {TOLERANCE:e}, all in double, trees too; not run here"
    ))?;
    ui.out.line(&format!(" of     bundle b3:{}", bundle.digest().hex()))?;
    Ok(())
}

fn described(made: &OnnxModel, next: Option<&str>) -> Value {
    let inputs: Vec<Value> = made
        .inputs
        .iter()
        .map(|input| {
            let is_number = matches!(input.kind, ColumnType::Number | ColumnType::Date);
            let element = if is_number { "double" } else { "string" };
            json!({"name": input.name, "type": input.kind.word(), "element": element})
        })
        .collect();
    let outputs: Vec<Value> = made
        .outputs
        .iter()
        .map(|output| {
            let kind = match output.kind {
                OnnxOutputKind::Label => "label",
                OnnxOutputKind::Probabilities => "probabilities",
                OnnxOutputKind::Scores => "scores",
                OnnxOutputKind::Prediction => "prediction",
            };
            json!({"name": output.name, "kind": kind})
        })
        .collect();
    json!({
        "onnx_bytes": made.bytes.len(),
        "inputs": inputs,
        "outputs": outputs,
        "precision": "double",
        "tolerance": TOLERANCE,
        "next": next,
    })
}

/// `2026-03-01T12:00:00.5Z` as `MLflow` writes it: `2026-03-01 12:00:00.500000`.
fn mlflow_time(iso: &str) -> String {
    let text = iso.trim_end_matches('Z').replace('T', " ");
    let (seconds, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{seconds}.{fraction:0<6}")
}

/// A text as Python reads it, inside of a shell's double quotes.
fn python_text(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_mlflow_does() {
        assert_eq!(mlflow_time("2026-03-01T12:00:00Z"), "2026-03-01 12:00:00.000000");
        assert_eq!(mlflow_time("2026-03-01T12:00:00.250Z"), "2026-03-01 12:00:00.250000");
    }
}
