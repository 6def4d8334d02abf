//! Bodies as clients send them, and the one resource they mean.
