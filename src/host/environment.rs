//! Environment variables and arguments as they may be recorded: without secrets.

use std::collections::BTreeMap;

/// What stands in the record for a secret.
pub const REDACTED: &str = "[redacted]";

const SECRET_NAMES: &[&str] =
    &["SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE", "KEY", "CREDENTIAL", "AUTH", "COOKIE"];

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

/// All environment variables, sorted, with secrets replaced by [`REDACTED`].
pub fn redacted_env() -> BTreeMap<String, String> {
    std::env::vars_os()
        .map(|(name, value)| {
            let name = name.to_string_lossy().into_owned();
            let shown = shown_value(&name, &value.to_string_lossy());
            (name, shown)
        })
        .collect()
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
    fn the_environment_is_listed() {
        assert!(redacted_env().contains_key("PATH"));
    }
}
