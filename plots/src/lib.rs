//! Charts of simulation results as PNG and SVG.
