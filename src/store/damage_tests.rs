//! What a store does with strange, damaged, locked and read-only files and with a full disk.

use super::testing::*;
use super::*;
use std::fs;
use std::time::Duration;

#[test]
fn strange_files_are_refused() {
    let check = |bytes: Option<&[u8]>, sql: &str, word: &str| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(super::open::DB_FILE);
        match bytes {
            Some(bytes) => fs::write(&file, bytes).unwrap(),
            None => drop(Store::open(folder.path(), WRITE).unwrap()),
        }
        if !sql.is_empty() {
            rusqlite::Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        }
        for mode in [WRITE, Mode::ReadOnly] {
            let error = Store::open(folder.path(), mode).unwrap_err().to_string();
            assert!(error.contains(word), "{mode:?}: {error}");
        }
    };
    check(Some(&[b'x'; 5000]), "", "not a derby store");
    check(Some(b""), "CREATE TABLE t (x)", "another program");
    check(None, "PRAGMA user_version = 99", "schema 99");
    check(None, "PRAGMA application_id = 5", "another program");
}

#[test]
fn damage_is_named() {
    let (_folder, path, mut store) = on_disk();
    let owner = Owner::this_process();
    let sweep = store.begin_sweep(&new_sweep("s", "a")).unwrap().id;
    for number in 0..40 {
        one_trial(&mut store, sweep, number, &owner);
    }
    drop(store); // the last connection folds the log in
    let file = path.join(super::open::DB_FILE);
    let mut bytes = fs::read(&file).unwrap();
    let length = bytes.len();
    bytes[8192..length].fill(0xA5);
    fs::write(&file, bytes).unwrap();
    let outcome = Store::open(&path, Mode::ReadOnly).and_then(|store| {
        store.runs(&Query::default())?;
        store.check()
    });
    let text = match outcome {
        Err(error @ StoreError::Corrupt { .. }) => error.to_string(),
        Ok(findings) => {
            findings.iter().find(|f| f.severity == Severity::Error).unwrap().text.clone()
        }
        Err(other) => panic!("{other}"),
    };
    assert!(text.contains("damaged"), "{text}");
}

#[test]
fn a_locked_store_says_so() {
    let (_folder, path, mut store) = on_disk();
    let other = rusqlite::Connection::open(path.join(super::open::DB_FILE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    store.set_busy_timeout(Duration::from_millis(1)).unwrap();
    let error = store.begin_sweep(&new_sweep("s", "a")).unwrap_err();
    assert!(matches!(error, StoreError::Locked { waited_ms: 1, .. }), "{error}");
    assert!(store.sweeps().unwrap().is_empty(), "readers are not locked out");
    other.execute_batch("ROLLBACK").unwrap();
    store.begin_sweep(&new_sweep("s", "a")).unwrap();
}

#[test]
fn a_full_disk_leaves_the_store_readable() {
    let (_folder, path, mut store) = on_disk();
    let owner = Owner::this_process();
    let sweep = store.begin_sweep(&new_sweep("s", "a")).unwrap().id;
    one_trial(&mut store, sweep, 0, &owner);
    let pages: u32 = store.conn.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    store.limit_pages(pages + 2).unwrap();
    let error = (0..1000)
        .find_map(|_| store.add_event(sweep, "note", &"x".repeat(500).into()).err())
        .unwrap();
    assert!(matches!(error, StoreError::Full(_)), "{error}");
    assert_eq!(store.runs(&Query::default()).unwrap().len(), 1);
    drop(store);
    let store = Store::open(&path, WRITE).unwrap();
    assert!(store.check().unwrap().is_empty());
}

#[test]
fn reading_only() {
    let (_folder, path, mut store) = on_disk();
    let sweep = store.begin_sweep(&new_sweep("s", "a")).unwrap().id;
    one_trial(&mut store, sweep, 0, &Owner::this_process());
    let mut reader = Store::open(&path, Mode::ReadOnly).unwrap();
    assert_eq!(reader.runs(&Query::default()).unwrap().len(), 1);
    assert!(matches!(reader.begin_sweep(&new_sweep("t", "b")), Err(StoreError::ReadOnly(_))));
    drop(reader);
    drop(store);
    let unchanging = Store::open_readable(&path, false).unwrap();
    assert_eq!(unchanging.runs(&Query::default()).unwrap().len(), 1);
    drop(unchanging);
    assert!(!path.join("derby.db-shm").exists(), "nothing was made beside it");
    fs::write(path.join(super::open::WAL_FILE), b"x").unwrap();
    assert!(matches!(Store::open_readable(&path, false), Err(StoreError::Unfinished(_))));
}

#[cfg(unix)]
#[test]
fn a_folder_without_permission() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path, store) = on_disk();
    drop(store);
    fs::remove_file(path.join("lock")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o555)).unwrap();
    let opened = Store::open(&path, WRITE).map(|_| ());
    let read = Store::open(&path, Mode::ReadOnly).map(|_| ());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    read.unwrap();
    // The superuser may write anywhere.
    match opened {
        Err(error) => assert!(matches!(error, StoreError::ReadOnly(_)), "{error}"),
        Ok(()) => assert!(nix::unistd::Uid::effective().is_root()),
    }
}

#[test]
fn two_processes_may_make_one_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".derby");
    std::thread::scope(|scope| {
        let opened: Vec<_> =
            (0..4).map(|_| scope.spawn(|| Store::open(&path, WRITE).map(|_| ()))).collect();
        for thread in opened {
            thread.join().unwrap().unwrap();
        }
    });
}
