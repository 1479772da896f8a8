//! The verbs on sweep files: check, space, init, models.

use crate::program::{Place, shows};

#[test]
fn checking() {
    let place = Place::recorded();
    place.write(
        "bad.toml",
        "name = \"bad\"\n[objective]\nmetric = \"roc_acu\"\n[data]\npath = \"iris.csv\"\ntarget = \"target\"\n\
         [models.svm]\nC = { low = 10.0, high = 1.0 }\n[search]\nsampler = \"bayes\"\n",
    );
    shows!(place.shown("check quick.toml sphere.toml broken.toml"), @r"
    exit 0
     ✓  quick.toml   quick: maximize accuracy, target 'target' of iris.csv   grid on 6 configurations
     ✓  sphere.toml   sphere: minimize value, function sphere   random on an infinite space
     ✓  broken.toml   broken: minimize log_loss, target 'target' of iris.csv   grid on 2 configurations
    ");
    shows!(place.shown("check bad.toml quick.toml"), @"
    exit 2
     ✓  quick.toml   quick: maximize accuracy, target 'target' of iris.csv   grid on 6 configurations
    stderr
    error: 3 problems in bad.toml
      3:10   unknown metric 'roc_acu'; did you mean 'roc_auc'? One of accuracy, balanced_accuracy, precision, recall, f1, precision_macro, recall_macro, f1_macro, precision_weighted, recall_weighted, f1_weighted, mcc, log_loss, brier, roc_auc, roc_auc_weighted, average_precision, r2, rmse, mae, mape, median_absolute_error, max_error, fit_seconds, predict_us, model_bytes  [objective]
      8:7    'low' (10.0) must be below 'high' (1.0)  [models.svm] C
      10:11  unknown sampler 'bayes'; one of auto, cma-es, gp, grid, nsga-ii, nsga-iii, random, sobol, tpe  [search]
    ");
    shows!(place.shown("check quick.toml --set search.sampler=bayes"), @"
    exit 2
    stderr
    error: 1 problem in quick.toml
      --set search.sampler  unknown sampler 'bayes'; one of auto, cma-es, gp, grid, nsga-ii, nsga-iii, random, sobol, tpe  [search]
    ");
    shows!(place.shown("check bad.toml quick.toml --json"), @r#"
    exit 2
    [{"file":"bad.toml","ok":false,"problems":[{"file":"bad.toml","line":3,"column":10,"place":"[objective]","text":"unknown metric 'roc_acu'; did you mean 'roc_auc'? One of accuracy, balanced_accuracy, precision, recall, f1, precision_macro, recall_macro, f1_macro, precision_weighted, recall_weighted, f1_weighted, mcc, log_loss, brier, roc_auc, roc_auc_weighted, average_precision, r2, rmse, mae, mape, median_absolute_error, max_error, fit_seconds, predict_us, model_bytes"},{"file":"bad.toml","line":8,"column":7,"place":"[models.svm] C","text":"'low' (10.0) must be below 'high' (1.0)"},{"file":"bad.toml","line":10,"column":11,"place":"[search]","text":"unknown sampler 'bayes'; one of auto, cma-es, gp, grid, nsga-ii, nsga-iii, random, sobol, tpe"}]},{"file":"quick.toml","ok":true,"name":"quick","digest":"42d4cdf5f6fffa65f8cb7b6f91f6bc907107c79bf2156629d9bddab91518f2b2","problems":[]}]
    "#);
}

#[test]
fn spaces() {
    let place = Place::with_examples();
    shows!(place.shown("space sweeps/breast_cancer.toml"), @r"
    exit 0
                        model          logistic · naive_bayes · knn · svm · random_forest · gradient_boosting
     logistic           C              1e-4 … 1e4                                log
     naive_bayes        var_smoothing  1e-12 … 1                                 log
     knn                n_neighbors    1 … 30
                        weights        uniform · distance
     svm                kernel         rbf · linear
                        C              1e-2 … 1e3                                log
                        gamma          1e-4 … 1                                  log  when kernel = rbf
     random_forest      n_estimators   50 … 300 step 50
                        max_depth      2 … 16
                        max_features   sqrt · log2
     gradient_boosting  n_estimators   50 … 300 step 50
                        learning_rate  1e-2 … 0.5                                log
                        max_depth      2 … 6
                        scale          standard · robust · min_max
     infinite; a grid of 5 per range has 675 points
     3 samples:
       model=svm kernel=linear C=0.01666 scale=robust
       model=naive_bayes var_smoothing=0.2986 scale=min_max
       model=gradient_boosting n_estimators=150 learning_rate=0.07608 max_depth=2 scale=min_max
    ");
    shows!(place.shown("space sweeps/quick.toml --samples 1"), @r"
    exit 0
                    model          naive_bayes · knn · decision_tree
     naive_bayes    var_smoothing  1e-9 · 1e-6 · 0.001
     knn            n_neighbors    1 · 3 · 5 · 9 · 15
                    weights        uniform · distance
     decision_tree  max_depth      2 · 3 · 4 · none
     17 configurations
     1 sample:
       model=decision_tree max_depth=3
    ");
    let small =
        "objective.metric = \"value\"\nfunction = \"sphere\"\n[params]\nx = [1, 2]\ny = [3, 4]\n";
    place.write("small.toml", small);
    let ran = place.derby(&["space", "small.toml", "--samples", "10"]);
    let mut samples: Vec<&str> = ran.out.lines().skip_while(|l| !l.contains("samples")).collect();
    assert_eq!(samples.remove(0), " 4 samples:", "a space of four has no fifth");
    samples.sort_unstable();
    assert_eq!(samples, ["   x=1 y=3", "   x=1 y=4", "   x=2 y=3", "   x=2 y=4"]);
    shows!(place.shown("space sweeps/branin.yaml --samples 0 --json"), @r#"
    exit 0
    {"size":null,"infinite":true,"grid":"25","dimensions":[{"branch":null,"name":"x","values":"-5 … 10","log":false,"when":null},{"branch":null,"name":"y","values":"0 … 15","log":false,"when":null}],"samples":[]}
    "#);
    let twice =
        [place.shown("space sweeps/penguins.toml"), place.shown("space sweeps/penguins.toml")];
    assert_eq!(twice[0], twice[1], "samples are the same on every call");
}

#[test]
fn families() {
    let place = Place::new();
    shows!(place.shown("models"), @r"
    exit 0
     MODEL              TASKS             PROBA  WEIGHTS  ABOUT
     dummy              classes, numbers  yes    yes      baseline without features: class shares, or t…
     linear             numbers                  yes      ordinary least squares (nalgebra)
     elastic_net        numbers                  yes      linear regression with L1 and L2 penalties (l…
     logistic           classes           yes    yes      logistic regression, multinomial for three cl…
     naive_bayes        classes           yes    yes      Gaussian naive Bayes (own)
     knn                classes, numbers  yes    no       k nearest neighbors (own blocked search; linf…
     svm                classes           no     yes      support vector classification, one against on…
     svr                numbers                  yes      support vector regression (own SMO)
     decision_tree      classes, numbers  yes    yes      decision tree with exact splits (CART), derby…
     random_forest      classes, numbers  yes    yes      random forest of exact trees, derby's own
     gradient_boosting  classes, numbers  yes    yes      gradient boosting on histograms (XGBoost's me…
     next  derby models logistic
    ");
    shows!(place.shown("models logistic"), @r"
    exit 0
     logistic   classes   logistic regression, multinomial for three classes or more (argmin)
     PARAMETER      TAKES            DEFAULT  ABOUT
     C              number > 0             1  inverse strength of the penalty
     penalty        l2 | none             l2  l2, or none
     max_iter       int ≥ 1             1000  iterations at most; the model reached then is kept
     tol            number > 0, ≤ 1     1e-5  largest entry of the gradient of the mean loss at which t…
     class_weight   balanced | none     none  none, or balanced: every class has the same total weight
     fit_intercept  true | false        true  whether to fit a constant term
    ");
    let ran = place.derby(&["models", "--json"]);
    let families: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    for family in families.as_array().unwrap() {
        let name = family["name"].as_str().unwrap();
        let one = place.derby(&["models", name]);
        for param in family["params"].as_array().unwrap() {
            let param = param["name"].as_str().unwrap();
            assert!(one.out.contains(&format!(" {param} ")), "{name} does not list {param}");
        }
    }
}

#[test]
fn a_file_to_start_from() {
    let place = Place::with_examples();
    std::fs::remove_dir_all(place.path("sweeps")).unwrap();
    shows!(place.shown("init assets/penguins.csv"), @r"
    exit 0
     penguins.csv    344 rows × 8 columns   b3:72d19d   missing: 11 sex, 2 bill_length_mm, 2 bill_depth_mm, and in 2 more columns
     target          species (3 classes: 152 · 68 · 124), its name is 'species'; change it in [data]
     wrote           sweeps/penguins.toml: 4 model families, f1_macro, 5 folds, 20 % holdout
     next            derby sweep sweeps/penguins.toml
    ");
    let written = std::fs::read_to_string(place.path("sweeps/penguins.toml")).unwrap();
    shows!(written, @r#"
    # penguins: multi-class classification of species.
    # derby check FILE says what is wrong with it, derby space FILE what it lets vary.

    name = "penguins"

    [objective]
    metric = "f1_macro"

    [data]
    path = "../assets/penguins.csv"
    target = "species"
    holdout = 0.2                          # rows that no search sees, for the final judgement
    folds = 5

    [preprocess]                           # fitted inside each training fold
    impute = ["median", "mean"]            # words: the most frequent one
    encode = "one_hot"                     # or ordinal, target
    scale = ["standard", "robust", "none"]

    [models.logistic]
    C = { low = 1e-4, high = 1e4, log = true }

    [models.svm]
    C = { low = 1e-2, high = 1e3, log = true }
    gamma = { low = 1e-4, high = 1.0, log = true }

    [models.random_forest]
    n_estimators = { low = 50, high = 300, step = 50 }
    max_depth = { low = 2, high = 16 }

    [models.gradient_boosting]
    n_estimators = { low = 50, high = 300, step = 50 }
    learning_rate = { low = 0.01, high = 0.5, log = true }
    max_depth = { low = 2, high = 6 }

    [search]
    sampler = "auto"                       # or cma-es, gp, grid, nsga-ii, nsga-iii, random, sobol, tpe
    seed = 0
    # pruner = "race"                      # hopeless trials see few folds

    [budget]
    trials = 100
    # time = "10m"
    # patience = 50                          # trials without a better score
    "#);
    assert_eq!(place.derby(&["check", "sweeps/penguins.toml"]).code, 0);
    let swept = ["sweep", "sweeps/penguins.toml", "--trials", "3", "--jobs", "2", "-q"];
    assert_eq!(place.derby(&swept).code, 0);

    shows!(place.shown("init assets/penguins.csv"), @r"
    exit 2
    stderr
    error: 'sweeps/penguins.toml' exists already
    hint: --force replaces it, --output names another
    ");
    assert_eq!(std::fs::read_to_string(place.path("sweeps/penguins.toml")).unwrap(), written);
    shows!(place.shown("init assets/penguins.csv --target body_mass_g --force"), @r"
    exit 0
     penguins.csv    344 rows × 8 columns   b3:72d19d   missing: 11 sex, 2 bill_length_mm, 2 bill_depth_mm, and in 2 more columns
     target          body_mass_g (regression), as asked; 2 rows without it left out; change it in [data]
     wrote           sweeps/penguins.toml: 4 model families, rmse, 5 folds, 20 % holdout
     next            derby sweep sweeps/penguins.toml
    ");
    assert_eq!(place.derby(&["check", "sweeps/penguins.toml"]).code, 0);
    shows!(place.shown("init assets/penguins.csv --target bodymass -o other.toml"), @r"
    exit 2
    stderr
    error: no column 'bodymass' that could be a target
    hint: --target COLUMN, one of species, island, bill_length_mm, bill_depth_mm, flipper_length_mm, body_mass_g, sex, year
    ");
    assert!(!place.path("other.toml").exists());
}

#[test]
fn every_data_file_gives_a_file_that_checks() {
    let place = Place::with_examples();
    for entry in std::fs::read_dir(place.path("assets")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if std::path::Path::new(&name).extension().is_none_or(|ext| ext != "csv") {
            continue;
        }
        let ran = place.derby(&["init", &format!("assets/{name}"), "-o", "made.toml", "--force"]);
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        let ran = place.derby(&["check", "made.toml"]);
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
    }
}

#[test]
fn a_file_to_start_from_always_runs() {
    let place = Place::new();
    let rows = |classes: &str| {
        let rows =
            classes.chars().enumerate().map(|(i, class)| format!("{},{i},{class}\n", i * 7 % 5));
        format!("a,b,y\n{}", rows.collect::<String>())
    };
    let runs = |data: &str, parts: &[&str]| {
        place.write("d.csv", data);
        let ran = place.derby(&["init", "d.csv", "-o", "s.toml", "--force"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let text = std::fs::read_to_string(place.path("s.toml")).unwrap();
        for part in parts {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        let ran = place.derby(&["sweep", "s.toml", "--trials", "2", "-q"]);
        assert_eq!(ran.code, 0, "{text}{}", ran.err);
    };
    runs(&rows("pqpqpqpqpqpqpppppppp"), &["# Not the usual 5 folds", "folds = "]);
    runs(&rows("pqpqpp"), &["folds = 2"]);
    let infinite = (0..60).map(|i| {
        let (a, c) = (if i == 7 { "inf".into() } else { (i * 7 % 11).to_string() }, i % 2);
        let b = if c == 0 { "-inf" } else { "inf" };
        format!("{a},{b},{},{}\n", i % 13, ["p", "q"][i % 2])
    });
    let infinite = format!("a,b,c,y\n{}", infinite.collect::<String>());
    runs(&infinite, &["outliers = \"iqr\"", "ignore = [\"b\"]"]);

    std::fs::remove_file(place.path("s.toml")).unwrap();
    let refused = |data: &str, args: &[&str], part: &str| {
        place.write("d.csv", data);
        let all = [&["init", "d.csv", "-o", "s.toml"][..], args].concat();
        let ran = place.derby(&all);
        assert!(ran.code != 0 && ran.code != 70 && ran.err.contains(part), "{}", ran.err);
        assert!(!place.path("s.toml").exists());
    };
    refused(&rows("pqpppppp"), &[], "even without a holdout: class 'q' has 1 of the 8 search rows");
    refused("a,c\n1,5\n2,5\n3,5\n", &["--target", "c"], "target 'c' is constant");
    let ran = place.derby(&["init", "d.csv", "-o", "s.yaml"]);
    assert!(ran.err.contains("init writes TOML") && !place.path("s.yaml").exists(), "{}", ran.err);
}

#[test]
fn a_file_to_start_from_for_a_database() {
    let place = Place::new();
    let db = rusqlite::Connection::open(place.path("d.db")).unwrap();
    db.execute_batch("CREATE TABLE t (a, y); CREATE TABLE other (x);").unwrap();
    for i in 0..60_i64 {
        db.execute(
            "INSERT INTO t VALUES (?1, ?2)",
            (i * 7 % 11, if i % 2 == 0 { "p" } else { "q" }),
        )
        .unwrap();
    }
    for (flag, value) in [("--table", "t"), ("--query", "SELECT a, y FROM t WHERE a < 9")] {
        let ran = place.derby(&["init", "d.db", flag, value, "-o", "s.toml", "--force"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let text = std::fs::read_to_string(place.path("s.toml")).unwrap();
        assert!(text.contains(&format!("{} = \"{value}\"", &flag[2..])), "{text}");
        assert_eq!(place.derby(&["check", "s.toml"]).code, 0);
    }
}

#[test]
fn commands() {
    let place = Place::new();
    place.write(
        "train.toml",
        "[command]\nrun = [\"python\", \"train.py\", \"{args}\", [\"--out\", \"{artifacts}\"]]\n[params]\nlr = [0.1, 0.2]\n\
         opt = { values = [\"a b\"] }\n[objective]\nmetric = \"loss\"\ngoal = \"minimize\"\n[search]\nreplicates = 2\n",
    );
    place.write(
        "wandb.yaml",
        "method: random\nprogram: train.py\nentity: me\nmetric: {name: loss}\nparameters: {lr: {values: [0.1]}}\nrun_cap: 3\n",
    );
    shows!(place.shown("check train.toml wandb.yaml"), @r#"
    exit 0
     ✓  train.toml   train: minimize loss, a command, 2 runs of each configuration   auto on 2 configurations
        runs python train.py --lr=0.2 '--opt=a b' --out .derby/runs/1/artifacts
     ✓  wandb.yaml   wandb: minimize loss, a command   random on 1 configuration
        runs /usr/bin/env python train.py --lr=0.1
     note   wandb.yaml:1  wandb.log calls are not read, and WANDB_MODE=disabled is set so that they need no account; the script prints its metrics as lines of JSON: print(json.dumps({"step": 3, "loss": 0.4}), flush=True)
     note   wandb.yaml:1  wandb.config is not filled in: parameters come as arguments, as JSON in the file $DERBY_PARAMS, and as variables DERBY_PARAM_NAME
     note   wandb.yaml:2  there is no 'train.py' beside this file, and a command starts in its folder; if it lies elsewhere, add --set command.cwd=FOLDER
     note   wandb.yaml:3  'entity' has no meaning here and is left out
    "#);
    let space = place.shown("space train.toml --samples 1");
    assert!(space.contains("     runs python train.py --lr=0."), "{space}");
}
