//! A registered model in a temporary folder, for tests.

use super::{Gate, Judged, Ledger, ModelName, Promotion, Question, Registry, Use, Version};
use crate::domain::{Digest, Goal, Objective, Value};
use crate::gate::{Approval, Decision, HoldoutUse, Policy, Verdict};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

pub(super) struct Lab {
    pub(super) dir: TempDir,
    pub(super) model: ModelName,
}

impl Lab {
    pub(super) fn new() -> Self {
        let model = ModelName::parse("penguins").unwrap();
        Self { dir: tempfile::tempdir().unwrap(), model }
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.dir.path().join("champions")
    }

    pub(super) fn file(&self) -> PathBuf {
        self.folder().join("penguins.jsonl")
    }

    pub(super) fn begin(&self) -> Ledger {
        Ledger::begin(&self.folder(), &self.model, "first model").unwrap()
    }

    pub(super) fn open(&self) -> Ledger {
        Ledger::existing(&self.folder(), &self.model, None).unwrap()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        fs::read_to_string(self.file()).unwrap().lines().map(ToString::to_string).collect()
    }

    /// Replaces the file: cutting one to nothing and writing it again would wait for the disk.
    pub(super) fn put(&self, bytes: &[u8]) {
        fs::remove_file(self.file()).unwrap();
        fs::write(self.file(), bytes).unwrap();
    }

    pub(super) fn write_lines(&self, lines: &[String]) {
        fs::write(self.file(), lines.join("\n") + "\n").unwrap();
    }

    /// A folder that passes for the bundle of this number.
    pub(super) fn bundle_folder(&self, number: u64) -> PathBuf {
        let folder = self.dir.path().join(format!("bundle-{number}"));
        fs::create_dir_all(folder.join("part")).unwrap();
        let manifest = format!("{{\"digest\":\"{}\"}}", bundle(number).hex());
        fs::write(folder.join("bundle.json"), manifest).unwrap();
        fs::write(folder.join("part/rows.bin"), [number as u8; 32]).unwrap();
        folder
    }

    /// Registers the version of this number and keeps its bundle.
    pub(super) fn register(&self, ledger: &mut Ledger, number: u64) -> u64 {
        ledger.keep_bundle(&self.bundle_folder(number), bundle(number)).unwrap();
        ledger.register(version(number)).unwrap()
    }

    /// Registers, judges and promotes.
    pub(super) fn promote(&self, ledger: &mut Ledger, number: u64) {
        let version = self.register(ledger, number);
        let gate = ledger.record_gate(judged(ledger, number, Decision::Promote)).unwrap();
        ledger.promote(&promotion(version, gate)).unwrap();
    }
}

pub(super) fn bundle(number: u64) -> Digest {
    Digest::of(format!("bundle {number}").as_bytes())
}

pub(super) fn version(number: u64) -> Version {
    Version {
        bundle: bundle(number).hex(),
        kind: "model".into(),
        sweep: Some("penguins".into()),
        params: [("C".to_string(), Value::Float(0.1 + number as f64))].into_iter().collect(),
        cross_validation: [("roc_auc".to_string(), 0.1 + 0.2), ("odd".into(), f64::INFINITY)]
            .into(),
        why: "best of 20".into(),
        ..Version::default()
    }
}

pub(super) fn policy() -> Policy {
    let objective = Objective { metric: "roc_auc".into(), goal: Goal::Maximize };
    Policy { seed: u64::MAX, ..Policy::new(objective) }
}

/// A verdict about a bundle against the present champion.
pub(super) fn judged(ledger: &Ledger, challenger: u64, decision: Decision) -> Judged {
    judgement(ledger.registry(), challenger, decision)
}

/// The same as the event that it becomes.
pub(super) fn judged_by(registry: &Registry, challenger: u64, decision: Decision) -> Gate {
    let Judged { question, policy, verdict, why, .. } = judgement(registry, challenger, decision);
    let (epoch, number) = verdict.holdout.as_ref().map_or((0, 0), |used| (used.epoch, used.number));
    Gate {
        key: question.key(epoch).hex(),
        challenger: question.challenger.hex(),
        version: registry.version_of(question.challenger).map(|found| found.version.number),
        run: None,
        champion: question.champion.map(|bundle| bundle.hex()),
        champion_version: registry.champion().map(|found| found.version.number),
        holdout: question.holdout.map(|rows| rows.hex()),
        epoch,
        number,
        policy_hash: question.policy.hex(),
        policy,
        data_hash: None,
        verdict,
        why,
    }
}

fn judgement(registry: &Registry, challenger: u64, decision: Decision) -> Judged {
    let champion =
        registry.champion().map(|champion| Digest::parse(&champion.version.bundle).unwrap());
    let question = Question {
        challenger: bundle(challenger),
        champion,
        holdout: Some(Digest::of(b"rows")),
        policy: policy().digest(),
    };
    let number = match registry.use_of(&question) {
        Use::New { number, .. } => number,
        Use::Answered(gate) => gate.what.number,
    };
    let holdout = HoldoutUse {
        digest: Digest::of(b"rows").hex(),
        epoch: registry.epoch(),
        number,
        rows: 69,
        trained_on: 0,
        retired: 0,
    };
    let verdict = Verdict {
        decision,
        reason: "as the test says".into(),
        checks: Vec::new(),
        comparison: None,
        opinions: Vec::new(),
        selection: None,
        holdout: Some(holdout),
    };
    let why = "CI".to_string();
    Judged { question, run: None, policy: policy(), data_hash: None, verdict, why }
}

pub(super) fn promotion(version: u64, gate: u64) -> Promotion {
    let why = "better".to_string();
    Promotion { version, gate, why, rule: None, approval: Approval::Automatic }
}
