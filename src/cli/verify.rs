//! `derby verify`: does a packed model still say what it said when it was packed?

use super::model_args::VerifyArgs;
use super::out::{Role, safe};
use super::reference::Named;
use super::text::{bytes, plural};
use super::{CliError, Exit, Ui};
use crate::bundle::{Bundle, BundleError, FileCheck, Verification};
use crate::champion::Reference;
use crate::domain::Digest;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Problems that are listed.
const SHOWN: usize = 20;

/// What was found.
struct Found {
    folder: PathBuf,
    /// None if it cannot be read.
    bundle: Option<Bundle>,
    golden: Option<Verification>,
    foreign: Vec<String>,
    problems: Vec<String>,
}

pub(super) fn run(ui: &Ui, args: &VerifyArgs) -> Result<Exit, CliError> {
    let found = verify(ui, &args.reference)?;
    if args.json {
        ui.out.line(&as_json(&found).to_string())?;
    } else {
        say(ui, &found)?;
    }
    Ok(if found.problems.is_empty() { Exit::Done } else { Exit::Rejected })
}

fn verify(ui: &Ui, text: &str) -> Result<Found, CliError> {
    let (folder, version) = place(ui, text)?;
    let mut found =
        Found { folder, bundle: None, golden: None, foreign: Vec::new(), problems: Vec::new() };
    match check(&found.folder, version) {
        Ok((files, checked)) => {
            found.problems.extend(files.wrong.iter().map(ToString::to_string));
            found.foreign = files.foreign;
            if let Some((bundle, golden)) = checked {
                found.problems.extend(golden.problems.iter().cloned());
                (found.bundle, found.golden) = (Some(bundle), Some(golden));
            }
        }
        Err(error) if is_no_bundle(&found.folder, &error) => return Err(error.into()),
        Err(error) => found.problems.push(error.to_string()),
    }
    Ok(found)
}

/// The folder of a bundle, and the digest that a version has in its ledger.
fn place(ui: &Ui, text: &str) -> Result<(PathBuf, Option<Digest>), CliError> {
    let path = PathBuf::from(text);
    if path.exists() || matches!(Reference::parse(text), Ok(None)) {
        return Ok((path, None));
    }
    match Named::parse(ui, text)? {
        Named::Version { ledger, number, .. } => {
            let registered = ledger.registry().version(number);
            let registered =
                registered.map_err(|error| CliError::new(Exit::Failed, error.to_string()))?;
            let digest = Digest::parse(&registered.version.bundle);
            let folder = digest.map(|digest| ledger.bundle_dir(digest));
            Ok((folder.unwrap_or(path), digest))
        }
        _ => Ok((path, None)),
    }
}

/// True if there is nothing that this program could verify.
fn is_no_bundle(folder: &Path, error: &BundleError) -> bool {
    match error {
        BundleError::NotABundle { .. } => !folder.join("bundle.json").exists(),
        error => matches!(error, BundleError::Newer { .. } | BundleError::Io { .. }),
    }
}

type Checked = (FileCheck, Option<(Bundle, Verification)>);

/// Every hash; if all are right, the golden rows, too.
fn check(folder: &Path, version: Option<Digest>) -> Result<Checked, BundleError> {
    let files = Bundle::check_files(folder)?;
    if !files.wrong.is_empty() {
        return Ok((files, None));
    }
    let bundle = Bundle::read(folder)?;
    if version.is_some_and(|version| version != bundle.digest()) {
        let text = format!(
            "'{}' holds another bundle than the ledger says; mend: restore the folder from git or a backup",
            folder.display()
        );
        return Err(BundleError::Invalid(text));
    }
    Bundle::read_measured(folder)?;
    Bundle::read_verdict(folder)?;
    let golden = bundle.verify()?;
    Ok((files, Some((bundle, golden))))
}

fn say(ui: &Ui, found: &Found) -> Result<(), CliError> {
    let out = &ui.out;
    let folder = safe(&found.folder.display().to_string());
    if !found.problems.is_empty() {
        let text = format!(" ✗  {folder} is not what was packed");
        out.line(&out.paint(Role::Bad, &text))?;
        for problem in found.problems.iter().take(SHOWN) {
            out.line(&format!("    {}", safe(problem)))?;
        }
        if found.problems.len() > SHOWN {
            out.line(&format!("    and {} more", found.problems.len() - SHOWN))?;
        }
    } else if let (Some(bundle), Some(golden)) = (&found.bundle, &found.golden) {
        let manifest = bundle.manifest();
        let mark = out.paint(Role::Good, "✓");
        out.line(&format!(
            " {mark}  {folder}   {}, {}",
            safe(&manifest.name),
            bundle.digest().short()
        ))?;
        let size = bytes(bundle.n_bytes());
        let files = plural(manifest.files.len() as u64 + 1, "file");
        out.line(&format!("    {files}, {size}, as packed   {}", golden_text(golden)))?;
    }
    if !found.foreign.is_empty() {
        let names: Vec<String> =
            found.foreign.iter().take(SHOWN).map(|name| format!("'{}'", safe(name))).collect();
        let more = if found.foreign.len() > SHOWN { ", …" } else { "" };
        let text = format!("    no part of it, and not checked: {}{more}", names.join(", "));
        out.line(&out.paint(Role::Warn, &text))?;
    }
    Ok(())
}

fn golden_text(golden: &Verification) -> String {
    let rows = plural(golden.rows as u64, "golden row");
    match (golden.rows, golden.is_exact) {
        (0, _) => "artifacts of a command, which predict nothing by themselves".into(),
        (_, true) => format!("{rows} predicted again, equal to the bit"),
        (_, false) => format!("{rows} predicted again, within {:e}", golden.largest_difference),
    }
}

fn as_json(found: &Found) -> Value {
    let bundle = found.bundle.as_ref();
    json!({
        "ok": found.problems.is_empty(),
        "path": found.folder.display().to_string(),
        "name": bundle.map(|bundle| &bundle.manifest().name),
        "kind": bundle.map(|bundle| bundle.manifest().kind),
        "digest": bundle.map(|bundle| bundle.digest().hex()),
        "files": bundle.map(|bundle| bundle.manifest().files.len() + 1),
        "bytes": bundle.map(Bundle::n_bytes),
        "golden_rows": found.golden.as_ref().map(|golden| golden.rows),
        "exact": found.golden.as_ref().map(|golden| golden.is_exact),
        "largest_difference": found.golden.as_ref().map(|golden| golden.largest_difference),
        "problems": found.problems,
        "foreign": found.foreign,
    })
}
