//! What a shell sees: precedence, plain output, pipes, help, completions and the manual.

use std::fs::File;
use std::process::Stdio;

use crate::program::{Lab, Ran, recorded};
use crate::samples::{NOTES, SNAPSHOTS};

#[test]
fn the_ledger_is_the_flags_then_the_environments_then_the_configs() {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES);
    let import = ["usage", "import", "notes.csv"];
    let made = |name: &str| !recorded(&lab.cwd().join(name)).is_empty();
    lab.write(lab.config(), "ledger = 'config.db'");
    Ran::of(lab.gpucost(&import).env("GPUCOST_LEDGER", "env.db").args(["--ledger", "flag.db"]));
    assert!(made("flag.db") && !made("env.db") && !made("config.db"));
    Ran::of(lab.gpucost(&import).env("GPUCOST_LEDGER", "env.db"));
    assert!(made("env.db") && !made("config.db"));
    lab.ok(&import);
    assert!(made("config.db") && !lab.ledger().exists());
    lab.write(lab.config(), "ledger = '~/tilde.db'");
    lab.ok(&import);
    assert!(!recorded(&lab.home().join("tilde.db")).is_empty(), "`~` is the home, as in a shell");
}

#[test]
fn the_region_is_the_flags_then_the_environments_then_the_configs() {
    let region = |args: &[&str], variable: Option<&str>, config: &str| -> String {
        let lab = Lab::new();
        lab.write("snapshots.json", SNAPSHOTS);
        lab.write(lab.config(), config);
        let mut command = lab.gpucost(&["usage", "import", "snapshots.json"]);
        command.args(args).envs(variable.map(|region| ("AWS_REGION", region)));
        let ran = Ran::of(&mut command);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        lab.recorded().join("\n")
    };
    let config = "region = ['us-west-1']";
    assert!(region(&["--region", "eu-west-1"], Some("eu-west-2"), config).contains("eu-west-1"));
    assert!(region(&[], Some("eu-west-2"), config).contains("eu-west-2"));
    assert!(region(&[], Some(""), config).contains("us-west-1"), "an empty variable is as good as unset");
    assert!(region(&[], None, config).contains("us-west-1"));
}

#[test]
fn only_a_typed_region_leaves_records_out() {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES);
    lab.ok(&["usage", "import", "notes.csv"]);
    let ledger_commands: [&[&str]; 5] = [
        &["usage"],
        &["bill", "--month", "2026-10"],
        &["advise"],
        &["report", "--month", "2026-10"],
        &["break-even", "--machine-usd", "1000"],
    ];
    let summary = || std::fs::read_to_string(lab.cwd().join("reports/2026-10/summary.csv")).unwrap();
    let all = ledger_commands.map(|command| lab.ok(command));
    let all_summary = summary();
    assert!(all[0].contains("i-a") && all[0].contains("i-b"), "{}", all[0]);
    for (command, all) in ledger_commands.iter().zip(&all) {
        let ran = Ran::of(lab.gpucost(command).env("AWS_REGION", "ap-south-1"));
        assert_eq!((ran.code, &ran.out), (Some(0), all), "{command:?}");
    }
    assert_eq!(summary(), all_summary);
    lab.write(lab.config(), "region = ['ap-south-1']");
    for (command, all) in ledger_commands.iter().zip(&all) {
        assert_eq!(&lab.ok(command), all, "{command:?}");
    }
    assert_eq!(summary(), all_summary);
    let typed = lab.ok(&["usage", "--region", "ap-south-1"]);
    assert!(!typed.contains("i-a") && !typed.contains("i-b"), "{typed}");
    // A command that needs one region still takes it from there.
    let quote = |variable| Ran::of(lab.gpucost(&["quote", "g4dn.xlarge"]).env("AWS_REGION", variable)).out;
    assert!(quote("eu-west-1").contains("eu-west-1") && quote("").contains("ap-south-1"), "{}", quote(""));
    assert!(lab.ok(&["--help"]).contains("AWS_REGION"));
}

#[test]
fn an_empty_variable_is_as_good_as_unset() {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES);
    lab.ok(&["usage", "import", "notes.csv"]);
    let mut command = lab.gpucost(&["usage"]);
    for variable in ["AWS_REGION", "AWS_PROFILE", "GPUCOST_LEDGER", "GPUCOST_OUTPUT", "GPUCOST_CONFIG"] {
        command.env(variable, "");
    }
    let ran = Ran::of(&mut command);
    assert_eq!(ran.out, lab.ok(&["usage"]));
    assert!(ran.out.contains("i-b"));
}

#[test]
fn a_misspelt_region_is_an_error_and_not_zero_dollars() {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES.replace("us-east-1,i-a", "xx-new-1,i-a"));
    lab.ok(&["usage", "import", "notes.csv"]);
    for command in [&["usage"][..], &["bill", "--month", "2026-10"], &["report", "--month", "2026-10"], &["advise"]] {
        let ran = Ran::of(lab.gpucost(command).args(["--region", "us-esat-1"]));
        assert_eq!(ran.code, Some(2), "{command:?}: {ran:?}");
        assert!(ran.err.contains("`us-esat-1`") && ran.err.contains("did you mean `us-east-1`"), "{}", ran.err);
    }
    // One that the card lacks but the ledger has is no mistake.
    let recorded = lab.ok(&["usage", "--region", "xx-new-1"]);
    assert!(recorded.contains("i-a") && !recorded.contains("i-b"), "{recorded}");
}

#[test]
fn the_output_is_the_flags_then_the_environments_then_the_configs() {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES);
    lab.ok(&["usage", "import", "notes.csv"]);
    lab.write(lab.config(), "output = 'json'");
    assert!(lab.ok(&["usage"]).starts_with('{'));
    let csv = Ran::of(lab.gpucost(&["usage"]).env("GPUCOST_OUTPUT", "csv")).out;
    assert!(csv.lines().next().is_some_and(|line| line.contains(',') && !line.contains(' ')), "{csv}");
    let flag = Ran::of(lab.gpucost(&["usage", "-o", "json"]).env("GPUCOST_OUTPUT", "csv")).out;
    assert!(flag.starts_with('{'));
    let bad = Ran::of(lab.gpucost(&["usage"]).env("GPUCOST_OUTPUT", "yaml"));
    assert_eq!(bad.code, Some(2));
    assert!(bad.err.contains("yaml") && bad.err.contains("table, json, csv"), "{}", bad.err);
}

#[test]
fn a_bad_config_file_is_named_with_its_line() {
    let lab = Lab::new();
    let place = lab.config().display().to_string();
    for (text, line, told) in [
        ("output = 'json'\nregoin = ['us-east-1']\n", 2, "regoin"),
        ("\n\noutput = 'yaml'\n", 3, "yaml"),
        ("region = 'us-east-1'\n", 1, "sequence"),
        ("ledger = \n", 1, ""),
        ("[output\n", 1, ""),
    ] {
        lab.write(lab.config(), text);
        let ran = lab.run(&["usage"]);
        assert_eq!(ran.code, Some(1), "{text}: {ran:?}");
        assert!(ran.err.starts_with(&format!("error: the config file {place}:{line}: ")), "{text}: {}", ran.err);
        assert!(ran.err.contains(told) && ran.err.contains("hint: its keys are"), "{text}: {}", ran.err);
        assert_eq!(ran.err.lines().count(), 2, "{}", ran.err);
        for command in [&[][..], &["completions", "bash"], &["man"], &["--help"]] {
            assert_eq!(lab.run(command).code, Some(0), "{command:?} needs no config file");
        }
    }
    for bytes in [&b"\xff\xfe"[..], b"output\0"] {
        lab.write(lab.config(), bytes);
        assert_eq!(lab.run(&["usage"]).code, Some(1));
    }
    let ran = lab.run(&["usage", "--config", "none.toml"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("none.toml"), "{}", ran.err);
    lab.write("mine.toml", "output = 'json'");
    lab.write("notes.csv", NOTES);
    assert!(lab.ok(&["usage", "import", "notes.csv", "--config", "mine.toml"]).starts_with('{'));
}

#[test]
fn a_home_that_is_no_folder_is_a_home_without_config() {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES);
    let mut command = lab.gpucost(&["usage", "import", "notes.csv", "--ledger", "l.db"]);
    command.env_remove("XDG_CONFIG_HOME").env_remove("XDG_DATA_HOME").env("HOME", "/dev/null");
    let ran = Ran::of(&mut command);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn what_is_piped_has_no_escapes() {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES);
    lab.ok(&["usage", "import", "notes.csv"]);
    for command in [
        &[][..],
        &["--help"],
        &["usage"],
        &["bill", "--month", "2026-10"],
        &["usage", "import", "notes.csv"],
        &["usage", "import", "none.csv"],
        &["no-such-command"],
        &["demo", "--out", "out"],
        &["break-even", "--machine-usd", "1000", "--hours-per-day", "2", "--instance", "p2.xlarge"],
    ] {
        for variables in [&[][..], &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], &[("NO_COLOR", "1")]] {
            let ran = Ran::of(lab.gpucost(command).envs(variables.iter().copied()));
            assert!(!ran.out.contains('\x1b') && !ran.err.contains('\x1b'), "{command:?} {variables:?}: {ran:?}");
        }
    }
}

#[test]
fn a_terminal_gets_colors_unless_it_or_its_user_wants_none() {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES);
    lab.ok(&["usage", "import", "notes.csv"]);
    // `script` (util-linux) runs a command in a terminal of its own.
    let in_terminal = |options: &str, variables: &[(&str, &str)]| {
        let mut command = lab.clean("script");
        command.args(["-qec", &format!("'{}' usage {options}", env!("CARGO_BIN_EXE_gpucost")), "/dev/null"]);
        command.env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh").envs(variables.iter().copied());
        command.output().ok().filter(|output| output.status.success()).map(|output| Ran::from(output).out)
    };
    let xterm = ("TERM", "xterm-256color");
    let Some(colored) = in_terminal("", &[xterm]) else {
        eprintln!("skipped: there is no `script` here to make a terminal with");
        return;
    };
    assert!(colored.contains("\x1b["), "{colored:?}");
    for (options, variables) in [
        ("", &[xterm, ("NO_COLOR", "1")][..]),
        ("--no-color", &[xterm]),
        ("", &[("TERM", "dumb")]),
        ("-o json", &[xterm]),
    ] {
        let plain = in_terminal(options, variables).expect("it ran before");
        assert!(plain.contains("i-b") && !plain.contains('\x1b'), "{options} {variables:?}: {plain:?}");
    }
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES);
    lab.ok(&["usage", "import", "notes.csv"]);
    for command in [
        &[][..],
        &["--help"],
        &["--version"],
        &["usage"],
        &["usage", "-o", "json"],
        &["bill", "--month", "2026-10"],
        &["demo", "--out", "out"],
        &["completions", "zsh"],
        &["man"],
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let ran = Ran::of(lab.gpucost(command).stdout(Stdio::from(writer)));
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{command:?}");
    }
}

#[test]
fn streams_that_cannot_be_written_do_not_crash_it() {
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let lab = Lab::new();
    let stream = || Stdio::from(full.try_clone().expect("the device"));
    let ran = Ran::of(lab.gpucost(&["man"]).stdout(stream()));
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.starts_with("error: cannot write to stdout"), "{}", ran.err);
    let ran = Ran::of(lab.gpucost(&["usage"]).stderr(stream()));
    assert_eq!(ran.code, Some(1), "the exit code still speaks");
    let ran = Ran::of(lab.gpucost(&["usage", "import", "none.csv"]).stderr(stream()));
    assert_eq!(ran.code, Some(1));
}

#[test]
fn alone_it_says_what_to_do_first() {
    let lab = Lab::new();
    let out = lab.ok(&[]);
    assert!(out.contains("gpucost demo") && out.contains("gpucost usage import FILE") && out.contains("--help"));
    for line in out.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn help_fits_the_width() {
    let lab = Lab::new();
    let commands: [&[&str]; 14] = [
        &[],
        &["demo"],
        &["rates"],
        &["quote"],
        &["usage"],
        &["usage", "import"],
        &["usage", "check"],
        &["bill"],
        &["break-even"],
        &["advise"],
        &["report"],
        &["completions"],
        &["man"],
        &["help"],
    ];
    for command in commands {
        for flag in ["-h", "--help"] {
            if command == ["help"] && flag == "-h" {
                continue;
            }
            let args: Vec<&str> = command.iter().copied().chain((command != ["help"]).then_some(flag)).collect();
            let ran = Ran::of(lab.gpucost(&args).env("COLUMNS", "80"));
            assert_eq!(ran.code, Some(0), "{args:?}: {ran:?}");
            assert!(ran.out.contains("Usage: gpucost") && ran.err.is_empty(), "{args:?}: {ran:?}");
            for line in ran.out.lines() {
                assert!(line.chars().count() <= 100, "{args:?}: {line}");
            }
        }
    }
}

#[test]
fn completions_and_manual_are_there() {
    let lab = Lab::new();
    for (shell, part) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef gpucost"),
        ("fish", "complete -c gpucost"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let script = lab.ok(&["completions", shell]);
        assert!(script.contains(part) && script.contains("break-even"), "{shell}: {script}");
    }
    assert_eq!(lab.run(&["completions", "cmd"]).code, Some(2));
    let page = lab.ok(&["man"]);
    assert!(page.starts_with(".ie") || page.starts_with(".TH"), "{page}");
    assert!(page.contains(".SH \"GPUCOST BREAK\\-EVEN\"") || page.contains("GPUCOST BREAK-EVEN"), "{page}");
}

#[test]
fn wrong_usage_is_2_and_goes_to_stderr() {
    let lab = Lab::new();
    for command in [&["usage", "import"][..], &["bill"], &["no-such-command"], &["usage", "--no-such-option"]] {
        let ran = lab.run(command);
        assert_eq!(ran.code, Some(2), "{command:?}: {ran:?}");
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{command:?}: {ran:?}");
    }
}
