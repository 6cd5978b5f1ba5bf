//! A folder of one's own, and the command run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The starter of `sim new`: small, quick, and known to hold its expectations.
pub const STARTER: &str = include_str!("../src/cli/starter.ron");

/// An empty folder in which commands are run; it goes when the test ends.
pub struct Room(tempfile::TempDir);

impl Room {
    /// An empty one.
    pub fn new() -> Room {
        Room(tempfile::tempdir().unwrap())
    }

    /// One with the starter in it, as `small.ron`.
    pub fn with_scenario() -> Room {
        let room = Room::new();
        room.write("small.ron", STARTER);
        room
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Names of all files and folders in it, hidden ones too, sorted.
    pub fn names(&self) -> Vec<String> {
        names(self.0.path())
    }

    /// The command, ready to run here.
    pub fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
        command.current_dir(self.0.path()).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").stdin(Stdio::null());
        command.args(args.split_whitespace());
        command
    }

    /// Runs the command here, with arguments that have no spaces in them.
    pub fn sim(&self, args: &str) -> Done {
        Done::of(self.command(args).output().unwrap())
    }

    /// Runs the command, and the exit code must be this.
    pub fn sim_expecting(&self, code: i32, args: &str) -> Done {
        let done = self.sim(args);
        assert_eq!(done.code, Some(code), "sim {args}\n{}\n{}", done.stdout, done.stderr);
        done
    }
}

/// What came of a command.
#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    pub fn of(output: Output) -> Done {
        Done {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It failed, and says all of this, and did not panic.
    #[track_caller]
    pub fn refused(&self, says: &[&str]) {
        assert_eq!(self.code, Some(2), "{self:?}");
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        assert!(self.stderr.starts_with("error") || self.stderr.contains("\nerror"), "{}", self.stderr);
        for part in says {
            assert!(self.stderr.contains(part), "no {part:?} in\n{}", self.stderr);
        }
    }
}

/// Names in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
