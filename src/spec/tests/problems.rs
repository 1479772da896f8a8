//! Every kind of problem: its place, its words, its mend.

use super::*;

const OBJECTIVE: &str = "[objective]\nmetric = \"accuracy\"\n";
const DATA: &str = "[data]\npath = \"d.csv\"\ntarget = \"y\"\n";

/// The problems of a text as `line:column text place` lines.
fn lines(text: &str, format: Format) -> Vec<String> {
    match read_as(text, format, &Overrides::default()) {
        Ok(_) => panic!("no problem in:\n{text}"),
        Err(SpecError::Problems { problems, .. }) => problems
            .iter()
            .map(|p| {
                format!("{}:{} {} {}", p.line, p.column, p.text, p.place).trim_end().to_string()
            })
            .collect(),
        Err(other) => panic!("{other}"),
    }
}

/// Checks that there is exactly one problem and what it says.
fn one(text: &str, part: &str) {
    let lines = lines(text, Format::Toml);
    assert!(lines.len() == 1 && lines[0].contains(part), "{part}\n{lines:#?}\n{text}");
}

fn svm(line: &str, part: &str) {
    one(&format!("[models.svm]\n{line}\n{OBJECTIVE}{DATA}"), part);
}

fn forest(line: &str, part: &str) {
    one(&format!("[models.random_forest]\n{line}\n{OBJECTIVE}{DATA}"), part);
}

fn data(line: &str, part: &str) {
    one(&format!("{DATA}{line}\n{OBJECTIVE}[models.svm]\n"), part);
}

fn beside(section: &str, part: &str) {
    one(
        &format!("{section}\n{OBJECTIVE}{DATA}[models.svm]\nkernel = [\"rbf\", \"linear\"]\n"),
        part,
    );
}

fn params(lines: &str, part: &str) {
    one(&format!("function = \"noop\"\n[params]\n{lines}\n"), part);
}

#[test]
fn all_at_once_as_the_tour_shows_them() {
    let text = "[objective]\nmetric = \"accuracy\"\n[data]\npath = \"d.csv\"\ntarget = \"y\"\n\
        [models.svm]\nC = { low = 10.0, high = 1.0, log = true }\n[models.random_forest]\nmax_dept = 3\n\
        [search]\nsampler = \"bayes\"\n";
    let expected = [
        "3 problems in sweeps/x.toml",
        "  7:7    'low' (10.0) must be below 'high' (1.0)            [models.svm] C",
        "  9:1    unknown key 'max_dept'; did you mean 'max_depth'?  [models.random_forest]",
        "  11:11  unknown sampler 'bayes'; one of auto, cma-es, gp, grid, nsga-ii, nsga-iii, random, sobol, tpe  [search]",
    ];
    assert_eq!(read(text).unwrap_err().to_string(), expected.join("\n"));
}

#[test]
fn ranges() {
    svm(
        "C = { low = 1, high = 1.0 }",
        "2:7 'low' equals 'high' (1.0); for a fixed value write C = 1.0 [models.svm] C",
    );
    svm("C = { low = 0, high = 1 }", "2:7 'low' (0): 'C' must be a number above 0 [models.svm] C");
    svm("C = { low = -1.0, high = 1 }", "'low' (-1.0)");
    svm("C = { low = 1 }", "2:1 'C' needs 'low' and 'high', or 'values', or 'value'");
    svm("C = { low = \"a\", high = 1 }", "2:13 'low' must be a finite number, not 'a'");
    svm("C = { low = 1, high = inf }", "2:23 'high' must be a finite number, not 'inf'");
    svm(
        "C = { low = 1, high = 2, lgo = true }",
        "unknown key 'lgo'; did you mean 'log'? [models.svm] C",
    );
    svm("C = { low = 1, high = 2, log = 1 }", "'log' must be true or false, not '1'");
    svm("C = { low = 1, high = 2, log = true, step = 0.5 }", "'log' and 'step' exclude each other");
    svm("C = { low = 1, high = 2, step = 0 }", "2:33 'step' must be a number above 0, not '0'");
    svm("C = { low = 1, high = 2, step = 3 }", "'step' (3) is wider than the range (1)");
    svm("C = { low = 1e6, high = 2e6, step = 1e-9 }", "too fine to tell its values apart");
    svm("degree = { low = 1.5, high = 3 }", "'low' must be a whole number within ±2^53, not '1.5'");
    svm(
        "degree = { low = 1, high = 11 }",
        "'high' (11): 'degree' must be a whole number from 1 to 10",
    );
    svm(
        "degree = { low = 1, high = 3, step = 0.5 }",
        "'step' must be a whole number above 0, not '0.5'",
    );
    svm(
        "kernel = { low = 1, high = 2 }",
        "'kernel' must be one of rbf, linear, poly; a range is for numbers",
    );
    params(
        "a = { low = 0, high = 5, log = true }",
        "'low' (0) must be at least 1 with 'log' [params] a",
    );
    params("a = { low = 0.0, high = 5, log = true }", "'low' (0.0) must be above 0 with 'log'");
    params("a = { low = -9007199254740993, high = 5 }", "within ±2^53");
    params("a = { low = -1.7e308, high = 1.7e308 }", "lie further apart than the largest float");
}

#[test]
fn values() {
    svm("C = \"x\"", "2:5 'C' must be a number above 0, not 'x' [models.svm] C");
    svm("C = \"none\"", "'C' must be a number above 0, not 'none'");
    svm("C = nan", "not 'NaN'");
    svm("C = true", "not 'true'");
    svm("C = []", "'C' has an empty list; give at least one value");
    svm("C = [1, 1.0]", "2:9 'C' has the value '1' twice; leave one out");
    svm("C = [[1, 2]]", "not a list; a list as a value is not supported");
    svm("C = { value = [1, 2] }", "not supported, a choice is written as 'values'");
    svm("C = { values = 1 }", "'values' must be a list, not '1'");
    svm(
        "kernel = \"rfb\"",
        "'kernel' must be one of rbf, linear, poly, not 'rfb'; did you mean 'rbf'?",
    );
    svm("shrinking = \"yes\"", "'shrinking' must be true or false, not 'yes'");
    svm("degree = 2.5", "'degree' must be a whole number from 1 to 10, not '2.5'");
    svm("gamma = 0", "'gamma' must be one of scale or a number above 0, not '0'");
    forest("max_depth = 0", "'max_depth' must be a whole number from 1 to 1000 or none, not '0'");
    forest("max_features = 1.5", "or a number above 0 and at most 1 or none, not '1.5'");
}

#[test]
fn conditions() {
    let gamma = |when: &str| {
        format!("kernel = [\"rbf\", \"linear\"]\ngamma = {{ value = 1, when = {when} }}")
    };
    svm(
        &gamma("{ kernl = \"rbf\" }"),
        "unknown parameter in [models.svm]: 'kernl'; did you mean 'kernel'?",
    );
    svm(
        &gamma("{ kernel = \"poly\" }"),
        "3:40 'kernel' is never 'poly' here; it takes rbf · linear [models.svm] gamma",
    );
    svm(&gamma("{ kernel = [] }"), "'when' gives 'kernel' no values");
    svm(&gamma("{}"), "'when' is empty");
    svm(&gamma("\"rbf\""), "'when' must be a table like { kernel = \"rbf\" }, not 'rbf'");
    svm(
        "C = { low = 1, high = 2 }\ngamma = { value = 1, when = { C = 1 } }",
        "'C' is a continuous range",
    );
    svm(
        "gamma = { value = 1, when = { kernel = \"rbf\" } }",
        "'when' names 'kernel', but [models.svm] has no other parameter",
    );
    params(
        "a = { value = 1, when = { b = 1 } }\nb = { value = 1, when = { c = 1 } }\nc = { value = 1, when = { a = 1 } }",
        "3:18 'when' goes in a circle: a → b → c → a; cut it at one place [params] a",
    );
    params("a = { value = 1, when = { a = 1 } }", "circle: a → a");
    params(
        "a = [1, 2]\nb = { values = [1, 2], when = { a = 1 } }\nc = { value = 1, when = { a = 2, b = 1 } }",
        "its conditions contradict each other, so that it is never active [params] c",
    );
}

#[test]
fn what_to_run() {
    one(&format!("{OBJECTIVE}{DATA}"), "1:1 nothing to run");
    one(&format!("{OBJECTIVE}{DATA}[models]\n"), "there is no family");
    one(&format!("{OBJECTIVE}[models.svm]\n"), "1:1 [data] is missing");
    one(&format!("{OBJECTIVE}{DATA}[models]\nsvm = 3\n"), "[models.svm] must be a table, not '3'");
    one(
        &format!("{OBJECTIVE}{DATA}[models.svn]\n"),
        "6:9 unknown family 'svn'; did you mean 'svm'? One of svm, random_forest [models]",
    );
    one(
        &format!("{OBJECTIVE}{DATA}[models.xgboost]\n"),
        "unknown family 'xgboost'; one of svm, random_forest",
    );
    one(
        &format!("function = \"sphere\"\n{OBJECTIVE}[models.svm]\n"),
        "'function' and [models] exclude each other",
    );
    one(
        "function = \"spere\"\n[params]\nx = 1\n",
        "1:12 unknown function 'spere'; did you mean 'sphere'?",
    );
    one("function = \"sphere\"\n", "'sphere' needs [params]");
    one("function = \"branin\"\n[params]\nx = 1\n", "'branin' takes 2 parameters, and there are 1");
    one(
        "function = \"sphere\"\n[params]\nx = [1, \"a\"]\n",
        "'sphere' takes numbers, and 'a' is text [params] x",
    );
    one(&format!("function = \"noop\"\n{DATA}[params]\nx = 1\n"), "[data] is for models");
    beside("[params]\nx = 1", "[params] is for [command] or a 'function'");
    one(
        "nmae = \"x\"\nfunction = \"noop\"\n[params]\nx = 1\n",
        "1:1 unknown key 'nmae'; did you mean 'name'?",
    );
    one(
        "zzzzzz = 1\nfunction = \"noop\"\n[params]\nx = 1\n",
        "unknown key 'zzzzzz'; one of command, function, objective, data, preprocess, models, params, search, \
         budget, resources, gate, name, experiment, model",
    );
    one(
        "name = \" \"\nfunction = \"noop\"\n[params]\nx = 1\n",
        "'name' must be a text of 1 to 200 characters",
    );
    one(&format!("[model.svm]\n{OBJECTIVE}"), "families stand under [models.NAME]");
}

#[test]
fn objectives() {
    let with =
        |objective: &str, part: &str| one(&format!("{objective}\n{DATA}[models.svm]\n"), part);
    with("", "[objective] is missing");
    with("[objective]", "'metric' is missing");
    with(
        "[objective]\nmetric = \"acuracy\"",
        "2:10 unknown metric 'acuracy'; did you mean 'accuracy'? One of roc_auc, accuracy, log_loss [objective]",
    );
    with(
        "[objective]\nmetric = \"roc_auc\"\ngoal = \"max\"",
        "3:8 unknown goal 'max'; one of maximize, minimize",
    );
    with("[objective]\nmetric = 3", "'metric' must be a text, not '3'");
    with(
        "[[objective]]\nmetric = \"roc_auc\"\n[[objective]]\nmetric = \"roc_auc\"",
        "the metric 'roc_auc' is named twice",
    );
    with("objective = \"roc_auc\"", "[objective] must be a table, not 'roc_auc'");
    with("objective = []", "the list is empty");
    one(
        "function = \"noop\"\n[objective]\nmetric = \"loss\"\n[params]\nx = 1\n",
        "unknown metric 'loss'; one of value",
    );
}

#[test]
fn data_sections() {
    let with =
        |section: &str, part: &str| one(&format!("{section}\n{OBJECTIVE}[models.svm]\n"), part);
    with("[data]\ntarget = \"y\"", "'path' is missing");
    with("[data]\npath = \"d\"", "'target' is missing");
    with("data = \"d.csv\"", "[data] must be a table, not 'd.csv'");
    data(
        "format = \"xlsx\"",
        "4:10 unknown format 'xlsx'; one of csv, json, jsonl, sqlite, parquet [data]",
    );
    data("delimiter = \";;\"", "'delimiter' must be one ASCII character or \"tab\", not ';;'");
    data("encoding = \"utf-16\"", "unknown encoding 'utf-16'; did you mean 'utf-8'?");
    data("null_values = [1]", "'null_values' must be a list of texts, not a list");
    data("table = \"t\"\nquery = \"q\"", "5:1 'table' and 'query' exclude each other");
    data("types = { a = \"numbr\" }", "column 'a': unknown type 'numbr'; did you mean 'number'?");
    data("types = 3", "'types' must be a table");
    data(
        "task = \"clasification\"",
        "unknown task 'clasification'; one of binary, multiclass, regression",
    );
    data("task = \"regression\"", "'svm' does not fit regression; leave it out [models]");
    data("positive = 1.5", "'positive' must be a class, not '1.5'");
    data("ignore = [\"y\"]", "'ignore' names the target 'y'");
    data("features = []", "'features' is empty");
    data("features = [\"y\"]", "'features' contains the target 'y'");
    data("features = [\"a\"]\nignore = [\"a\"]", "'a' stands in both 'features' and 'ignore'");
    data("weights = \"y\"", "'y' is both the target and 'weights'");
    data("metrics = [\"roc\"]", "unknown metric 'roc'");
    data(
        "keep_predictions = -1",
        "'keep_predictions' must be a whole number of at least 0, not '-1'",
    );
    data("holdout = 1.0", "'holdout' must be a share from 0 to below 1, or a table, not '1.0'");
    data(
        "holdout = { share = -0.1 }",
        "'share' must be a share from 0 to below 1, not '-0.1' [data] holdout",
    );
    data("holdout = { exact = 1 }", "'exact' must be true or false");
    data("folds = 1", "'folds' must be a whole number from 2 to 10000, or a table, not '1'");
    data("folds = { k = 1 }", "'k' must be a whole number from 2 to 10000, not '1' [data] folds");
    data("folds = { kind = \"grup\" }", "unknown kind 'grup'; did you mean 'group'?");
    data(
        "folds = { kind = \"group\" }",
        "4:18 kind 'group' needs the column: set 'group' in [data]",
    );
    data("folds = { kind = \"time\" }", "needs the column: set 'time'");
    data(
        "time = \"t\"\nfolds = { kind = \"time\", shuffle = true }",
        "'shuffle' would break the order",
    );
    data("folds = { colum = \"f\" }", "unknown key 'colum'; did you mean 'column'?");
    data(
        "folds = { zzz = 1 }",
        "unknown key 'zzz'; one of column, file, k, kind, shuffle, repeats [data] folds",
    );
    data("folds = { repeats = 2, shuffle = false }", "'repeats' needs shuffled folds");
    data("folds = { column = \"f\", k = 3 }", "unknown key 'k'");
    data("split_seed = -1", "'split_seed' must be a whole number of at least 0");
    data("targt = 1", "unknown key 'targt'; did you mean 'target'? [data]");
}

#[test]
fn preprocessing() {
    beside(
        "[preprocess]\nscale = \"stadard\"",
        "'scale' must be one of standard, min_max, robust or none, not 'stadard'; did you mean 'standard'? [preprocess] scale",
    );
    beside(
        "[preprocess]\nscal = \"none\"",
        "unknown key 'scal'; did you mean 'scale'? [preprocess]",
    );
    beside(
        "[preprocess]\nfill = \"none\"\nimpute = { value = \"mean\", when = { fill = 1 } }",
        "'fill' must be a number or a text, not 'none' [preprocess] fill",
    );
    beside("[preprocess]\nindicator = 1", "'indicator' must be true or false, not '1'");
    beside("[preprocess]\nscale = { low = 0, high = 1 }", "a range is for numbers");
    beside(
        "[[preprocess]]\nscale = \"none\"\ncolumns = [\"a\"]\n[[preprocess]]\nimpute = \"mean\"",
        "two blocks without a 'name'",
    );
    beside(
        "[[preprocess]]\nname = \"a\"\n[[preprocess]]\nname = \"b\"",
        "two blocks without 'columns'",
    );
    beside(
        "[[preprocess]]\nname = \"a\"\ncolumns = [\"c\"]\n[[preprocess]]\ncolumns = [\"c\"]",
        "the column 'c' is named twice",
    );
    beside("[[preprocess]]\nname = \"a b\"", "'name' must be a text of letters");
    beside("[[preprocess]]\ncolumns = []", "'columns' is empty");
    beside("preprocess = 3", "[preprocess] must be a table, not '3'");
}

#[test]
fn searches() {
    beside(
        "[search]\nsampler = \"tpee\"",
        "2:11 unknown sampler 'tpee'; did you mean 'tpe'? [search]",
    );
    beside("[search]\nsampler = 3", "'sampler' must be a name or a table with 'kind', not '3'");
    beside("[search]\nsampler = { steps = 3 }", "'kind' is missing; name the sampler");
    beside("[search]\nsampler = { kind = \"tpe\", gama = 3 }", "unknown key 'gama'");
    beside(
        "[search]\nsampler = { kind = \"grid\", steps = 3 }\ngrid_steps = 3",
        "are the same; leave one out",
    );
    beside(
        "[search]\ngrid_steps = 3",
        "'grid_steps' is for the grid sampler, and the sampler is 'auto'",
    );
    beside(
        "[search]\nsampler = \"grid\"\ngrid_steps = 0",
        "'grid_steps' must be a whole number from 1",
    );
    beside("[search]\nseed = -1", "'seed' must be a whole number of at least 0, not '-1'");
    beside("[search]\nlag = 3", "'lag' is for reproducible = true");
    beside(
        "[search]\nreproducible = true\nlag = 0",
        "'lag' must be a whole number of at least 1, not '0'",
    );
    beside(
        "[search]\nreproducible = true\n[budget]\ntime = \"1m\"",
        "4:1 'time' depends on the machine's speed",
    );
    beside(
        "[search]\nreproducible = true\n[resources]\ntimeout = \"1m\"",
        "'timeout' depends on the machine's speed",
    );
    beside("[search]\npoints = 3", "'points' must be a list of tables, not '3'");
    beside(
        "[search]\npoints = [3]",
        "a point must be a table like { C = 1 }, not '3' [search] points, number 1",
    );
    beside(
        "[search]\npoints = [{ kernel = \"rbf\" }, { kernel = \"poly\" }]",
        "2:42 'kernel' cannot be 'poly'; it is one of rbf, linear [search] points, number 2",
    );
    beside("[search]\npoints = [{}]", "'kernel' is missing");
    beside(
        "[search]\npoints = [{ kernel = \"rbf\", C = 1 }]",
        "unknown parameter 'C'; the space has kernel, model",
    );
    beside(
        "[search]\npoints = [{ kernel = [1] }]",
        "'kernel' must be one finite value, not a list",
    );
}

#[test]
fn limits() {
    beside(
        "[budget]\ntrials = 0",
        "'trials' must be a whole number of at least 1, not '0' [budget]",
    );
    beside("[budget]\ntrials = -5", "not '-5'");
    beside(
        "[budget]\ntime = 10",
        "'time' must be a time above 0 like \"90s\", \"10m\" or \"1h30m\", not '10'",
    );
    beside("[budget]\ntime = \"10\"", "not '10'");
    beside("[budget]\ntime = \"0s\"", "not '0s'");
    beside("[budget]\npatience = 0", "'patience'");
    beside("[budget]\ntarget = nan", "'target' must be a number, not 'NaN'");
    beside(
        "[budget]\nmax_failed = 1.5",
        "'max_failed' must be a whole number of at least 1, not '1.5'",
    );
    beside("[budget]\ntrails = 5", "unknown key 'trails'; did you mean 'trials'?");
    beside("[resources]\njobs = 0", "'jobs' must be a whole number from 1 to 65536, not '0'");
    beside("[resources]\nmemory = \"2 apples\"", "'memory' must be a size like \"2GB\"");
    beside("[resources]\ngpus = 1", "2:1 'gpus' is for [command]; built-in models use none");
    beside("[resources]\ncpus = 1", "'cpus' is for [command]");
    beside("[resources]\nisolate = 1", "'isolate' must be true or false, not '1'");
    beside("[resources]\nmonitor = \"5s\"", "or set isolate = true for models");
}

#[test]
fn syntax_errors_have_a_place() {
    let check = |text: &str, format: Format, part: &str| {
        let lines = lines(text, format);
        assert!(lines.len() == 1 && lines[0].starts_with(part), "{lines:#?}");
    };
    check("name = \"x\"\n[data\n", Format::Toml, "2:6 not valid TOML: ");
    check("a = 1\na = 2\n", Format::Toml, "2:1 not valid TOML: duplicate key");
    check(
        "a = 99999999999999999999\n",
        Format::Toml,
        "1:5 the whole number '99999999999999999999'",
    );
    check("a: 1\na: 2\n", Format::Yaml, "2:1 not valid YAML: duplicate mapping key: a");
    check("a: [1\nb: 2\n", Format::Yaml, "2:2 not valid YAML: ");
    check("- 1\n", Format::Yaml, "1:1 a sweep file is a table of sections");
    check("{\"a\": 1,}", Format::Json, "1:9 not valid JSON: key must be a string");
    check("{\n \"a\": 1,\n \"a\": 2}", Format::Json, "3:2 the key 'a' stands here twice");
    check("[1]", Format::Json, "1:1 a sweep file is a table of sections");
}

#[test]
fn places_are_those_of_the_format() {
    let yaml = "function: noop\nparams:\n  é: {low: 2, high: 1}\n";
    assert_eq!(lines(yaml, Format::Yaml), ["3:7 'low' (2) must be below 'high' (1) [params] é"]);
    let json = "{\"function\": \"noop\",\n \"params\": {\"\\\"é\": {\"low\": 2, \"high\": 1}}}";
    assert_eq!(lines(json, Format::Json), ["2:21 'low' (2) must be below 'high' (1) [params] \"é"]);
    let toml = "function = \"noop\"\r\n[params]\r\n\"é\" = {low = 2, high = 1}\r\n";
    assert_eq!(lines(toml, Format::Toml), ["3:8 'low' (2) must be below 'high' (1) [params] é"]);
}

#[test]
fn flags_are_named() {
    let overrides = Overrides {
        trials: Some("many".into()),
        set: vec![("search.sed".into(), "3".into()), ("a..b".into(), "1".into())],
        ..Overrides::default()
    };
    let text = read_as(FULL, Format::Toml, &overrides).unwrap_err().to_string();
    assert_eq!(
        text,
        "1 problem in sweeps/x.toml\n  --set a..b  'a..b' is not a key like search.seed"
    );
    let overrides = Overrides { set: overrides.set[..1].to_vec(), ..overrides };
    let text = read_as(FULL, Format::Toml, &overrides).unwrap_err().to_string();
    assert!(
        text.contains(
            "--trials          'trials' must be a whole number of at least 1, not 'many'"
        ),
        "{text}"
    );
    assert!(text.contains("--set search.sed  unknown key 'sed'; did you mean 'seed'?"), "{text}");
}
