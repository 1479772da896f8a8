//! Files: what cannot be read, and what is put together by `extends`.

use super::*;
use std::fs;

fn message(path: &Path) -> String {
    load(path, &Overrides::default(), &known()).unwrap_err().to_string()
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, bytes: Option<&[u8]>, part: &str| {
        let path = folder.path().join(name);
        if let Some(bytes) = bytes {
            fs::write(&path, bytes).unwrap();
        }
        let text = message(&path);
        assert!(text.contains(part) && text.contains(name), "{text}");
    };
    check("missing.toml", None, "there is no file");
    check("empty.toml", Some(b" \n"), "is empty");
    check("latin.toml", Some(b"name = \"\xe9\""), "is not UTF-8");
    check("x.ini", Some(b"a=1"), "has no known extension");
    let inner = folder.path().join("folder.toml");
    fs::create_dir(&inner).unwrap();
    assert!(message(&inner).contains("is a folder"));
}

#[test]
fn a_child_wins_over_its_bases() {
    let folder = tempfile::tempdir().unwrap();
    let shared = folder.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::write(
        shared.join("data.toml"),
        "[data]\npath = \"d.csv\"\ntarget = \"y\"\nfolds = { file = \"f.csv\" }\n[search]\nseed = 1\n",
    )
    .unwrap();
    let base = "extends = \"shared/data.toml\"\n[objective]\nmetric = \"accuracy\"\n[models.svm]\nC = 1\nkernel = \"rbf\"\n";
    fs::write(folder.path().join("base.toml"), base).unwrap();
    fs::write(folder.path().join("more.yaml"), "search: {seed: 2}\n").unwrap();
    let child = folder.path().join("child.toml");
    let text = "\u{feff}extends = [\"base.toml\", \"more.yaml\"]\n[models.svm]\nC = [1, 2]\n[data]\ntarget = \"z\"\n";
    fs::write(&child, text).unwrap();
    let sweep = load(&child, &Overrides::default(), &known()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((sweep.name.as_str(), sweep.search.seed), ("child", 2));
    let Work::Models(section) = &sweep.work else { panic!("models") };
    assert_eq!((&*section.data.target, &*section.data.source.shown), ("z", "shared/d.csv"));
    assert_eq!(section.data.source.path, folder.path().join("shared/d.csv"));
    let crate::data::FoldOptions::File { shown, .. } = &section.split.folds else { panic!("file") };
    assert_eq!(shown, "shared/f.csv");
    let rows = sweep.space.tree();
    assert_eq!((&*rows[1].values, &*rows[2].values), ("rbf", "1 · 2"));
    assert!(!sweep.text.contains("extends"));
}

#[test]
fn bases_that_cannot_be_had() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("a.toml", "extends = \"b.toml\"\n");
    write("b.toml", "extends = [\"a.toml\"]\n");
    write("c.toml", "name = \"c\"\nextends = [\"none.toml\", 3]\n");
    write("d.toml", "extends = \"bad.toml\"\n");
    write("bad.toml", "x = \n");
    write("e.toml", "extends = \"wrong.toml\"\n[models.svm]\n[objective]\nmetric = \"accuracy\"\n");
    write("wrong.toml", "[data]\npath = \"d\"\ntarget = 3\n");
    let check = |name: &str, parts: &[&str]| {
        let text = message(&folder.path().join(name));
        for part in parts {
            assert!(text.contains(part), "{part}: {text}");
        }
    };
    check("a.toml", &["b.toml:1:12", "goes in a circle through 'a.toml'"]);
    check(
        "c.toml",
        &["2 problems", "2:12", "there is no file", "2:25", "'extends' must be a path"],
    );
    check("d.toml", &["bad.toml:1:", "not valid TOML"]);
    check("e.toml", &["wrong.toml:3:10  'target' must be a text, not '3'", "[data]"]);
}
