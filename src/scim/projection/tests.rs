//! What views show.
