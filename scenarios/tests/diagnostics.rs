//! Messages: each `diagnostics/*.ron` beside the `.stderr` that compiling it prints. `BLESS=1` writes them anew.

use scenarios::{compile, load};
use std::fs;
use std::path::Path;

#[test]
fn every_mistake_is_shown_where_it_stands() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut seen = 0;
    for file in files.into_iter().filter(|file| file.extension().is_some_and(|ending| ending == "ron")) {
        let mut source = load(file.to_str().unwrap()).unwrap();
        source.name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let found = match compile(&source, &[]) {
            Ok(compiled) => compiled.warnings.to_string(),
            Err(report) => {
                assert!(report.errors() > 0);
                report.to_string()
            }
        };
        let stored = file.with_extension("stderr");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&stored, &found).unwrap();
        }
        let expected = fs::read_to_string(&stored).unwrap_or_default().replace("\r\n", "\n");
        assert_eq!(found, expected, "{} differs; look at it, then run with BLESS=1", stored.display());
        seen += 1;
    }
    assert!(seen >= 8);
}
