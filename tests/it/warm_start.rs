//! Sweeps that learn from earlier ones.

use crate::driving::{Bomb, MIXED, Session, bowl, dead_owner, fake, go, on_disk, open};
use crate::program::Place;
use derby::executor::fake::{Fake, Script};
use derby::sampler::{self, SamplerOptions, Setup};
use derby::spec::{self, Format, Known, Overrides, Sweep};
use derby::store::{Store, TrialRow};
use derby::sweep::{DriveError, Event, Observer, Progress, Steer, StopReason, Taught};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

const OLD: &str = "[search]\nsampler = \"random\"\nseed = 8\n[budget]\ntrials = 30\n";
const NEW: &str =
    "[search]\nsampler = \"tpe\"\nseed = 5\nwarm_start = \"old\"\n[budget]\ntrials = 12\n";

fn named(name: &str, rest: &str) -> Sweep {
    let text = format!("name = \"{name}\"\nfunction = \"noop\"\n{rest}");
    let (file, overrides) = (Path::new("x.toml"), Overrides::default());
    spec::parse(&text, Format::Toml, file, &overrides, &Known::built_in())
        .unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// A bowl with failures.
fn work() -> Arc<Fake> {
    fake(|assignment| match assignment.trial % 7 {
        4 => Script::Fail("every seventh".into()),
        _ => Script::Value(bowl(&assignment.params)),
    })
}

/// A store in which the sweep `old` has 30 trials.
fn store() -> Store {
    let mut store = Store::in_memory().unwrap();
    go(&mut store, &named("old", &format!("{MIXED}{OLD}")), &work(), 1);
    store
}

fn trials(store: &Store, name: &str) -> Vec<TrialRow> {
    store.trials(store.sweep(name).unwrap().id).unwrap()
}

fn taught(store: &Store, name: &str) -> Taught {
    Taught::of(store, store.sweep(name).unwrap().id).unwrap().unwrap()
}

fn refused(store: &mut Store, spec: &Sweep) -> String {
    let before = store.sweeps().unwrap().len();
    let error = Session::new(1).drive(store, spec, work()).unwrap_err();
    assert!(matches!(error, DriveError::WarmStart(_)), "{error}");
    assert_eq!(store.sweeps().unwrap().len(), before, "no sweep has begun");
    error.to_string()
}

#[test]
fn earlier_trials_teach_and_are_not_ones_own() {
    let mut store = store();
    let spec = named("new", &format!("{MIXED}{NEW}"));
    let work = work();
    let report = go(&mut store, &spec, &work, 1);
    assert_eq!((report.stop, work.n_started()), (StopReason::Trials(12), 12));
    assert!(report.progress.best.iter().all(|best| best.trial < 12));
    let (own, taught) = (trials(&store, "new"), taught(&store, "new"));
    assert_eq!(own.len(), 12);
    assert_eq!(taught.sweeps[0].to_string(), "'old': 30 of 30 trials used");
    assert_eq!(taught.sweeps[0].trials.iter().filter(|lesson| lesson.loss.is_none()).count(), 4);
    // Trial by trial what a sampler asks that was told of them first.
    let space = Arc::clone(&spec.space);
    let setup = Setup { space, seed: 5, budget: Some(12), ..Setup::default() };
    let mut fresh = sampler::make("tpe", setup, &SamplerOptions::default()).unwrap();
    for lesson in &taught.sweeps[0].trials {
        let (number, point) = (lesson.number, lesson.point.clone());
        fresh.tell(&sampler::Told {
            sd: lesson.sd,
            ..sampler::Told::new(number, point, lesson.loss)
        });
    }
    for trial in &own {
        assert_eq!(fresh.ask(trial.number, &[]).as_ref(), Some(&trial.point));
        let (number, point) = (trial.number, trial.point.clone());
        fresh.tell(&sampler::Told::new(number, point, trial.loss));
    }
    // And it helps: no first points spread over the space.
    let mean = |trials: &[TrialRow]| {
        let losses: Vec<f64> = trials.iter().filter_map(|trial| trial.loss).collect();
        losses.iter().sum::<f64>() / losses.len() as f64
    };
    let cold = NEW.replace("warm_start = \"old\"\n", "");
    go(&mut store, &named("cold", &format!("{MIXED}{cold}")), &self::work(), 1);
    let cold = trials(&store, "cold");
    assert!(mean(&own) < 0.7 * mean(&cold), "{} {}", mean(&own), mean(&cold));
}

#[test]
fn what_was_taken_in_stays_whatever_becomes_of_the_earlier_sweep() {
    let spec = named("new", &format!("{MIXED}{NEW}"));
    let points = |store: &Store| -> Vec<_> {
        trials(store, "new").into_iter().map(|trial| (trial.point, trial.loss)).collect()
    };
    let mut calm = store();
    go(&mut calm, &spec, &work(), 1);
    let (folder, mut cut) = on_disk();
    go(&mut cut, &named("old", &format!("{MIXED}{OLD}")), &work(), 1);
    let session = Session { owner: dead_owner(), ..Session::new(1) };
    let crash = catch_unwind(AssertUnwindSafe(|| {
        session.watched(&mut cut, &spec, work(), &mut Bomb { at: 4 })
    }));
    assert!(crash.is_err());
    cut = open(folder.path());
    // It grows, and another of its name begins.
    let more = OLD.replace("trials = 30", "trials = 60");
    go(&mut cut, &named("old", &format!("{MIXED}{more}")), &work(), 1);
    go(&mut cut, &named("old", &format!("{MIXED}{}", OLD.replace('8', "9"))), &work(), 1);
    let report = go(&mut cut, &spec, &work(), 1);
    assert_eq!(report.progress.counts.finished(), 12);
    assert_eq!(points(&cut), points(&calm));
    assert_eq!(taught(&cut, "new").sweeps[0].trials, taught(&calm, "new").sweeps[0].trials);
}

#[test]
fn other_ranges_and_other_parameters() {
    let mut store = store();
    let check = |store: &mut Store, name: &str, params: &str, warm: &str| -> (String, String) {
        let rest =
            format!("[params]\n{params}\n[search]\nwarm_start = {warm}\n[budget]\ntrials = 2\n");
        go(store, &named(name, &rest), &work(), 1);
        let teacher = taught(store, name).sweeps.remove(0);
        let spec = named(name, &rest);
        let fits = |lesson: &derby::sweep::Lesson| spec.space.check(&lesson.point).is_ok();
        assert!(teacher.trials.iter().all(fits));
        (teacher.to_string(), teacher.notes.join("; "))
    };
    let whole = "n = { low = 1, high = 40 }\nkind = [\"plain\", \"bent\"]\nbend = { low = 1e-3, high = 1.0, log = true, when = { kind = \"bent\" } }\n";
    let narrow = format!("x = {{ low = 0.0, high = 3.0 }}\n{whole}");
    let (text, notes) = check(&mut store, "narrow", &narrow, "\"old\"");
    let outside = trials(&store, "old");
    let outside =
        outside.iter().filter(|t| t.params.get("x").unwrap().as_f64() < Some(0.0)).count();
    let used = 30 - outside;
    assert_eq!(text, format!("'old': {used} of 30 trials used, {outside} outside the ranges (x)"));
    assert_eq!(notes, "");
    let (text, notes) = check(&mut store, "fewer", whole, "\"sweep:old\"");
    assert_eq!(text, "'old': 30 of 30 trials used");
    assert_eq!(notes, "'x' varied there and is not looked at here");
    let more = format!("x = {{ low = -3.0, high = 3.0 }}\ny = [1, 2]\nz = 4\n{whole}");
    let warm = "{ from = [\"old\"], assume = { y = 2 } }";
    let (text, notes) = check(&mut store, "more", &more, warm);
    assert_eq!(text, "'old': 30 of 30 trials used");
    assert_eq!(
        notes,
        "'y' was not searched there; 2 is assumed; 'z' is not recorded there, and 4 is its only value here"
    );
}

#[test]
fn what_cannot_teach_is_refused_before_anything_begins() {
    let mut store = store();
    let new = |warm: &str| named("new", &format!("{MIXED}[search]\nwarm_start = {warm}\n"));
    let check = |store: &mut Store, spec: &Sweep, part: &str| {
        let text = refused(store, spec);
        assert!(text.contains(part) && text.starts_with("[search] warm_start: "), "{text}");
    };
    check(&mut store, &new("\"odl\""), "no sweep 'odl'; did you mean 'old'?");
    check(&mut store, &new("\"new\""), "'new' is this sweep itself");
    check(&mut store, &new("[\"old\", 1]"), "'old' and '1' are the same sweep");
    let text = format!("{MIXED}[search]\nwarm_start = \"old\"\n");
    let other =
        named("new", &format!("{text}[objective]\nmetric = \"value\"\ngoal = \"maximize\"\n"));
    check(&mut store, &other, "'minimize value' and this sweep 'maximize value'");
    let far =
        named("new", "[params]\nx = { low = 7.0, high = 9.0 }\n[search]\nwarm_start = \"old\"\n");
    check(&mut store, &far, "none of the 30 trials of 'old' can be used: 'x' cannot be");
    let new_one =
        named("new", "[params]\nq = { low = 7.0, high = 9.0 }\n[search]\nwarm_start = \"old\"\n");
    check(&mut store, &new_one, "assume = { q = … }");
    let small = named("small", "[params]\nn = [1, 2]\n[search]\nsampler = \"grid\"\n");
    go(&mut store, &small, &work(), 1);
    let all = named("new", "[params]\nn = [1, 2]\n[search]\nwarm_start = \"small\"\n");
    check(&mut store, &all, "all 2 configurations of the space were tried");
}

/// What is said of the teachers.
#[derive(Default)]
struct Listener(Vec<String>);

impl Observer for Listener {
    fn event(&mut self, event: &Event<'_>, _: &Progress, _: usize) {
        if let Event::Taught { text } = event {
            self.0.push((*text).to_string());
        }
    }
}

#[test]
fn a_range_that_changes_later_keeps_what_lies_inside() {
    let mut store = store();
    let spec = named("new", &format!("{MIXED}{NEW}"));
    let mut heard = Listener::default();
    Session::new(1).watched(&mut store, &spec, work(), &mut heard).unwrap();
    assert_eq!(heard.0, ["from 'old': 30 of 30 trials used"]);
    let sweep = store.sweep("new").unwrap().id;
    let range = Steer::Range { parameter: "x".into(), low: 0.5, high: 1.5 };
    range.post(&mut store, sweep, "ada@box").unwrap();
    let more = named("new", &format!("{MIXED}{}", NEW.replace("trials = 12", "trials = 20")));
    go(&mut store, &more, &work(), 1);
    let own = trials(&store, "new");
    let inside =
        |trial: &TrialRow| (0.5..=1.5).contains(&trial.params.get("x").unwrap().as_f64().unwrap());
    assert!(own[12..].iter().all(inside) && own.len() == 20);
    // From the record the same.
    let again = named("new", &format!("{MIXED}{}", NEW.replace("trials = 12", "trials = 25")));
    let mut copy = store;
    go(&mut copy, &again, &work(), 1);
    assert!(trials(&copy, "new")[20..].iter().all(inside));
}

#[test]
fn the_program_says_what_taught_it() {
    let place = Place::new();
    let sweep = |name: &str, search: &str| {
        place.write(
            &format!("{name}.toml"),
            &format!(
                "name = \"{name}\"\nfunction = \"branin\"\n[params]\nx = {{ low = -5.0, high = 10.0 }}\n\
                 y = {{ low = 0.0, high = 15.0 }}\n[search]\n{search}\n[budget]\ntrials = 15\n[resources]\njobs = 1\n"
            ),
        );
        place.derby(&["sweep", &format!("{name}.toml")])
    };
    assert_eq!(sweep("first", "seed = 1").code, 0);
    let second = sweep("second", "seed = 2\nwarm_start = \"first\"");
    assert_eq!(second.code, 0, "{}", second.err);
    assert!(
        second.err.contains(" warm start   from 'first': 15 of 15 trials used"),
        "{}",
        second.err
    );
    let shown = place.shown("show sweep:second");
    assert!(shown.contains("warm start   from 'first': 15 of 15 trials used"), "{shown}");
    let by_flag = place.derby(&["sweep", "first.toml", "--warm-start", "second", "--trials", "3"]);
    assert!(by_flag.err.contains("from 'second': 15 of 15 trials used"), "{}", by_flag.err);
    let unknown = place.derby(&["sweep", "first.toml", "--warm-start", "secnd"]);
    assert_eq!(unknown.code, 2, "{}", unknown.err);
    assert!(unknown.err.contains("did you mean 'second'?"), "{}", unknown.err);
}

#[test]
fn pruned_trials_teach_how_far_they_came() {
    let mut store = Store::in_memory().unwrap();
    let pruner = "[search]\nseed = 8\npruner = { kind = \"median\", n_startup_trials = 3 }\n[budget]\ntrials = 30\n";
    let curves = fake(|assignment| {
        let end = bowl(&assignment.params);
        Script::Series((1..=6).map(|step| end * (1.0 + 1.0 / f64::from(step))).collect())
    });
    let report = go(&mut store, &named("old", &format!("{MIXED}{pruner}")), &curves, 1);
    assert!(report.progress.counts.pruned > 3);
    let spec = named("new", &format!("{MIXED}{NEW}"));
    go(&mut store, &spec, &work(), 1);
    let lessons = taught(&store, "new").sweeps.remove(0).trials;
    let pruned: Vec<_> = lessons.iter().filter_map(|lesson| lesson.pruned).collect();
    let recorded: Vec<_> = trials(&store, "old").iter().filter_map(|trial| trial.pruned).collect();
    assert_eq!((pruned, lessons.len()), (recorded, 30));
    let space = Arc::clone(&spec.space);
    let setup = Setup { space, seed: 5, budget: Some(12), ..Setup::default() };
    let mut fresh = sampler::make("tpe", setup, &SamplerOptions::default()).unwrap();
    for lesson in &lessons {
        let (number, point) = (lesson.number, lesson.point.clone());
        let told =
            sampler::Told { sd: lesson.sd, ..sampler::Told::new(number, point, lesson.loss) };
        match lesson.pruned {
            Some((step, loss)) => fresh.tell_pruned(&told, sampler::Pruned { step, loss }),
            None => fresh.tell(&told),
        }
    }
    assert_eq!(fresh.ask(0, &[]).as_ref(), Some(&trials(&store, "new")[0].point));
}

#[test]
fn several_sweeps_teach_in_the_order_of_the_file() {
    let mut store = store();
    let other = OLD.replace("seed = 8", "seed = 9").replace("trials = 30", "trials = 5");
    go(&mut store, &named("older", &format!("{MIXED}{other}")), &work(), 1);
    let both = NEW.replace("\"old\"", "[\"older\", 1]");
    go(&mut store, &named("new", &format!("{MIXED}{both}")), &work(), 1);
    let taught = taught(&store, "new");
    let words: Vec<String> = taught.sweeps.iter().map(ToString::to_string).collect();
    assert_eq!(words, ["'older': 5 of 5 trials used", "'old': 30 of 30 trials used"]);
    // Its own teachers are not handed on.
    let third = NEW.replace("\"old\"", "\"new\"");
    go(&mut store, &named("third", &format!("{MIXED}{third}")), &work(), 1);
    assert_eq!(self::taught(&store, "third").sweeps[0].to_string(), "'new': 12 of 12 trials used");
}

#[test]
fn scores_of_other_data_teach_and_that_is_said() {
    let place = Place::with_examples();
    let iris = std::fs::read_to_string(place.path("assets/iris.csv")).unwrap();
    let fewer: Vec<&str> = iris.lines().take(120).collect();
    place.write("assets/fewer.csv", &(fewer.join("\n") + "\n"));
    let sweep = |name: &str, data: &str, folds: u32, rest: &str| {
        place.write(
            &format!("{name}.toml"),
            &format!(
                "[objective]\nmetric = \"accuracy\"\n[data]\npath = \"assets/{data}.csv\"\ntarget = \"target\"\n\
                 folds = {folds}\nholdout = 0\n{rest}\n[budget]\ntrials = 4\n[resources]\njobs = 1\n"
            ),
        );
        let ran = place.derby(&["sweep", &format!("{name}.toml")]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran.err
    };
    let knn = "[models.knn]\nn_neighbors = { low = 1, high = 60 }\n";
    sweep("first", "iris", 3, knn);
    let warm = format!("{knn}[search]\nwarm_start = \"first\"");
    let same = sweep("same", "iris", 3, &warm);
    assert!(!same.contains("its scores are of"), "{same}");
    let folds = sweep("folds", "iris", 4, &warm);
    assert!(folds.contains("its scores are of another split of the same data"), "{folds}");
    let other = sweep("other", "fewer", 3, &warm);
    assert!(other.contains("its scores are of other data, b3:"), "{other}");
    // A parameter that was left out had its default.
    let weights =
        format!("{knn}weights = [\"uniform\", \"distance\"]\n[search]\nwarm_start = \"first\"");
    let more = sweep("more", "iris", 3, &weights);
    assert!(more.contains("4 of 4 trials used"), "{more}");
    assert!(
        more.contains("'knn.weights' was not searched there; it had its default uniform"),
        "{more}"
    );
}

#[test]
fn trials_asked_for_from_outside_are_taught_too() {
    let place = Place::new();
    let sweep = |name: &str, search: &str| {
        let text = format!(
            "name = \"{name}\"\n[objective]\nmetric = \"yield\"\ngoal = \"maximize\"\n[params]\n\
             t = {{ low = 0.0, high = 100.0 }}\n{search}"
        );
        place.write(&format!("{name}.toml"), &text);
    };
    sweep("first", "");
    for trial in 0..4 {
        assert_eq!(place.derby(&["ask", "first.toml"]).code, 0);
        let told = place.derby(&["tell", "first", &trial.to_string(), "0.5"]);
        assert_eq!(told.code, 0, "{}", told.err);
    }
    sweep("second", "[search]\nwarm_start = \"frist\"\n");
    let refused = place.derby(&["ask", "second.toml"]);
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(refused.err.contains("no sweep 'frist'; did you mean 'first'?"), "{}", refused.err);
    sweep("second", "[search]\nwarm_start = \"first\"\n");
    assert_eq!(place.derby(&["ask", "second.toml"]).code, 0);
    let shown = place.shown("show sweep:second");
    assert!(shown.contains("from 'first': 4 of 4 trials used"), "{shown}");
}
