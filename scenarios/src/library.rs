//! Built-in scenarios.

/// Name and text of every built-in scenario.
pub fn library() -> &'static [(&'static str, &'static str)] {
    &[]
}
