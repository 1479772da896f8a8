//! Frames without a terminal: `derby tui --snapshot`.

use crate::program::{Place, repository};

#[test]
fn every_screen_can_be_printed_at_every_size() {
    let place = Place::recorded();
    for screen in ["runs", "run", "compare", "sweep", "champions", "data", "start"] {
        for size in ["60x16", "80x24", "100x30", "200x60"] {
            let ran =
                place.derby(&["tui", "--snapshot", screen, "--size", size, "--theme", "terminal"]);
            assert_eq!(ran.code, 0, "{screen} {size}: {}", ran.err);
            let (width, height) = size.split_once('x').unwrap();
            assert_eq!(ran.out.lines().count().to_string(), height, "{screen}");
            let widest = ran.out.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= width.parse().unwrap(), "{screen} {size}: {widest}");
            assert!(!ran.out.contains('\u{1b}'));
        }
    }
}

#[test]
fn keys_are_pressed_before_the_picture() {
    let place = Place::recorded();
    let ran = place.derby(&["tui", "--snapshot", "runs", "--keys", "/model = knn<enter>"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("knn") && !ran.out.contains("decision_tree"), "{}", ran.out);
    let ran = place.derby(&["tui", "--snapshot", "runs", "--format", "svg", "-o", "runs.svg"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    let svg = std::fs::read_to_string(place.path("runs.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("knn"));
}

#[test]
fn ascii_and_no_color_are_kept_everywhere() {
    let place = Place::recorded();
    for screen in ["runs", "run", "compare", "sweep", "champions", "data", "start"] {
        let ran = place.derby(&[
            "tui",
            "--snapshot",
            screen,
            "--ascii",
            "--size",
            "120x40",
            "--keys",
            "<tab>",
        ]);
        let foreign: String = ran.out.chars().filter(|c| !c.is_ascii()).collect();
        assert_eq!(foreign, "", "{screen}:\n{}", ran.out);
    }
    let ran = place.derby(&["tui", "--snapshot", "runs", "--format", "svg", "--color", "never"]);
    assert!(!ran.out.contains("#56b6c2"), "cyan in a picture without color");
}

#[test]
fn what_cannot_be_shown_is_said() {
    let place = Place::recorded();
    let check = |args: &[&str], expected: &str| {
        let ran = place.derby(args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.out);
        assert!(ran.err.contains(expected), "{args:?}: {}", ran.err);
    };
    check(&["tui", "--snapshot", "rnus"], "unknown screen 'rnus'; one of runs, run,");
    check(&["tui", "--snapshot", "runs", "--size", "100"], "'100' is no size");
    check(&["tui", "--snapshot", "runs", "--keys", "<hyper>"], "'<hyper>' is no key");
    check(&["tui", "--snapshot", "runs", "--theme", "neon"], "unknown theme 'neon'");
    check(&["tui", "--keys", "j"], "go with --snapshot");
}

#[test]
fn readme_has_the_table_of_keys() {
    let place = Place::new();
    let keys = place.derby(&["tui", "--list-keys"]).out;
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    for line in keys.lines() {
        assert!(readme.contains(line), "README lacks: {line}");
    }
}
