//! The stored reference.

#[test]
fn the_stored_reference_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.ron");
    let found = scenarios::reference();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &found).unwrap();
    }
    let stored = std::fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    assert!(stored == found, "scenarios/schema.ron is stale: run the tests with BLESS=1");
}

#[test]
fn the_reference_is_ron_and_says_something_of_every_setting() {
    let text = scenarios::reference();
    let root = scenarios::outline::Node::parse(&text).expect("RON");
    assert!(root.entries().len() > 40);
    let mut before = "";
    for line in text.lines().skip_while(|line| *line != "{") {
        let names_a_setting = line.trim_start().split(": ").next().is_some_and(|name| {
            line.contains(": ")
                && !line.trim_start().starts_with("//")
                && name.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
        });
        assert!(!names_a_setting || before.trim_start().starts_with("//"), "without a comment: {line}");
        before = line;
    }
}
