//! `derby export`: a model as a bundle, as one ONNX file, or as a folder for `MLflow`.

use super::export_onnx;
use super::model_args::ExportArgs;
use super::out::{Role, safe};
use super::packed::Packed;
use super::reference::Named;
use super::registry::Books;
use super::text::{bytes, count, plural};
use super::{CliError, Exit, Ui};
use crate::bundle::{Beside, Bundle, Kind};
use crate::champion::{Gate, Ledger, ModelName, Recorded};
use crate::domain::Status;
use crate::spec::shell_words;
use serde_json::{Value, json};

pub(super) fn run(ui: &Ui, args: &ExportArgs) -> Result<Exit, CliError> {
    let find = if args.refit_all { Packed::refit } else { Packed::find };
    let packed = find(ui, &args.reference)?;
    let wrote = match args.format.as_str() {
        "onnx" => export_onnx::write_onnx(ui, args, &packed.bundle)?,
        "mlflow" => export_onnx::write_mlflow(ui, args, &packed)?,
        _ => write_bundle(ui, args, &packed)?,
    };
    if let Some(text) = infeasible(&packed) {
        // In every mode: what is taken away must not pass for what the sweep would choose.
        ui.out.note(&ui.out.paint_error(Role::Warn, &format!(" warning: {}", safe(&text))));
    }
    if args.refit_all && !args.json {
        say_ungated(ui, &packed.bundle)?;
    }
    if args.json {
        ui.out.line(&as_json(args, &packed, wrote)?.to_string())?;
    } else if let Some(next) = wrote["next"].as_str() {
        ui.out.line(&format!(" next   {}", ui.out.paint(Role::Accent, &safe(next))))?;
    }
    Ok(Exit::Done)
}

/// What is to know of a run that breaks a constraint of its sweep.
fn infeasible(packed: &Packed) -> Option<String> {
    let Named::Run(run) = &packed.named else { return None };
    if run.status != Status::Infeasible {
        return None;
    }
    let reason = run.reason.as_deref().unwrap_or("it breaks a constraint");
    Some(format!(
        "run {} is infeasible ({reason}): it breaks a constraint of its sweep, and no gate takes it",
        run.id
    ))
}

/// Writes the folder; what a program wants to know of it.
fn write_bundle(ui: &Ui, args: &ExportArgs, packed: &Packed) -> Result<Value, CliError> {
    let Packed { bundle, folder, .. } = packed;
    let measured = Bundle::read_measured(folder)?;
    let verdict = verdict(ui, packed)?;
    let beside = Beside { measured: &measured, verdict: verdict.as_ref() };
    bundle.write_with(&args.output, beside)?;
    let path = args.output.display().to_string();
    let word = shell_words(&[&path]);
    let next = match bundle.manifest().kind {
        Kind::Command => format!("derby verify {word}"),
        _ => format!("derby verify {word} · derby predict {word} DATA.csv -o predictions.csv"),
    };
    if !args.json {
        say_bundle(ui, args, bundle)?;
        if let Some(text) = verdict.as_ref().map(verdict_text) {
            ui.out
                .line(&format!(" gate   {}   in gate.json, outside of the digest", safe(&text)))?;
        }
    }
    Ok(json!({"verdict": verdict, "next": next}))
}

fn say_bundle(ui: &Ui, args: &ExportArgs, bundle: &Bundle) -> Result<(), CliError> {
    let out = &ui.out;
    let manifest = bundle.manifest();
    let path = safe(&args.output.display().to_string());
    let files = plural(manifest.files.len() as u64 + 1, "file");
    out.line(&format!(" wrote  {path}   {files}, {}", bytes(bundle.n_bytes())))?;
    let digest = bundle.digest();
    out.line(&format!(
        " digest b3:{}   {}",
        digest.hex(),
        out.paint(Role::Muted, "the model's identity: equal input, equal digest")
    ))?;
    let trained = match &manifest.trained {
        Some(trained) => format!("fitted on {}", plural(trained.rows, "row")),
        None => format!(
            "{} of a command, which derby does not predict with",
            plural(artifacts(bundle), "artifact")
        ),
    };
    out.line(&format!(" model  {}   {}   {trained}", safe(&manifest.name), safe(&what(bundle))))?;
    Ok(())
}

fn artifacts(bundle: &Bundle) -> u64 {
    bundle.manifest().files.iter().filter(|file| file.name.starts_with("artifacts/")).count() as u64
}

/// The families, as many as they are.
fn what(bundle: &Bundle) -> String {
    match bundle.pipeline().map(|pipeline| &pipeline.members[..]) {
        None => "command".into(),
        Some([(_, member)]) => member.family.clone(),
        Some(members) => format!("ensemble of {}", members.len()),
    }
}

fn say_ungated(ui: &Ui, bundle: &Bundle) -> Result<(), CliError> {
    let rows = bundle.manifest().trained.as_ref().map_or(0, |trained| trained.rows);
    let text = format!(
        " ungated: it was fitted on all {} rows, the holdout's included: another model than the one \
         that a gate judges, and none can judge it on rows that it knows",
        count(rows)
    );
    ui.out.line(&ui.out.paint(Role::Warn, &text))?;
    Ok(())
}

/// The newest recorded verdict on this very bundle.
fn verdict(ui: &Ui, packed: &Packed) -> Result<Option<Value>, CliError> {
    if let Named::Version { ledger, .. } = &packed.named {
        return newest(ledger, &packed.bundle);
    }
    // Of a run or a folder, too, as far as there is a ledger; a copy brings its own.
    let copied = Bundle::read_verdict(&packed.folder)?;
    let Ok(model) = ModelName::parse(&packed.bundle.manifest().name) else { return Ok(copied) };
    match Books::new(ui).and_then(|books| books.find(&model)) {
        Ok(Some(ledger)) => Ok(newest(&ledger, &packed.bundle)?.or(copied)),
        Ok(None) => Ok(copied),
        Err(error) => {
            ui.out.note(&format!("warning: its verdict was not looked up: {}", error.text));
            Ok(copied)
        }
    }
}

fn newest(ledger: &Ledger, bundle: &Bundle) -> Result<Option<Value>, CliError> {
    let digest = bundle.digest().hex();
    let gates = ledger.registry().gates().iter().rev();
    let mut own = gates.filter(|gate| gate.what.challenger == digest);
    own.next().map(|gate| entry(ledger, gate)).transpose()
}

/// A verdict as the ledger has it, and where it stands there.
fn entry(ledger: &Ledger, gate: &Recorded<Gate>) -> Result<Value, CliError> {
    let what = serde_json::to_value(&gate.what).map_err(std::io::Error::other)?;
    Ok(json!({
        "model": ledger.model().as_str(),
        "entry": gate.seq,
        "at": gate.at,
        "ledger_head": ledger.head().hex(),
        "gate": what,
    }))
}

fn verdict_text(entry: &Value) -> String {
    let verdict = &entry["gate"]["verdict"];
    let word = verdict["decision"].as_str().unwrap_or("?");
    let at = entry["at"].as_str().unwrap_or("?");
    format!("{word}, {at}")
}

fn as_json(args: &ExportArgs, packed: &Packed, wrote: Value) -> Result<Value, CliError> {
    let bundle = &packed.bundle;
    let manifest = bundle.manifest();
    let mut value = json!({
        "format": args.format,
        "path": args.output.display().to_string(),
        "name": manifest.name,
        "kind": manifest.kind,
        "digest": bundle.digest().hex(),
        "bytes": bundle.n_bytes(),
        "run": Bundle::read_measured(&packed.folder)?.run,
        "rows": manifest.trained.as_ref().map(|trained| trained.rows),
        "refit_all": args.refit_all,
        "infeasible": infeasible(packed),
    });
    if let (Value::Object(into), Value::Object(more)) = (&mut value, wrote) {
        into.extend(more.into_iter().filter(|(key, _)| key != "next"));
    }
    Ok(value)
}
