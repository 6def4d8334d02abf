-- The whole database of the Mooncamp stand-in. What stands here is what the product holds: tests read it to see what
-- really arrived.
CREATE TABLE IF NOT EXISTS members (
    number       INTEGER PRIMARY KEY,       -- order of creation, the order of lists
    id           TEXT NOT NULL UNIQUE,      -- "mem_" and 16 hex digits; issued here, never changed
    login        TEXT NOT NULL,             -- as it was sent
    login_key    TEXT NOT NULL UNIQUE,      -- lower-cased: two log-ins that differ only in case are one
    first_name   TEXT,
    last_name    TEXT,
    display_name TEXT,
    email        TEXT,
    state        TEXT NOT NULL CHECK (state IN ('active', 'deactivated')),
    avatar       TEXT,                      -- of no concern to any identity provider
    created_at   TEXT NOT NULL,             -- UTC, 2026-01-31T12:00:00.000Z
    updated_at   TEXT NOT NULL
);

-- What a workspace wants to know of its members, beyond the fields that everybody has.
CREATE TABLE IF NOT EXISTS properties (
    key   TEXT PRIMARY KEY,
    title TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS member_properties (
    member TEXT NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    key    TEXT NOT NULL REFERENCES properties (key) ON DELETE CASCADE,
    value  TEXT NOT NULL,
    PRIMARY KEY (member, key)
);

CREATE TABLE IF NOT EXISTS teams (
    number     INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,        -- "team_" and 16 hex digits
    name       TEXT NOT NULL,
    name_key   TEXT NOT NULL UNIQUE,        -- lower-cased: two names that differ only in case are one
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS team_members (
    team   TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    member TEXT NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    PRIMARY KEY (team, member)
);

-- The workspace of the demo and the tests.
INSERT OR IGNORE INTO properties (key, title) VALUES
    ('job_title', 'Job title'), ('nickname', 'Nickname'), ('middle_name', 'Middle name'), ('full_name', 'Full name'),
    ('prefix', 'Prefix'), ('suffix', 'Suffix'), ('language', 'Language'), ('locale', 'Locale'), ('time_zone', 'Time zone'),
    ('profile_url', 'Profile'), ('user_type', 'Type of user'),
    ('employee_number', 'Employee number'), ('department', 'Department'), ('division', 'Division'),
    ('organization', 'Organization'), ('cost_center', 'Cost center'), ('manager', 'Manager'),
    ('work_phone', 'Phone'), ('mobile_phone', 'Mobile phone'), ('fax', 'Fax'),
    ('address', 'Address'), ('street', 'Street'), ('city', 'City'), ('region', 'Region'), ('postal_code', 'Postal code'),
    ('country', 'Country'), ('other_address', 'Other address'), ('badge', 'Badge');
