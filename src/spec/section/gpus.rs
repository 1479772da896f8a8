//! `gpus` of `[resources]`: how many a run gets, and which there are to choose from.

use crate::spec::reader::Section;
use crate::spec::sweep::GpuRequest;
use crate::spec::tree::{Entry, Kind, Node, Span};

/// More devices than any machine has.
const MAX_DEVICES: u32 = 4096;
const COUNT: &str = "a number above 0, a whole one above 1";
const DEVICES: &str = "devices like \"0-3\" or \"0,2\", each once";

/// Reads `gpus`: a number a run, a text of devices of which a run gets one, or a table of both.
pub(super) fn gpus<'a>(section: &Section<'a>, entry: &'a Entry) -> Option<GpuRequest> {
    let node = &entry.node;
    match &node.kind {
        Kind::Int(_) | Kind::Float(_) => {
            let per_run = count(node);
            if per_run.is_none() {
                section.expected("gpus", &format!("{COUNT}; leave it out for none"), node);
            }
            Some(GpuRequest { per_run: per_run?, devices: None })
        }
        Kind::Text(text) => {
            let devices = devices(text);
            if devices.is_none() {
                section.expected("gpus", DEVICES, node);
            }
            Some(GpuRequest { per_run: 1.0, devices: Some(devices?) })
        }
        Kind::Table(_) => {
            let inner = section.inner("gpus", entry)?;
            let span = inner.take("per_run").map_or(entry.span, |entry| entry.node.span);
            let per_run = inner.read("per_run", COUNT, count).unwrap_or(1.0);
            // A single device may be written as its number.
            let devices = inner.read("devices", DEVICES, |node| match node.kind {
                Kind::Int(id) => u32::try_from(id).ok().map(|id| vec![id.to_string()]),
                _ => node.text().and_then(devices),
            });
            enough(&inner, span, per_run, devices.as_deref());
            inner.finish();
            Some(GpuRequest { per_run, devices })
        }
        _ => {
            section.expected(
                "gpus",
                "a number, a text like \"0-3\", or { devices = \"0-3\", per_run = 0.5 }",
                node,
            );
            None
        }
    }
}

fn enough(section: &Section<'_>, span: Span, per_run: f64, devices: Option<&[String]>) {
    if let Some(devices) = devices.filter(|devices| per_run > devices.len() as f64) {
        let n = devices.len();
        let text =
            format!("'per_run' ({per_run}) is more than the {n} of 'devices'; name more of them");
        section.problem(span, text);
    }
}

fn count(node: &Node) -> Option<f64> {
    let whole_or_share =
        |n: &f64| *n > 0.0 && *n <= f64::from(MAX_DEVICES) && (*n <= 1.0 || n.fract() == 0.0);
    node.number().filter(whole_or_share)
}

/// Numbers, ranges of numbers and ids, separated by commas.
fn devices(text: &str) -> Option<Vec<String>> {
    let mut devices: Vec<String> = Vec::new();
    for part in text.split(',').map(str::trim) {
        let range = part.split_once('-').and_then(|(low, high)| {
            Some((low.trim().parse::<u32>().ok()?, high.trim().parse::<u32>().ok()?))
        });
        match range {
            Some((low, high)) if low <= high && high < MAX_DEVICES => {
                devices.extend((low..=high).map(|id| id.to_string()));
            }
            Some(_) => return None,
            None => {
                let plain = |c: char| c.is_ascii_alphanumeric() || "-_/:.".contains(c);
                let is_id = part.starts_with(|c: char| c.is_ascii_alphanumeric())
                    && part.chars().all(plain);
                devices.push(is_id.then(|| part.to_string())?);
            }
        }
    }
    let unique = devices.iter().enumerate().all(|(idx, id)| !devices[..idx].contains(id));
    unique.then_some(devices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_devices() {
        let check = |text: &str, ids: Option<&[&str]>| {
            let expected = ids.map(|ids| ids.iter().map(ToString::to_string).collect::<Vec<_>>());
            assert_eq!(devices(text), expected, "{text}");
        };
        check("0-3", Some(&["0", "1", "2", "3"]));
        check("0, 2", Some(&["0", "2"]));
        check("7", Some(&["7"]));
        check("GPU-8f1b2c, MIG-1/2", Some(&["GPU-8f1b2c", "MIG-1/2"]));
        for bad in ["", "0,", "3-0", "0-1,1", "-1", "0-99999", "a b"] {
            check(bad, None);
        }
    }
}
