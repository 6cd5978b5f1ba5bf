//! AWS parts as simulation models, and the world they form.
