//! The repository's habits as tests: format, heads of modules, sizes of files, commands in the README that exist.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files below `folder` with this end, build products left out.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && name != "out" && (!name.starts_with('.') || name == ".ci") {
                found.extend(files(&path, end));
            }
        } else if name.ends_with(end) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Fails with all complaints at once.
#[track_caller]
fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn the_code_is_formatted() {
    let output = Command::new(env!("CARGO")).args(["fmt", "--all", "--check"]).current_dir(root()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    // A minimal toolchain comes without the formatter; `.ci/run` installs it.
    if text.contains("no such command") || text.contains("is not installed") {
        return;
    }
    assert!(output.status.success(), "run `cargo fmt --all`\n{text}");
}

#[test]
fn every_module_says_what_it_is_for() {
    // The unit tests of a module, where they have a file of their own, are spoken for by that module.
    let modules = files(root(), ".rs").into_iter().filter(|path| !path.ends_with("tests.rs"));
    let headless = modules.filter(|path| !read(path).starts_with("//!"));
    none(headless.map(|path| format!("{} has no `//!` head", path.display())).collect());
}

#[test]
fn no_file_is_too_long() {
    let long = files(root(), ".rs").into_iter().map(|path| (read(&path).lines().count(), path));
    none(long.filter(|(n, _)| *n > 900).map(|(n, path)| format!("{} has {n} lines", path.display())).collect());
}

#[test]
fn text_is_clean() {
    let mut complaints = Vec::new();
    let texts = [".rs", ".ron", ".toml", ".md", ".ci/run"].map(|end| files(root(), end.trim_start_matches(".ci/")));
    for path in texts.into_iter().flatten() {
        let text = read(&path);
        for (n, line) in text.lines().enumerate() {
            let place = format!("{}:{}", path.display(), n + 1);
            if line.contains('\t') {
                complaints.push(format!("{place}: a tab"));
            }
            if line.ends_with(' ') {
                complaints.push(format!("{place}: a space at the end"));
            }
            // Written in two parts, so that this file does not contain them.
            for path in [["/ho", "me/"], ["/Us", "ers/"], ["/wo", "rk/"], ["/tmp/", "wt"], ["C:", "\\"]] {
                if line.contains(&path.concat()) {
                    complaints.push(format!("{place}: a path of one machine"));
                }
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            complaints.push(format!("{}: no newline at the end", path.display()));
        }
    }
    none(complaints);
}

#[test]
fn the_commands_in_the_readme_exist() {
    let readme = read(&root().join("README.md"));
    let mut seen = 0;
    let mut complaints = Vec::new();
    for line in readme.lines() {
        let line = line.trim();
        let Some(rest) = line.strip_prefix("sim ").or_else(|| line.strip_prefix("cargo run --release -- ")) else {
            continue;
        };
        let words: Vec<&str> = rest.split('#').next().unwrap_or_default().split_whitespace().collect();
        let Some((command, options)) = words.split_first() else { continue };
        let output = Command::new(env!("CARGO_BIN_EXE_sim")).args([command, "--help"]).output().unwrap();
        let help = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            complaints.push(format!("{line}: no such command"));
        }
        let missing = options.iter().filter(|word| word.starts_with("--") && !help.contains(**word));
        complaints.extend(missing.map(|option| format!("{line}: no such option {option}")));
        seen += 1;
    }
    assert!(seen >= 8, "only {seen} commands found");
    none(complaints);
}

#[test]
fn the_files_that_the_readme_points_to_exist() {
    let readme = read(&root().join("README.md"));
    let targets = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let missing = targets.filter(|target| !target.starts_with("http") && !root().join(target).exists());
    none(missing.map(|target| format!("README.md points to {target}")).collect());
}

#[test]
fn the_change_log_keeps_its_headings() {
    let text = read(&root().join("CHANGELOG.md"));
    assert!(text.contains("## [Unreleased]") && text.contains("### Changes results"));
}
