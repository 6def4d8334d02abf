//! What filters mean, in the RFC's words and in the words of real clients.
