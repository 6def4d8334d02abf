//! What discovery tells.
