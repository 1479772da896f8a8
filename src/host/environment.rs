//! Environment variables and arguments as they may be recorded: without secrets.

use std::collections::BTreeMap;

/// What stands in the record for a secret.
pub const REDACTED: &str = "[redacted]";

const SECRET_NAMES: &[&str] =
    &["SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE", "KEY", "CREDENTIAL", "AUTH", "COOKIE"];

/// Variables whose values say how a run came about. All others are recorded by name only: no list of
/// secrets is ever complete. A `*` ends a prefix.
const RECORDED_NAMES: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "LANG",
    "LC_*",
    "TZ",
    "PWD",
    "HOSTNAME",
    "CI",
    "COLUMNS",
    "NO_COLOR",
    "DERBY_*",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "RAYON_NUM_THREADS",
    "RUSTUP_TOOLCHAIN",
    "CARGO_HOME",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "OMP_*",
    "MKL_*",
    "OPENBLAS_*",
    "BLIS_*",
    "NUMEXPR_*",
    "VECLIB_*",
    "GOTO_*",
    "CUDA_*",
    "NVIDIA_VISIBLE_DEVICES",
    "ROCR_*",
    "HIP_*",
    "PYTHONPATH",
    "PYTHONHASHSEED",
    "VIRTUAL_ENV",
    "CONDA_*",
    "SLURM_*",
    "PBS_*",
    "LSB_*",
    "SGE_*",
    "GITHUB_SHA",
    "GITHUB_REF",
    "GITHUB_RUN_ID",
    "GITHUB_REPOSITORY",
    "GITHUB_WORKFLOW",
    "CI_COMMIT_*",
    "CI_PIPELINE_ID",
    "CI_JOB_ID",
];

/// How secrets of well-known services begin.
const SECRET_PREFIXES: &[&str] = &[
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "sk-",
    "sk_live_",
    "rk_live_",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "hf_",
    "npm_",
    "pypi-",
    "AIza",
    "ya29.",
    "eyJ",
    "dop_v1_",
];

/// All environment variables, sorted. Values are kept of those that say how a run came about and hold no
/// secret; for the others stands [`REDACTED`].
pub fn redacted_env() -> BTreeMap<String, String> {
    std::env::vars_os()
        .map(|(name, value)| {
            let name = name.to_string_lossy().into_owned();
            let shown = shown_variable(&name, &value.to_string_lossy());
            (name, shown)
        })
        .collect()
}

fn shown_variable(name: &str, value: &str) -> String {
    let recorded = RECORDED_NAMES.iter().any(|known| match known.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == *known,
    });
    if recorded { shown_value(name, value) } else { REDACTED.into() }
}

/// Arguments with the secrets among them replaced: `--token X`, `--token=X`, `api_key=X`, URLs with a
/// password.
pub fn redacted_args<I: IntoIterator<Item = String>>(args: I) -> Vec<String> {
    let mut secret_follows = false;
    let mut shown = Vec::new();
    for arg in args {
        let is_flag = arg.starts_with('-');
        if std::mem::take(&mut secret_follows) && !is_flag {
            shown.push(REDACTED.into());
            continue;
        }
        shown.push(match arg.split_once('=') {
            Some((name, value)) => format!("{name}={}", shown_value(name, value)),
            None => shown_value("", &arg),
        });
        secret_follows = is_flag && !arg.contains('=') && is_secret_name(&arg);
    }
    shown
}

fn shown_value(name: &str, value: &str) -> String {
    if is_secret_name(name) || is_secret_value(value) { REDACTED.into() } else { value.into() }
}

fn is_secret_name(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    SECRET_NAMES.iter().any(|word| upper.contains(word))
}

fn is_secret_value(value: &str) -> bool {
    // A short value such as `sk-learn` is a word; tokens are long.
    let is_token = |word: &str| {
        word.len() >= 16 && SECRET_PREFIXES.iter().any(|prefix| word.starts_with(prefix))
    };
    let is_part = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '=' | ':');
    value.split(is_part).any(is_token) || has_url_password(value) || value.contains("PRIVATE KEY--")
}

/// True for `scheme://user:pass@host` anywhere in the text.
fn has_url_password(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let end = rest.find(|c: char| matches!(c, '/' | '?' | '#') || c.is_whitespace());
        let authority = &rest[..end.unwrap_or(rest.len())];
        authority.rsplit_once('@').is_some_and(|(login, _)| login.contains(':'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_reach_the_record() {
        let check = |name: &str, value: &str, hidden: bool| {
            assert_eq!(shown_value(name, value) == REDACTED, hidden, "{name}={value}");
        };
        check("AWS_SECRET_ACCESS", "x", true);
        check("github_token", "x", true);
        check("DB_PASSWD", "x", true);
        check("HOME", "/home/me", false);
        check("X", "AKIAIOSFODNN7EXAMPLE", true);
        check("X", "ghp_0123456789abcdefghij", true);
        check("HEADER", "Bearer sk-0123456789abcdefghij", true);
        check("X", "sk-learn", false);
        check("DATABASE_URL", "postgres://me:pw@db/x", true);
        check("DATABASE_URL", "postgres://me@db/x?a=b:c@d", false);
        check("PATH", "/a:/b@c", false);
    }

    #[test]
    fn secrets_in_arguments() {
        let args = ["sweep", "--api-key", "abc", "--token=abc", "--set", "search.seed=3", "x.toml"];
        let shown = redacted_args(args.map(String::from));
        let expect = [
            "sweep",
            "--api-key",
            REDACTED,
            "--token=[redacted]",
            "--set",
            "search.seed=3",
            "x.toml",
        ];
        assert_eq!(shown, expect);
    }

    #[test]
    fn unknown_variables_keep_their_values_to_themselves() {
        let check = |name: &str, value: &str, hidden: bool| {
            assert_eq!(shown_variable(name, value) == REDACTED, hidden, "{name}={value}");
        };
        for name in ["MYSQL_PWD", "PGPASS", "GH_PAT", "FOO", "SESSION"] {
            check(name, "anything", true);
        }
        check("OMP_NUM_THREADS", "2", false);
        check("LC_ALL", "C", false);
        check("SLURM_JOB_ID", "17", false);
        check("SLURM_JWT_TOKEN", "17", true);
        check("PATH", "/usr/bin", false);
    }

    #[test]
    fn the_environment_is_listed() {
        assert!(redacted_env().contains_key("PATH"));
    }
}
