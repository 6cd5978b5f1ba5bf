//! Bad input: exit 2, the place, the help; never a panic, and nothing left behind.

use crate::room::{Done, Room, STARTER, names};

#[test]
fn no_such_file() {
    let room = Room::new();
    room.sim("run missing.ron").refused(&["missing.ron", "built-in"]);
    room.sim("validate missing.ron").refused(&["missing.ron"]);
    room.sim("run no/such/folder/twitter-spike.ron").refused(&["no/such/folder/twitter-spike.ron"]);
    assert_eq!(room.names(), Vec::<String>::new());
}

#[test]
fn no_text() {
    let room = Room::new();
    room.write("empty.ron", "");
    room.write("binary.ron", b"Scenario(\xff\xfe)");
    room.write("zeros.ron", [0; 4096]);
    std::fs::create_dir(room.path("folder.ron")).unwrap();
    for command in ["run", "validate", "check"] {
        room.sim(&format!("{command} empty.ron")).refused(&["empty.ron"]);
        room.sim(&format!("{command} binary.ron")).refused(&["binary.ron", "UTF-8"]);
        room.sim(&format!("{command} zeros.ron")).refused(&["zeros.ron"]);
        room.sim(&format!("{command} folder.ron")).refused(&["folder.ron", "folder"]);
    }
    assert_eq!(room.names(), ["binary.ron", "empty.ron", "folder.ron", "zeros.ron"]);
}

#[cfg(target_os = "linux")]
#[test]
fn text_without_an_end() {
    Room::new().sim("validate /dev/zero").refused(&["/dev/zero", "16 MiB"]);
}

#[test]
fn wrong_text() {
    let room = Room::new();
    let cases = [
        ("cut.ron", STARTER[..STARTER.len() / 2].to_string()),
        ("words.ron", "hello, world".into()),
        ("key.ron", STARTER.replace("clients: {", "colour: \"red\", clients: {")),
        ("deep.ron", "(".repeat(100_000)),
    ];
    for (name, text) in cases {
        room.write(name, text);
        room.sim(&format!("run {name}")).refused(&[name]);
        assert!(!room.path("out").exists());
    }
}

#[test]
fn an_unknown_key_is_shown_where_it_stands() {
    let room = Room::new();
    room.write("key.ron", STARTER.replace("clients: {", "colour: \"red\",\n    clients: {"));
    let line = 1 + STARTER.split("clients: {").next().unwrap().matches('\n').count();
    room.sim("run key.ron").refused(&["colour", &format!("key.ron:{line}:")]);
}

#[test]
fn wrong_changes() {
    let room = Room::with_scenario();
    room.sim("run small.ron --set auto_scaling_groups.nobody.max_size=8").refused(&["nobody"]);
    room.sim("run small.ron --set no.such.path=8").refused(&["no"]);
    room.sim("run small.ron --set duration=((").refused(&["duration"]);
    room.sim("run small.ron --duration soon").refused(&["soon"]);
    assert_eq!(room.names(), ["small.ron"]);
}

#[test]
fn nowhere_to_write() {
    let room = Room::with_scenario();
    room.write("taken", "a file");
    room.sim("run small.ron --out taken").refused(&["taken", "it is a file", "--out"]);
    room.sim("run small.ron --out taken/below").refused(&["taken/below", "--out"]);
    room.sim("run small.ron --out /proc/nowhere").refused(&["/proc", "--out"]);
    assert_eq!(room.read("taken"), "a file");
    room.write("out", "a file too");
    room.sim("run small.ron").refused(&["out"]);
    assert_eq!(room.names(), ["out", "small.ron", "taken"]);
}

#[test]
fn a_folder_of_other_things_is_not_replaced() {
    let room = Room::with_scenario();
    room.sim("run small.ron --out .").refused(&["small.ron", "--out"]);
    std::fs::create_dir(room.path("mine")).unwrap();
    room.write("mine/thesis.txt", "years of work");
    room.sim("run small.ron --out mine").refused(&["thesis.txt"]);
    assert_eq!(room.read("mine/thesis.txt"), "years of work");
    assert_eq!(room.names(), ["mine", "small.ron"]);
}

/// A limit on the size of files stands in for a full disk: the error comes at the same place.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_old_results() {
    let room = Room::with_scenario();
    let run = format!("trap '' XFSZ; ulimit -f 4; exec '{}' run small.ron --no-plots", env!("CARGO_BIN_EXE_sim"));
    let limited = || {
        let mut shell = std::process::Command::new("sh");
        Done::of(shell.args(["-c", &run]).current_dir(room.path("")).output().unwrap())
    };
    limited().refused(&["cannot write `", "out/small/", "file too large"]);
    assert_eq!(room.names(), ["small.ron"]);
    room.sim_expecting(0, "run small.ron --no-plots");
    let before = room.read("out/small/summary.json");
    limited().refused(&["cannot write `", "out/small/", "file too large"]);
    assert_eq!(room.read("out/small/summary.json"), before);
    assert_eq!(names(&room.path("out")), ["small"]);
}
