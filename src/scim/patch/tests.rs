//! PATCH bodies as clients send them, and what they do to a resource.
