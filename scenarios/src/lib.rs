//! The scenario language: schema, diagnostics, resolution, and the built-in library.
