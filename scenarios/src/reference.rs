//! The reference of the language.

/// The reference.
pub fn reference() -> String {
    String::new()
}
