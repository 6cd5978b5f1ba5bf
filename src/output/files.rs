//! A folder of results that appears whole or not at all.
//!
//! ```text
//!  begin ──► out/.x.partial-7 ──write, write, … ──fsync──► commit ──exchange names──► out/x      (old one removed)
//!                    └── dropped without commit: removed, `out/x` stays as it was
//! ```
//! # Models      a target that exists is replaced only if it holds results and nothing else: a folder with anything in
//!   it that `sim` did not write is never touched
//! # Leaves out  locking: of two runs into the same folder, the later to end wins, whole

use crate::Failure;
use rayon::prelude::*;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The scenario that was run, changes and seed included.
pub const SCENARIO: &str = "scenario.ron";

/// Names of the files that a run writes, apart from the plots (`*.png`, `*.svg`) and the data that the scenario reads.
pub const NAMES: &[&str] = &[
    SCENARIO,
    "summary.json",
    "timeline.jsonl",
    "series.csv",
    "latency_map.csv",
    "architecture.json",
    "report.html",
    "trace.csv.gz",
    SPANS,
    "replications.csv",
    "replications.json",
    "compare.json",
    "compare.csv",
    "tune.json",
    "tune.csv",
    "summary.md",
    "winner.ron",
    "winner.tf",
    "availability.json",
    "availability.md",
    "outages.csv",
];

/// Where a sample of requests spent its time, one request a line.
pub const SPANS: &str = "spans.jsonl";

/// Results on their way to `target`.
#[derive(Debug)]
pub struct Staging {
    target: PathBuf,
    temp: PathBuf,
    /// Folders above the target that were made for it, innermost first; they go again if it never comes.
    made: Vec<PathBuf>,
    files: Vec<String>,
    committed: bool,
}

impl Staging {
    /// Makes the temporary folder beside `target`, and checks at once whatever could only fail at the end of a long run.
    ///
    /// # Errors
    /// If `target` is no place for results, or nothing can be written beside it.
    pub fn begin(target: &Path) -> Result<Staging, Failure> {
        let target = resolve(target)?;
        let parent = target.parent().unwrap_or(Path::new(".")).to_path_buf();
        let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut made = Vec::new();
        make_parents(&parent, &mut made).inspect_err(|_| unmake(&made))?;
        let process = std::process::id();
        for attempt in 0..1000 {
            let temp = parent.join(format!(".{name}.partial-{process}-{attempt}"));
            match fs::create_dir(&temp) {
                Ok(()) => return Ok(Staging { target, temp, made, files: Vec::new(), committed: false }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    unmake(&made);
                    return Err(Failure::io("write to", &parent, &error).help("choose another folder with `--out`"));
                }
            }
        }
        unmake(&made);
        Err(Failure::new(format!("too many `.{name}.partial-…` folders in `{}`", parent.display())))
    }

    /// Opens a file of the results for writing.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create(&mut self, name: &str) -> Result<File, Failure> {
        let file = File::create(self.temp.join(name)).map_err(|error| self.failure(name, &error))?;
        self.files.push(name.to_string());
        Ok(file)
    }

    /// Writes a whole file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let mut file = self.create(name)?;
        file.write_all(bytes).map_err(|error| self.failure(name, &error))
    }

    /// Names of the files so far, in the order of writing.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// The failure to write a file, told with the name it was to have in the end.
    pub fn failure(&self, name: &str, error: &std::io::Error) -> Failure {
        Failure::io("write", &self.target.join(name), error)
    }

    /// Puts the results in their place, in exchange for older ones if there are any.
    ///
    /// # Errors
    /// If the disk will not have them, or the names cannot be exchanged; then the old results are still there.
    pub fn commit(mut self) -> Result<PathBuf, Failure> {
        // Together, since each would wait for the disk by itself.
        self.files.par_iter().try_for_each(|name| {
            let file = File::open(self.temp.join(name)).and_then(|file| file.sync_all());
            file.map_err(|error| self.failure(name, &error))
        })?;
        sync_folder(&self.temp);
        // Again, because a long run lies between the first look and this one.
        check_replaceable(&self.target)?;
        let failed = |error: &std::io::Error| Failure::io("write", &self.target, error);
        if self.target.is_dir() {
            exchange(&self.temp, &self.target).map_err(|error| failed(&error))?;
            // The old results now bear the temporary name. If they cannot be removed, the new ones are good all the same.
            let _ = fs::remove_dir_all(&self.temp);
        } else {
            fs::rename(&self.temp, &self.target).map_err(|error| failed(&error))?;
        }
        self.committed = true;
        if let Some(parent) = self.target.parent() {
            sync_folder(parent);
        }
        Ok(self.target.clone())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.committed {
            let _ = fs::remove_dir_all(&self.temp);
            unmake(&self.made);
        }
    }
}

/// The folder for a scenario of that name, if the user asks for no other: `out/<name>`, without what a path would read
/// into the name.
pub fn default_folder(scenario: &str) -> PathBuf {
    let mut name: String = scenario
        .chars()
        .map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
        .take(80)
        .collect();
    if name.starts_with('.') || name.is_empty() {
        name.insert_str(0, "scenario");
    }
    Path::new("out").join(name)
}

/// The target by its real name: what a link points to is replaced, not the link.
fn resolve(target: &Path) -> Result<PathBuf, Failure> {
    check_replaceable(target)?;
    if target.exists() {
        return target.canonicalize().map_err(|error| Failure::io("open", target, &error));
    }
    if target.file_name().is_none() {
        return Err(Failure::new(format!("`{}` does not name a folder", target.display())));
    }
    // An empty parent is the current folder.
    match target.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Ok(Path::new(".").join(target)),
        _ => Ok(target.to_path_buf()),
    }
}

/// Whether `target` may be replaced: it is not there, or it is empty, or it holds nothing but the results of a run.
fn check_replaceable(target: &Path) -> Result<(), Failure> {
    let elsewhere = "choose another folder with `--out`";
    let metadata = match fs::metadata(target) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::io("write to", target, &error).help(elsewhere)),
    };
    if !metadata.is_dir() {
        return Err(Failure::new(format!("cannot write to `{}`: it is a file", target.display())).help(elsewhere));
    }
    let entries = fs::read_dir(target).map_err(|error| Failure::io("read", target, &error).help(elsewhere))?;
    // A scenario by itself is somebody's own work.
    let holds_results = target.join("summary.json").is_file();
    for entry in entries {
        let entry = entry.map_err(|error| Failure::io("read", target, &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_file || !is_ours(&name) || (name == SCENARIO && !holds_results) {
            let text = format!("will not replace `{}`: `{name}` in it is not a result of a run", target.display());
            return Err(Failure::new(text).help(format!("{elsewhere}, or move `{name}` away")));
        }
    }
    Ok(())
}

/// Whether a run writes files of that name.
fn is_ours(name: &str) -> bool {
    NAMES.contains(&name) || name.ends_with(".png") || name.ends_with(".svg") || scenarios::is_part(name)
}

/// Makes `folder` and those above it, noting which were not there before, innermost first.
fn make_parents(folder: &Path, made: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let mut missing = Vec::new();
    let mut at = Some(folder);
    while let Some(folder) = at {
        if folder.as_os_str().is_empty() || folder.exists() {
            break;
        }
        missing.push(folder.to_path_buf());
        at = folder.parent();
    }
    for folder in missing.into_iter().rev() {
        match fs::create_dir(&folder) {
            Ok(()) => made.insert(0, folder),
            // Another run was faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(Failure::io("make the folder", &folder, &error).help("choose another folder with `--out`"));
            }
        }
    }
    Ok(())
}

/// Removes folders that were made for nothing; one that another run has put something into stays.
fn unmake(made: &[PathBuf]) {
    for folder in made {
        let _ = fs::remove_dir(folder);
    }
}

/// Writes a folder's entries to the disk, where the system knows of such a thing.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// Exchanges two folders' names in one step.
#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) -> std::io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // Some file systems cannot.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {
            exchange_by_steps(one, other)
        }
        Err(error) => Err(error.into()),
    }
}

/// Exchanges two folders' names.
#[cfg(not(target_os = "linux"))]
fn exchange(one: &Path, other: &Path) -> std::io::Result<()> {
    exchange_by_steps(one, other)
}

/// Exchanges two folders' names by way of a third; if it fails half-way, the names are as they were.
fn exchange_by_steps(one: &Path, other: &Path) -> std::io::Result<()> {
    let aside = one.with_extension("aside");
    fs::rename(other, &aside)?;
    if let Err(error) = fs::rename(one, other) {
        fs::rename(&aside, other)?;
        return Err(error);
    }
    fs::rename(&aside, one)
}

/// A single file on its way: it appears whole, in place of an earlier one, or not at all.
#[derive(Debug)]
pub struct Single {
    target: PathBuf,
    temp: PathBuf,
}

impl Single {
    /// Makes the temporary file beside `target`, so that what could only fail at the end of a long run fails now.
    ///
    /// # Errors
    /// If nothing can be written there.
    pub fn begin(target: &Path) -> Result<Single, Failure> {
        let cannot = |error: &std::io::Error| Failure::io("write", target, error);
        if target.is_dir() {
            return Err(Failure::new(format!("cannot write `{}`: it is a folder", target.display())));
        }
        let name = target.file_name().ok_or_else(|| Failure::new(format!("`{}` is no file", target.display())))?;
        let temp = target.with_file_name(format!(".{}.partial-{}", name.to_string_lossy(), std::process::id()));
        File::create(&temp).map_err(|error| cannot(&error))?;
        Ok(Single { target: target.to_path_buf(), temp })
    }

    /// Writes all of it and gives it its name.
    ///
    /// # Errors
    /// If it cannot be written; then an earlier one is as it was.
    pub fn commit(self, bytes: &[u8]) -> Result<(), Failure> {
        let written = fs::write(&self.temp, bytes).and_then(|()| fs::rename(&self.temp, &self.target));
        written.map_err(|error| Failure::io("write", &self.target, &error))
    }
}

impl Drop for Single {
    fn drop(&mut self) {
        // After the commit there is none.
        let _ = fs::remove_file(&self.temp);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_left_of_results_that_were_never_committed() {
        let room = tempfile::tempdir().unwrap();
        let mut staging = Staging::begin(&room.path().join("out/deep/x")).unwrap();
        staging.write("summary.json", b"{}").unwrap();
        drop(staging);
        assert_eq!(names(room.path()), Vec::<String>::new());
    }

    #[test]
    fn old_results_are_replaced_whole() {
        let room = tempfile::tempdir().unwrap();
        let target = room.path().join("x");
        for (name, old) in [("a.png", 0), ("b.svg", 1)] {
            let mut staging = Staging::begin(&target).unwrap();
            staging.write("summary.json", b"{}").unwrap();
            staging.write(name, b"picture").unwrap();
            assert_eq!(target.exists(), old == 1);
            staging.commit().unwrap();
        }
        assert_eq!(names(&target), ["b.svg", "summary.json"]);
        assert_eq!(names(room.path()), ["x"]);
    }

    #[test]
    fn a_folder_with_anything_else_in_it_is_never_touched() {
        let room = tempfile::tempdir().unwrap();
        fs::write(room.path().join("thesis.txt"), "years of work").unwrap();
        let failure = Staging::begin(room.path()).unwrap_err().to_string();
        assert!(failure.contains("thesis.txt"), "{failure}");
        assert_eq!(names(room.path()), ["thesis.txt"]);
    }

    #[test]
    fn a_scenario_by_itself_is_no_result() {
        let room = tempfile::tempdir().unwrap();
        fs::write(room.path().join(SCENARIO), "Scenario()").unwrap();
        assert!(Staging::begin(room.path()).unwrap_err().to_string().contains(SCENARIO));
        fs::write(room.path().join("summary.json"), "{}").unwrap();
        assert!(Staging::begin(room.path()).is_ok());
    }

    #[test]
    fn a_file_that_appears_during_the_run_is_not_lost_either() {
        let room = tempfile::tempdir().unwrap();
        let target = room.path().join("x");
        let staging = Staging::begin(&target).unwrap();
        fs::create_dir(&target).unwrap();
        fs::write(target.join("thesis.txt"), "years of work").unwrap();
        assert!(staging.commit().is_err());
        assert_eq!(names(room.path()), ["x"]);
        assert_eq!(names(&target), ["thesis.txt"]);
    }

    #[test]
    fn names_can_be_exchanged_where_the_system_cannot() {
        let room = tempfile::tempdir().unwrap();
        let (one, other) = (room.path().join("one"), room.path().join("other"));
        for folder in [&one, &other] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join(folder.file_name().unwrap()), "").unwrap();
        }
        exchange_by_steps(&one, &other).unwrap();
        assert_eq!((names(&one), names(&other)), (vec!["other".into()], vec!["one".into()]));
        assert_eq!(names(room.path()), ["one", "other"]);
    }

    #[test]
    fn a_scenarios_name_cannot_lead_out_of_the_folder() {
        assert_eq!(default_folder("twitter-spike"), Path::new("out/twitter-spike"));
        assert_eq!(default_folder("../../etc/x y"), Path::new("out/scenario..-..-etc-x-y"));
        assert_eq!(default_folder(""), Path::new("out/scenario"));
    }
}
