//! Champions: automatic and by approval, rolled back, and ledgers that somebody has touched.

use crate::shop::{Shop, SweepFile};
use std::fs;

/// A shop in which a person has to approve.
fn by_hand() -> Shop {
    let shop = Shop::new();
    for (name, features) in [("plain", "\"a\""), ("better", "\"a\", \"b\""), ("worse", "\"noise\"")]
    {
        let gate = "draws = 2000\napproval = \"manual\"\n";
        shop.sweep_file(name, &SweepFile { features, gate, ..SweepFile::default() });
    }
    shop
}

#[test]
fn a_person_approves() {
    let shop = by_hand();
    let waits = "version 1 waits: derby champion approve shop/1";
    shop.says(0, "sweep plain.toml --gate -q", waits);
    assert_eq!(shop.champion(), None);
    let before = shop.ledger();
    shop.says(0, "sweep plain.toml --gate -q", waits);
    assert_eq!(shop.ledger(), before);
    shop.says(0, "champion approve shop/1 --why fine", "version 1 (run 1) is champion");
    shop.says(0, "sweep better.toml --gate -q", "version 2 waits");
    shop.says(0, "champion reject shop/2 --why odd", "version 2 is rejected");
    shop.says(1, "champion approve shop/2 --why well", "only a pending version can be approved");
    assert_eq!(shop.champion(), Some(1));
    // What a person has turned down stays so, whatever a job asks; the verdict is shown all the same.
    let held = shop.ends(3, "sweep better.toml --gate -q --report held.md");
    assert!(
        held.contains("HOLD") && held.contains("shop/2 is rejected, so the champion stays"),
        "{held}"
    );
    assert!(fs::read_to_string(shop.place.path("held.md")).unwrap().contains("reopen shop/2"));
    let barred = shop.json("sweep better.toml --gate --json");
    assert_eq!(barred["gate"]["decision"], "hold");
    shop.says(0, "champion reopen shop/2 --why looked", "version 2 is candidate");
    shop.says(0, "sweep better.toml --gate -q", "version 2 waits");
    shop.says(0, "champion promote shop/2 --why fine", "version 2 (run 2) is champion");
    assert_eq!(shop.champion(), Some(2));
}

#[test]
fn a_wait_does_not_outlive_its_champion() {
    let shop = by_hand();
    shop.done("sweep plain.toml --gate -q");
    shop.done("champion approve shop/1 --why fine");
    shop.done("sweep better.toml --gate -q");
    shop.sweep_file(
        "all",
        &SweepFile { features: "\"a\", \"b\", \"noise\"", ..SweepFile::default() },
    );
    shop.says(0, "sweep all.toml --gate -q", "version 3 (run 3) in place of version 1");
    shop.says(1, "champion approve shop/2 --why late", "run `derby gate` again");
    shop.says(
        3,
        "champion promote shop/2 --why late",
        "no verdict to promote version 2 over the present champion",
    );
    assert_eq!(shop.champion(), Some(3));
    // Judged anew by a rule that it passes, it waits on the new verdict.
    let again = "gate better --apply --rule non_inferior --margin 0.2";
    shop.says(0, again, "version 2 waits");
    shop.says(0, "champion approve shop/2 --why simpler", "in place of version 3");
    assert_eq!(shop.champion(), Some(2));
}

#[test]
fn a_rollback_is_not_undone_by_the_next_job() {
    let shop = Shop::with_champion();
    shop.done("sweep better.toml --gate -q");
    shop.done("champion rollback --why broken");
    assert_eq!(shop.champion(), Some(1));
    shop.says(3, "sweep better.toml --gate -q", "shop/2 is retired, so the champion stays");
    assert_eq!(shop.champion(), Some(1));
    // Nor on a machine that has to train it once more.
    let other = shop.checkout();
    other.says(3, "sweep better.toml --gate -q", "shop/2 is retired, so the champion stays");
    assert_eq!(other.champion(), Some(1));
    shop.says(1, "champion rollback --why more", "no champion before this one to go back to");
    shop.says(1, "champion rollback --to 2 --why there", "no champion before this one");
    shop.done("champion reopen shop/2 --why mended");
    shop.says(0, "sweep better.toml --gate -q", "version 2 (run 2) in place of version 1");
}

#[test]
fn refusals() {
    let shop = Shop::without_ledger();
    shop.says(1, "champion show", "no model is registered");
    shop.says(1, "sweep plain.toml --gate -q", "begin one with `derby champion begin shop`");
    assert!(!shop.place.has_store(), "hours of search must not end in a ledger that is not there");
    shop.says(2, "champion begin ../shop", "cannot name a registered model");
    shop.done("champion begin shop");
    shop.says(1, "champion begin shop", "registered already");
    shop.says(
        1,
        "champion rollback --why x",
        "'shop' has no champion before this one to go back to",
    );
    shop.done("sweep plain.toml --gate -q");
    shop.says(1, "champion begin shop", "registered already");
    shop.says(1, "champion show shop@nobody", "'shop' has no alias 'nobody'; it has champion");
    shop.says(1, "gate plain --against shop@nobody", "'shop' has no alias 'nobody'");
    shop.says(1, "gate plain --against shop/7", "'shop' has no version 7; it has version 1 only");
    shop.says(1, "gate plain --against ./nowhere", "'./nowhere' is no bundle");
    shop.says(1, "gate nothing", "no run 'nothing'");
    shop.says(1, "champion rollback --to 7 --why x", "'shop' has no version 7");
    shop.says(2, "champion approve shop --why x", "write MODEL/VERSION");
    shop.says(1, "champion reject shop/1 --why x", "version 1 is the champion");
    shop.says(1, "champion alias shop@champion 1", "the alias 'champion' is at version 1 already");
    shop.says(1, "champion alias shop@champion 2", "'shop' has no version 2");
    assert_eq!(shop.place.derby(&["champion", "rollback", "--why", " "]).code, 1);
    shop.says(2, "champion verify --head 12", "'12' is no head: 64 hex digits");
    shop.says(0, "champion alias shop@staging 1", "@staging is version 1");
    shop.says(0, "champion show shop@staging", "shop/1   approved   @champion @staging");
    shop.says(0, "champion alias shop@staging --remove", "@staging is gone");
    shop.says(2, "gate plain --rule better", "unknown rule 'better'");
    shop.says(2, "gate plain --rule non_inferior", "needs --margin");
    shop.says(2, "gate plain --min-gain NaN", "--min-gain 'NaN' must be a number");
}

#[test]
fn a_ledger_that_was_touched() {
    let shop = Shop::with_champion();
    let sound = shop.ledger();
    let lines: Vec<&str> = sound.lines().collect();
    let head = shop.json("champion show --json")["head"].as_str().unwrap().to_string();
    let joined = |lines: &[&str]| lines.join("\n") + "\n";
    let swapped = [lines[0], lines[2], lines[1], lines[3]];
    let check = |ledger: &str, part: &str| {
        shop.forge(ledger);
        for words in [
            "sweep better.toml --gate -q",
            "champion show",
            "champion rollback --why x",
            "holdout show",
            "report plain",
        ] {
            shop.says(4, words, part);
        }
        assert_eq!(shop.derby("champion verify").code, 4);
    };
    check(
        &sound.replace("\"opening\"", "\"clothing\""),
        "broken at line 1: it was edited after it was written",
    );
    check(&joined(&lines[..3]), "does not hold the entry");
    check(&joined(&swapped), "broken at line 2: entry 2 stands where entry 1 should");
    check(&joined(&lines[1..]), "its first lines are missing");
    check(&sound.replace('\n', "\r\n"), "line ends were converted");
    check(
        &format!("{}<<<<<<< HEAD\n{}", joined(&lines[..2]), joined(&lines[2..])),
        "a merge conflict",
    );
    check("", "is missing");
    fs::remove_file(shop.place.path("champions/shop.jsonl")).unwrap();
    for words in ["sweep better.toml --gate -q", "champion begin shop"] {
        shop.says(4, words, "is known to have been there");
    }
    // Another history from the start is found by the store, and by a head that somebody wrote down.
    let other = Shop::with_champion();
    shop.forge(&other.ledger());
    shop.says(4, "champion verify", "is not among its entries");
    shop.forge(&sound);
    shop.says(0, &format!("champion verify --head {head}"), "✓  shop   4 entries sound");
    // A line that was cut off while it was written never happened.
    shop.forge(&format!("{sound}{}", &lines[3][..40]));
    shop.says(0, "champion verify", "line 5 was cut off");
    shop.done("sweep better.toml --gate -q");
    shop.says(0, "champion verify", "✓  shop   7 entries sound");
    assert_eq!(shop.champion(), Some(2));
}

#[test]
fn a_cut_ledger_is_taken_only_on_a_persons_word() {
    let shop = Shop::with_champion();
    let old = shop.ledger();
    shop.done("sweep better.toml --gate -q");
    shop.forge(&old);
    shop.says(4, "sweep worse.toml --gate -q", "does not hold the entry");
    shop.says(0, "champion verify --trust", "4 entries sound");
    shop.says(0, "champion show", "champion version 1");
    shop.says(4, "sweep worse.toml --gate -q", "REJECT");
}

#[test]
fn a_bundle_with_one_flipped_byte() {
    let shop = Shop::with_champion();
    let bundle = shop.json("champion show --json")["versions"][0]["bundle"].as_str().unwrap()[..16]
        .to_string();
    let folder = format!("champions/shop/{bundle}");
    let flip = |name: &str| {
        let path = shop.place.path(&format!("{folder}/{name}"));
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    for name in ["pipeline.json", "rows.bin", "bundle.json", "golden.jsonl", "provenance.json"] {
        flip(name);
        let text = shop.ends(4, "sweep better.toml --gate -q");
        assert!(text.contains(name) && text.contains("mend:"), "{name}: {text}");
        flip(name);
    }
    shop.done("champion verify");
    fs::rename(shop.place.path(&folder), shop.place.path("elsewhere")).unwrap();
    shop.says(1, "sweep better.toml --gate -q", "is not kept in");
    shop.says(1, "gate better", "is not kept in");
    assert_eq!(shop.derby("champion verify").code, 4);
}
