//! «Did you mean»: the nearest known name.

/// The known name that is most likely meant.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    known
        .iter()
        .map(|&other| (strsim::damerau_levenshtein(&lower, &other.to_lowercase()), other))
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, other)| other)
}

/// `unknown sampler 'bayes'; one of grid, random` or `unknown key 'sed'; did you mean 'seed'?`.
pub(super) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let name = name.escape_debug();
    match nearest(&name.to_string(), known) {
        Some(near) => format!("unknown {what} '{name}'; did you mean '{near}'?"),
        None if known.is_empty() => format!("unknown {what} '{name}'; there is none to name here"),
        None => format!("unknown {what} '{name}'; one of {}", known.join(", ")),
    }
}

/// As [`unknown`], always with the whole list.
pub(super) fn unknown_listed(what: &str, name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(near) => {
            format!("unknown {what} '{name}'; did you mean '{near}'? One of {}", known.join(", "))
        }
        None => unknown(what, name, known),
    }
}
