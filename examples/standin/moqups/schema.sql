-- The whole database of the Moqups stand-in. What stands here is what the product holds: tests read it to see
-- what really arrived.
CREATE TABLE IF NOT EXISTS people (
    number        INTEGER PRIMARY KEY,      -- order of creation, the order of lists
    id            TEXT NOT NULL UNIQUE,     -- "p_" and 16 hex digits; issued here, never changed
    login         TEXT NOT NULL,            -- as it was sent
    login_key     TEXT NOT NULL UNIQUE,     -- lower-cased: two log-ins that differ only in case are one
    full_name     TEXT,
    email         TEXT,
    display_name  TEXT,
    enabled       TEXT NOT NULL CHECK (enabled IN ('yes', 'no')),
    avatar_colour TEXT,                     -- of no concern to any identity provider
    created_at    TEXT NOT NULL,            -- UTC, 2026-01-31T12:00:00.000Z
    updated_at    TEXT NOT NULL
);
