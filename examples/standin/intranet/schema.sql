-- The whole database of the intranet stand-in. What stands here is what the product holds: tests read it to see what
-- really arrived. This product knows no NULL: what is empty is an empty text.
CREATE TABLE IF NOT EXISTS employees (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,     -- never used twice
    log_in       TEXT NOT NULL,                         -- as it was sent
    log_in_key   TEXT NOT NULL UNIQUE,                  -- lower-cased: two log-ins that differ only in case are one
    status       TEXT NOT NULL CHECK (status IN ('A', 'I')),
    full_name    TEXT NOT NULL DEFAULT '',
    last_name    TEXT NOT NULL DEFAULT '',
    first_name   TEXT NOT NULL DEFAULT '',
    middle_name  TEXT NOT NULL DEFAULT '',
    name_prefix  TEXT NOT NULL DEFAULT '',
    name_suffix  TEXT NOT NULL DEFAULT '',
    shown_as     TEXT NOT NULL DEFAULT '',
    nick         TEXT NOT NULL DEFAULT '',
    homepage     TEXT NOT NULL DEFAULT '',
    job_title    TEXT NOT NULL DEFAULT '',
    kind         TEXT NOT NULL DEFAULT '',
    language     TEXT NOT NULL DEFAULT '',
    locale       TEXT NOT NULL DEFAULT '',
    time_zone    TEXT NOT NULL DEFAULT '',
    staff_number TEXT NOT NULL DEFAULT '',
    cost_center  TEXT NOT NULL DEFAULT '',
    company      TEXT NOT NULL DEFAULT '',
    division     TEXT NOT NULL DEFAULT '',
    department   TEXT NOT NULL DEFAULT '',
    badge        TEXT NOT NULL DEFAULT '',
    desk         TEXT NOT NULL DEFAULT '',              -- of no concern to any identity provider
    superior     INTEGER NOT NULL DEFAULT 0,            -- another employee's id, 0: nobody
    password     TEXT NOT NULL DEFAULT '',              -- written by a call of its own, shown by none
    created_on   TEXT NOT NULL,                         -- 2026-01-31 12:00:00, UTC, though nothing says so
    changed_on   TEXT NOT NULL
);

-- mails, phones, chats, pictures, rights, duties, certificates
CREATE TABLE IF NOT EXISTS employee_items (
    employee INTEGER NOT NULL REFERENCES employees (id) ON DELETE CASCADE,
    list     TEXT NOT NULL,
    position INTEGER NOT NULL,
    value    TEXT NOT NULL,
    label    TEXT NOT NULL DEFAULT '',
    sort     TEXT NOT NULL DEFAULT '',
    main     INTEGER,                                   -- 1, 0 or not said
    PRIMARY KEY (employee, list, position)
);

CREATE TABLE IF NOT EXISTS employee_addresses (
    employee INTEGER NOT NULL REFERENCES employees (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    label    TEXT NOT NULL DEFAULT '',
    street   TEXT NOT NULL DEFAULT '',
    town     TEXT NOT NULL DEFAULT '',
    region   TEXT NOT NULL DEFAULT '',
    postcode TEXT NOT NULL DEFAULT '',
    country  TEXT NOT NULL DEFAULT '',
    sort     TEXT NOT NULL DEFAULT '',
    main     INTEGER,
    PRIMARY KEY (employee, position)
);

CREATE TABLE IF NOT EXISTS circles (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    title      TEXT NOT NULL,
    created_on TEXT NOT NULL,
    changed_on TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS circle_people (
    circle   INTEGER NOT NULL REFERENCES circles (id) ON DELETE CASCADE,
    employee INTEGER NOT NULL REFERENCES employees (id) ON DELETE CASCADE,
    PRIMARY KEY (circle, employee)
);
