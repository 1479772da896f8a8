//! What the conversation answers, to good lines and to bad ones.

use super::*;

const SPACE: &str = r#"{"x": {"type": "float", "low": 0, "high": 1, "log": false, "step": null},
    "n": {"type": "int", "low": 1, "high": 64, "log": true, "step": 1},
    "kernel": {"type": "categorical", "choices": ["rbf", "linear", null, true, 3]},
    "gamma": {"type": "float", "low": 1e-5, "high": 10, "log": true, "when": {"kernel": ["rbf"]}}}"#;

fn begun(space: &str, rest: &str) -> Wire {
    let mut wire = Wire::default();
    let answered = answer(&mut wire, &format!(r#"{{"space": {space}{rest}}}"#));
    assert!(answered.starts_with(r#"{"ok":true,"name":"derby","version":""#), "{answered}");
    wire
}

fn check(wire: &mut Wire, line: &str, words: &str) {
    let answered = answer(wire, line);
    assert!(!answered.contains('\n'), "{answered}");
    let json: Json = serde_json::from_str(&answered).unwrap();
    let error = json["error"].as_str().unwrap_or_else(|| panic!("{line} got {answered}"));
    assert!(error.contains(words), "{line} got {error}");
}

#[test]
fn a_conversation() {
    let mut wire = begun(SPACE, r#", "direction": "maximize", "seed": 4, "budget": 30"#);
    check(&mut wire, r#"{"best": true}"#, "no trial is told");
    for id in 0..30 {
        let asked: Json = serde_json::from_str(&answer(&mut wire, r#"{"ask": true}"#)).unwrap();
        assert_eq!(asked["id"], id);
        let params = asked["params"].as_object().unwrap();
        assert!(params["n"].is_i64() && params["x"].is_f64(), "{asked}");
        assert_eq!(params.contains_key("gamma"), params["kernel"] == "rbf");
        let tell = match id % 4 {
            0 => format!(r#"{{"tell": {{"id": {id}, "state": "failed"}}}}"#),
            1 => format!(r#"{{"tell": {{"id": {id}, "state": "pruned", "value": 1, "step": 3}}}}"#),
            2 => format!(r#"{{"tell": {{"id": {id}, "values": [{id}]}}}}"#),
            _ => format!(r#"{{"tell": {{"id": {id}, "value": {id}.5, "state": "complete"}}}}"#),
        };
        assert_eq!(answer(&mut wire, &tell), r#"{"ok":true}"#, "{tell}");
    }
    let best: Json = serde_json::from_str(&answer(&mut wire, r#"{"best": true}"#)).unwrap();
    assert_eq!((&best["id"], &best["value"]), (&27.into(), &27.5.into()));
}

#[test]
fn the_same_lines_get_the_same_answers() {
    let talk = |seed: u32| -> Vec<String> {
        let mut wire = begun(SPACE, &format!(r#", "seed": {seed}, "sampler": "tpe""#));
        let mut said = Vec::new();
        for id in 0..20 {
            said.push(answer(&mut wire, r#"{"ask": true}"#));
            said.push(answer(&mut wire, r#"{"ask": true}"#));
            for id in [2 * id + 1, 2 * id] {
                let tell = format!(r#"{{"tell": {{"id": {id}, "value": {}}}}}"#, id * 7 % 11);
                said.push(answer(&mut wire, &tell));
            }
        }
        said
    };
    assert_eq!(talk(1), talk(1));
    assert_ne!(talk(1), talk(2));
}

#[test]
fn lines_that_are_no_message() {
    let mut wire = Wire::default();
    check(&mut wire, "", "the line is empty");
    check(&mut wire, "{", "the line is no JSON (EOF");
    check(&mut wire, "ask", "the line is no JSON");
    check(&mut wire, r#"{"ask": true} {"ask": true}"#, "trailing characters");
    check(&mut wire, &"[".repeat(100_000), "recursion limit");
    check(&mut wire, "null", "'null' is no message");
    check(&mut wire, r#"{"asks": true}"#, "is no message; send 'space' to begin");
    check(&mut wire, r#"{"ask": true}"#, "nothing has begun");
    check(&mut wire, r#"{"tell": {"id": 0, "value": 1}}"#, "nothing has begun");
    check(&mut wire, r#"{"space": {}, "space": {}}"#, "the key 'space' stands twice");
    let mut wire = begun(SPACE, "");
    check(&mut wire, r#"{"ask": 1}"#, "'ask' of the message is '1'; it must be true or false");
    check(&mut wire, r#"{"ask": false}"#, "must be true");
    check(&mut wire, r#"{"ask": true, "n": 3}"#, "unknown key 'n'; it takes 'ask'");
    check(&mut wire, &format!(r#"{{"space": {SPACE}}}"#), "a space is given already");
    assert!(answer(&mut wire, r#"{"ask": true}"#).starts_with(r#"{"id":0"#), "not usable any more");
}

#[test]
fn first_lines_that_are_refused() {
    let bad = |line: &str, words: &str| check(&mut Wire::default(), line, words);
    bad(r#"{"space": 3}"#, "'space' is '3'");
    bad(r#"{"space": {}, "sed": 1}"#, "unknown key 'sed'");
    bad(r#"{"space": {}, "seed": "x"}"#, "'seed' of the first message is 'x'");
    bad(r#"{"space": {}, "seed": 1.5}"#, "'seed' of the first message is '1.5'");
    bad(r#"{"space": {}, "budget": 0}"#, "'budget' of the first message is '0'");
    bad(r#"{"space": {}, "sampler": "tpes"}"#, "unknown sampler 'tpes'; it is one of");
    bad(r#"{"space": {}, "direction": "up"}"#, "'direction' is 'up'; it is 'minimize' or");
    bad(r#"{"space": {}, "direction": []}"#, "no direction is given");
    let two = r#"{"space": {}, "direction": ["minimize", "maximize"], "sampler": "cma-es"}"#;
    bad(two, "searches for one objective, not 2; for several take one of auto, gp, ");
}

#[test]
fn spaces_that_are_refused() {
    let bad = |space: &str, words: &str| {
        check(&mut Wire::default(), &format!(r#"{{"space": {space}}}"#), words);
    };
    bad(r#"{"x": 3}"#, "'type' of parameter 'x' is missing");
    bad(r#"{"x": {"type": "real"}}"#, "'type' of parameter 'x' is 'real'; it is one of 'float'");
    bad(r#"{"x": {"type": "float", "low": 0}}"#, "parameter 'x' has no 'high'");
    bad(r#"{"x": {"type": "float", "low": 2, "high": 1}}"#, "'low' (2) above 'high' (1)");
    bad(r#"{"x": {"type": "float", "low": "0", "high": 1}}"#, "'low' of parameter 'x' is '0'");
    bad(r#"{"x": {"type": "float", "low": 0, "high": 1e999}}"#, "number out of range");
    bad(r#"{"x": {"type": "float", "low": 0, "high": 1, "log": true}}"#, "it must be above 0");
    bad(r#"{"x": {"type": "float", "low": 0, "high": 1, "lgo": true}}"#, "unknown key 'lgo'");
    bad(r#"{"x": {"type": "int", "low": 0.5, "high": 1}}"#, "'low' of parameter 'x' is '0.5'");
    bad(r#"{"x": {"type": "int", "low": 0, "high": 99999999999999999999}}"#, "'high' of");
    bad(r#"{"x": {"type": "int", "low": 1, "high": 8, "step": 0}}"#, "'step' (0)");
    bad(r#"{"c": {"type": "categorical", "choices": []}}"#, "no values");
    bad(r#"{"c": {"type": "categorical", "choices": "ab"}}"#, "is no list");
    bad(r#"{"c": {"type": "categorical", "choices": [[1]]}}"#, "has '[1]'");
    bad(r#"{"c": {"type": "categorical", "choices": [1, 1.0]}}"#, "twice");
    let c = r#""c": {"type": "categorical", "choices": ["a", "b"]}"#;
    let x = r#""type": "float", "low": 0, "high": 1"#;
    bad(&format!(r#"{{{c}, "x": {{{x}, "when": {{"c": ["z"]}}}}}}"#), "waits for 'z' of 'c'");
    bad(
        &format!(r#"{{{c}, "x": {{{x}, "when": {{"c": []}}}}}}"#),
        "condition on 'c' without values",
    );
    bad(&format!(r#"{{{c}, "x": {{{x}, "when": "c"}}}}"#), "'when' of parameter 'x' is 'c'");
    bad(&format!(r#"{{"x": {{{x}, "when": {{"c": ["a"]}}}}, {c}}}"#), "put 'c' before 'x'");
    bad(
        &format!(r#"{{"x": {{{x}, "when": {{"d": 1}}}}}}"#),
        "waits for 'd', which is no parameter",
    );
}

#[test]
fn tells_that_are_refused_change_nothing() {
    let mut wire = begun(SPACE, "");
    let first = answer(&mut wire, r#"{"ask": true}"#);
    for (told, words) in [
        (r#"{"value": 1}"#, "'tell' has no 'id'"),
        (r#"{"id": -1, "value": 1}"#, "'id' of 'tell' is '-1'"),
        (r#"{"id": "0", "value": 1}"#, "'id' of 'tell' is '0'; it must be the whole number"),
        (r#"{"id": 7, "value": 1}"#, "trial 7 was never asked for; the only trial so far is 0"),
        (r#"{"id": 0}"#, "trial 0 is told without a value"),
        (r#"{"id": 0, "value": null}"#, "trial 0 is told without a value"),
        (r#"{"id": 0, "value": "0.3"}"#, "'value' of 'tell' is '0.3'; it must be a finite number"),
        (r#"{"id": 0, "value": NaN}"#, "JSON has no 'NaN'"),
        (r#"{"id": 0, "value": -Infinity}"#, "tell such a trial with the state 'failed'"),
        (r#"{"id": 0, "value": 1e400}"#, "number out of range"),
        (r#"{"id": 0, "values": [1, 2]}"#, "told with 2 values; tell 1"),
        (r#"{"id": 0, "values": [null]}"#, "'values' of 'tell' is '[null]'"),
        (r#"{"id": 0, "value": 1, "values": [1]}"#, "give 'value' alone"),
        (r#"{"id": 0, "value": 1, "state": "failed"}"#, "leave one out"),
        (r#"{"id": 0, "state": "done", "value": 1}"#, "'state' of 'tell' is 'done'"),
        (r#"{"id": 0, "value": 1, "step": 4}"#, "only the state 'pruned' takes"),
        (
            r#"{"id": 0, "value": 1, "state": "pruned", "step": -4}"#,
            "'step' of 'tell' is '-4'; it must be a whole number from 0 to 2^53",
        ),
        (r#"{"id": 0, "state": "pruned", "step": 1e17}"#, "'step' of 'tell' is '1e+17'"),
        (r#"{"id": 0, "value": 1, "vlaue": 1}"#, "unknown key 'vlaue'"),
    ] {
        check(&mut wire, &format!(r#"{{"tell": {told}}}"#), words);
    }
    check(&mut wire, r#"{"tell": 3}"#, "'tell' is '3'");
    assert_eq!(answer(&mut wire, r#"{"tell": {"id": 0, "value": 1}}"#), r#"{"ok":true}"#);
    check(&mut wire, r#"{"tell": {"id": 0, "value": 1}}"#, "trial 0 is told already");
    let mut clean = begun(SPACE, "");
    assert_eq!(answer(&mut clean, r#"{"ask": true}"#), first);
    answer(&mut clean, r#"{"tell": {"id": 0, "value": 1}}"#);
    assert_eq!(answer(&mut clean, r#"{"ask": true}"#), answer(&mut wire, r#"{"ask": true}"#));
}

#[test]
fn a_used_up_space_is_said() {
    let mut wire = begun(r#"{"n": {"type": "int", "low": 1, "high": 2}}"#, r#", "sampler": "tpe""#);
    assert_ne!(answer(&mut wire, r#"{"ask": true}"#), answer(&mut wire, r#"{"ask": true}"#));
    let last = answer(&mut wire, r#"{"ask": true}"#);
    assert!(last.starts_with(r#"{"error":"the space is used up: trials asked for: 2"#), "{last}");
    assert!(last.ends_with(r#""exhausted":true}"#), "{last}");
    assert_eq!(answer(&mut wire, r#"{"tell": {"id": 1, "value": 1}}"#), r#"{"ok":true}"#);
}

#[test]
fn every_line_in_is_one_line_out() {
    let mut input: Vec<u8> =
        format!("{{\"space\": {}}}\r\n", SPACE.replace('\n', " ")).into_bytes();
    input.extend(b"\n\xff\xfe\n{\"ask\": true}\n{\"ask\": \n{\"ask\": true}");
    let mut output = Vec::new();
    serve(&mut Wire::default(), &input[..], &mut output).unwrap();
    let text = String::from_utf8(output).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    assert!(lines[2].contains("no UTF-8") && lines[5].starts_with(r#"{"id":1"#), "{text}");
}

#[test]
fn several_objectives_have_a_front_and_no_best_trial() {
    let rest = r#", "direction": ["minimize", "maximize"], "seed": 1"#;
    let mut wire = begun(r#"{"x": {"type": "float", "low": 0, "high": 1}}"#, rest);
    assert_eq!(answer(&mut wire, r#"{"front": true}"#), r#"{"front":[]}"#);
    for id in 0..5 {
        answer(&mut wire, r#"{"ask": true}"#);
        let (values, c) = [("1, 5", -1), ("2, 6", 0), ("2, 4", -1), ("0, 9", 2), ("1, 5", 0)][id];
        let tell =
            format!(r#"{{"tell": {{"id": {id}, "values": [{values}], "constraints": [{c}]}}}}"#);
        assert_eq!(answer(&mut wire, &tell), r#"{"ok":true}"#);
    }
    let front: Json = serde_json::from_str(&answer(&mut wire, r#"{"front": true}"#)).unwrap();
    let rows: Vec<(u64, &Json)> = front["front"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["id"].as_u64().unwrap(), &row["values"]))
        .collect();
    let (equal, other) = (serde_json::json!([1.0, 5.0]), serde_json::json!([2.0, 6.0]));
    assert_eq!(rows, [(0, &equal), (1, &other), (4, &equal)]);
    assert!(front["front"][0]["params"]["x"].is_f64());
    check(
        &mut wire,
        r#"{"best": true}"#,
        "no trial is best for 2 objectives at once; ask for the 'front'",
    );
    check(&mut wire, r#"{"front": 1}"#, "'front' of the message is '1'");
    answer(&mut wire, r#"{"ask": true}"#);
    for (told, words) in [
        (r#"{"id": 5, "value": 1, "constraints": [1]}"#, "told with 1 values; tell 2"),
        (
            r#"{"id": 5, "values": [1, 2]}"#,
            "trial 5 is told with 0 constraints, those before it with 1",
        ),
        (r#"{"id": 5, "values": [1, 2], "constraints": [1, 2]}"#, "with 2 constraints"),
        (r#"{"id": 5, "values": [1, 2], "constraints": 1}"#, "'constraints' of 'tell' is '1'"),
        (
            r#"{"id": 5, "values": [1, 2], "constraints": [null]}"#,
            "'constraints' of 'tell' is '[null]'",
        ),
        (r#"{"id": 5, "state": "failed", "constraints": [1]}"#, "but no values of its objectives"),
        (r#"{"id": 5, "state": "pruned", "constraints": [1]}"#, "but no values of its objectives"),
        (r#"{"id": 5, "values": [1, 2], "constraints": [1], "step": 1}"#, "which only the state"),
    ] {
        check(&mut wire, &format!(r#"{{"tell": {told}}}"#), words);
    }
    let last = r#"{"tell": {"id": 5, "values": [1, 2], "constraints": [1]}}"#;
    assert_eq!(answer(&mut wire, last), r#"{"ok":true}"#);
}

#[test]
fn one_objective_with_constraints_has_a_best_trial_that_satisfies_them() {
    for sampler in ["tpe", "gp", "cma-es", "nsga-ii"] {
        let space = r#"{"x": {"type": "float", "low": 0, "high": 1}}"#;
        let mut wire = begun(space, &format!(r#", "sampler": "{sampler}""#));
        for id in 0..20 {
            let asked: Json = serde_json::from_str(&answer(&mut wire, r#"{"ask": true}"#)).unwrap();
            let x = asked["params"]["x"].as_f64().unwrap();
            let told = format!(r#""id": {id}, "value": {x}, "constraints": [{}]"#, 0.5 - x);
            answer(&mut wire, &format!(r#"{{"tell": {{{told}}}}}"#));
        }
        let best: Json = serde_json::from_str(&answer(&mut wire, r#"{"best": true}"#)).unwrap();
        let value = best["value"].as_f64().unwrap();
        assert!((0.5..0.6).contains(&value), "{sampler}: {value}");
        let front: Json = serde_json::from_str(&answer(&mut wire, r#"{"front": true}"#)).unwrap();
        assert_eq!(front["front"][0]["id"], best["id"]);
    }
}
