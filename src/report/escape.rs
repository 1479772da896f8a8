//! Foreign text in Markdown, XML and HTML.

use super::words::clean;
use std::fmt::Write;

/// A zero-width space: it parts what a forge would turn into a link or a mention, and nobody sees it.
const APART: char = '\u{200b}';

/// Text in a sentence or a table cell of GitHub's and GitLab's Markdown: one line, no markup, no HTML, no mentions,
/// no references, no links, no formulas.
pub(super) fn markdown(text: &str) -> String {
    let line: Vec<char> = clean(text).chars().collect();
    let mut out = String::with_capacity(line.len());
    for (idx, &char) in line.iter().enumerate() {
        let before = idx.checked_sub(1).and_then(|idx| line.get(idx)).copied();
        let after = line.get(idx + 1).copied();
        let in_word = |of: Option<char>| of.is_some_and(char::is_alphanumeric);
        match char {
            '|' | '<' | '&' | '\\' | '`' | '*' | '[' | ']' | '~' | '$' => entity(&mut out, char),
            // Inside of a word it stands for itself, and names are full of it.
            '_' if !(in_word(before) && in_word(after)) => entity(&mut out, char),
            // A hash at the end of a heading would close it.
            '#' if !(in_word(before) || in_word(after)) => entity(&mut out, char),
            '@' | '#' | '!' | '%' | ':' | '.' if is_live(&line, idx) => out.extend([char, APART]),
            _ => out.push(char),
        }
    }
    out
}

/// True where a forge begins a mention (`@name`, `#1`), or makes a link of `://` or `www.`.
fn is_live(line: &[char], idx: usize) -> bool {
    let is_word = |idx: usize| line.get(idx).is_some_and(|char| char.is_alphanumeric());
    match line[idx] {
        ':' => line[idx + 1..].starts_with(&['/', '/']),
        '.' => idx >= 3 && line[idx - 3..idx].iter().all(|char| char.eq_ignore_ascii_case(&'w')),
        _ => is_word(idx + 1) && !(idx > 0 && is_word(idx - 1)),
    }
}

/// As [`markdown`], for text that begins a line, where it could begin a list, a quotation or a heading.
pub(super) fn markdown_line(text: &str) -> String {
    let line = markdown(text);
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let mut out = line[..digits].to_string();
    let mut rest = line[digits..].chars();
    match rest.next() {
        Some(char @ ('.' | ')')) if digits > 0 => entity(&mut out, char),
        Some(char @ ('>' | '-' | '+' | '=' | '#')) if digits == 0 => entity(&mut out, char),
        Some(char) => out.push(char),
        None => {}
    }
    out + rest.as_str()
}

/// A name or a value in Markdown. Inside of code nothing is a mention or a link; what backticks cannot hold is
/// written as entities.
pub(super) fn markdown_code(text: &str) -> String {
    let line = clean(text);
    if line.is_empty() {
        return String::new();
    }
    if !line.contains(['`', '|', '\\', '$']) {
        return format!("`{line}`");
    }
    let mut out = String::from("<code>");
    for char in line.chars() {
        match char {
            _ if char.is_ascii_punctuation() => entity(&mut out, char),
            _ => out.push(char),
        }
    }
    out + "</code>"
}

fn entity(out: &mut String, char: char) {
    let _ = write!(out, "&#{};", u32::from(char));
}

/// Text or an attribute of XML 1.0 and of HTML, in one line.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in clean(text).chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_stays_readable_where_it_can() {
        let check = |text: &str, expect: &str| assert_eq!(markdown(text), expect);
        check("recall >= 0.95", "recall >= 0.95");
        check("roc_auc 0.9993 ± 0.0004 (5 folds)", "roc_auc 0.9993 ± 0.0004 (5 folds)");
        check("gain +0.0006, 95 % bounds", "gain +0.0006, 95 % bounds");
        check("penguins@champion", "penguins@champion");
        check("a|b", "a&#124;b");
        check("<b>", "&#60;b>");
        check("_x_", "&#95;x&#95;");
        check("@all #1 !2", "@\u{200b}all #\u{200b}1 !\u{200b}2");
        check("http://x www.x.org", "http:\u{200b}//x www.\u{200b}x.org");
        check("-0.01 a\nb", "-0.01 a b");
        check("C# ends #", "C# ends &#35;");
        let check = |text: &str, expect: &str| assert_eq!(markdown_line(text), expect);
        check("- a", "&#45; a");
        check("1. a", "1&#46; a");
        check("2026 a", "2026 a");
        check("> a", "&#62; a");
        check("", "");
    }

    #[test]
    fn code_uses_backticks_unless_it_cannot() {
        let check = |text: &str, expect: &str| assert_eq!(markdown_code(text), expect);
        check("C=12.4 @all <b>", "`C=12.4 @all <b>`");
        check("a|b", "<code>a&#124;b</code>");
        check("`", "<code>&#96;</code>");
        check(" \n", "");
    }

    #[test]
    fn xml_holds_no_forbidden_character() {
        assert_eq!(xml("<a b=\"c\">&'\u{0}\u{b}\n"), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;\u{fffd}");
    }
}
