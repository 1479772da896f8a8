//! A shop's data, large enough to tell a better model from a worse one, and sweeps over it.

use crate::program::{Place, Ran};
use serde_json::Value;
use std::fmt::Write;
use std::process::{Child, Command, Stdio};

/// Rows of the data to begin with.
pub(crate) const ROWS: usize = 4000;

/// A project with the data, three sweeps of one registered model, and its ledger begun.
///
/// `plain.toml` goes by one of two informative columns, `better.toml` by both, `worse.toml` by noise.
pub(crate) struct Shop {
    pub(crate) place: Place,
}

/// What a sweep file of the shop says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SweepFile<'a> {
    pub(crate) features: &'a str,
    /// More keys of `[data]`, a line each.
    pub(crate) data: &'a str,
    /// Keys of `[gate]`.
    pub(crate) gate: &'a str,
}

impl Default for SweepFile<'_> {
    fn default() -> Self {
        let gate = "draws = 2000\napproval = \"automatic\"\n";
        Self { features: "\"a\"", data: "holdout = 0.3\n", gate }
    }
}

impl Shop {
    /// The project with a ledger and no champion.
    pub(crate) fn new() -> Self {
        let shop = Self::without_ledger();
        shop.done("champion begin shop --why opening");
        shop
    }

    /// The project before `derby champion begin`.
    pub(crate) fn without_ledger() -> Self {
        let shop = Self { place: Place::new() };
        shop.place.write("shop.csv", &rows(0, ROWS));
        for (name, features) in
            [("plain", "\"a\""), ("better", "\"a\", \"b\""), ("worse", "\"noise\"")]
        {
            shop.sweep_file(name, &SweepFile { features, ..SweepFile::default() });
        }
        shop
    }

    /// One in which the plain model is champion.
    pub(crate) fn with_champion() -> Self {
        let shop = Self::new();
        shop.done("sweep plain.toml --gate -q");
        shop
    }

    /// Writes the sweep file `NAME.toml`.
    pub(crate) fn sweep_file(&self, name: &str, of: &SweepFile<'_>) {
        let SweepFile { features, data, gate } = of;
        let text = format!(
            "name = \"{name}\"\nmodel = \"shop\"\n[objective]\nmetric = \"accuracy\"\n[data]\npath = \"shop.csv\"\n\
             target = \"bought\"\nfolds = 3\nfeatures = [{features}]\n{data}[models.logistic]\n[search]\n\
             sampler = \"grid\"\n[resources]\njobs = 1\n[gate]\n{gate}"
        );
        self.place.write(&format!("{name}.toml"), &text);
    }

    /// Adds rows to the data.
    pub(crate) fn grow(&self, to: usize) {
        self.place.write("shop.csv", &rows(0, to));
    }

    /// Runs derby with words separated by spaces.
    pub(crate) fn derby(&self, words: &str) -> Ran {
        let args: Vec<&str> = words.split(' ').collect();
        self.place.derby(&args)
    }

    /// Runs what must end with this code; stdout and stderr.
    pub(crate) fn ends(&self, code: i32, words: &str) -> String {
        let ran = self.derby(words);
        assert_eq!(ran.code, code, "derby {words}\n{}{}", ran.out, ran.err);
        ran.out + &ran.err
    }

    /// Runs what must succeed.
    pub(crate) fn done(&self, words: &str) -> String {
        self.ends(0, words)
    }

    /// Runs what must end with this code and say this.
    pub(crate) fn says(&self, code: i32, words: &str, part: &str) {
        let text = self.ends(code, words);
        assert!(text.contains(part), "derby {words}\nlacks: {part}\n{text}");
    }

    /// What a command prints as JSON, whatever its exit code.
    pub(crate) fn json(&self, words: &str) -> Value {
        let ran = self.derby(words);
        serde_json::from_str(&ran.out)
            .unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err))
    }

    /// The version that is champion.
    pub(crate) fn champion(&self) -> Option<u64> {
        self.json("champion show --json")["champion"].as_u64()
    }

    /// Starts derby with words separated by spaces, its output kept.
    pub(crate) fn start(&self, words: &str, env: &[(&str, &str)]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_derby"));
        command.args(words.split(' ')).current_dir(self.place.path("")).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.place.path("")).env("COLUMNS", "100").envs(env.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Waits for what was started; its exit code, -1 for one that was killed, and all that it said.
    pub(crate) fn wait(child: Child) -> (i32, String) {
        let output = child.wait_with_output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap_or(-1), String::from_utf8(said).unwrap())
    }

    /// The ledger's bytes.
    pub(crate) fn ledger(&self) -> String {
        std::fs::read_to_string(self.place.path("champions/shop.jsonl")).unwrap()
    }

    /// Puts other bytes in the ledger's place.
    pub(crate) fn forge(&self, ledger: &str) {
        self.place.write("champions/shop.jsonl", ledger);
    }

    /// What a checkout of the repository on another machine holds: sweep files, data and ledger, and a folder for a
    /// store with nothing in it.
    pub(crate) fn checkout(&self) -> Self {
        let other = Self { place: Place::new() };
        copy(&self.place.path("champions"), &other.place.path("champions"));
        for name in ["shop.csv", "plain.toml", "better.toml", "worse.toml"] {
            std::fs::copy(self.place.path(name), other.place.path(name)).unwrap();
        }
        std::fs::create_dir(other.place.path(".derby")).unwrap();
        other
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Rows `from..to` under a header; a row is the same whatever stands around it.
///
/// `bought` follows `a` and `b` alike; 40 visitors come again and again, in the order of `day`.
pub(crate) fn rows(from: usize, to: usize) -> String {
    let mut text = String::from("a,b,noise,visitor,day,bought\n");
    for row in from..to {
        let mut state = (row as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut uniform = || {
            // SplitMix64 (Steele et al. 2014).
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((z ^ (z >> 31)) >> 11) as f64 * (-53f64).exp2()
        };
        let (a, b, noise) = (uniform() * 4.0 - 2.0, uniform() * 4.0 - 2.0, uniform());
        let visitor = (uniform() * 40.0) as u32;
        let bought = uniform() < 1.0 / (1.0 + (-1.5 * (a + b)).exp());
        let word = if bought { "yes" } else { "no" };
        writeln!(text, "{a:.6},{b:.6},{noise:.6},v{visitor},{row},{word}").unwrap();
    }
    text
}
