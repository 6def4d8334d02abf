-- Times are milliseconds since 1970 (UTC) by the wall clock.

CREATE TABLE links (
    row           INTEGER PRIMARY KEY,
    target        TEXT    NOT NULL,
    resource_type TEXT    NOT NULL,
    scim_id       TEXT    NOT NULL,
    target_key    TEXT    NOT NULL,
    first_key     TEXT    NOT NULL, -- the key the SCIM id was made from
    generation    INTEGER NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('live', 'tombstone')),
    kept          TEXT    NOT NULL, -- JSON object: kept attributes as they stand in a resource
    remembered    TEXT    NOT NULL, -- JSON object: attribute path -> {"sent": …, "held": …}
    indexed       TEXT    NOT NULL, -- JSON array: what stands in kept_values for this link
    created       INTEGER NOT NULL,
    changed       INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX link_ids ON links (target, resource_type, scim_id);
CREATE UNIQUE INDEX live_link_keys ON links (target, resource_type, target_key) WHERE state = 'live';
CREATE INDEX link_keys ON links (target, resource_type, target_key);
CREATE INDEX link_first_keys ON links (target, resource_type, first_key, generation);

CREATE TABLE kept_values (
    target        TEXT    NOT NULL,
    resource_type TEXT    NOT NULL,
    attribute     TEXT    NOT NULL,
    value         TEXT    NOT NULL, -- folded
    scim_id       TEXT    NOT NULL,
    link          INTEGER NOT NULL REFERENCES links (row) ON DELETE CASCADE,
    PRIMARY KEY (target, resource_type, attribute, value, scim_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX kept_values_of_link ON kept_values (link);

CREATE TABLE pending_creates (
    target        TEXT    NOT NULL,
    resource_type TEXT    NOT NULL,
    unique_value  TEXT    NOT NULL, -- folded
    digest        TEXT    NOT NULL, -- of the request
    since         INTEGER NOT NULL,
    PRIMARY KEY (target, resource_type, unique_value)
) STRICT, WITHOUT ROWID;

CREATE INDEX pending_creates_by_age ON pending_creates (since);

CREATE TABLE fingerprints (
    target        TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    fingerprint   TEXT NOT NULL,
    PRIMARY KEY (target, resource_type)
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    row     INTEGER PRIMARY KEY,
    name    TEXT    NOT NULL,
    targets TEXT    NOT NULL,        -- JSON array of target names
    hash    BLOB    NOT NULL UNIQUE, -- SHA-256 of the secret
    created INTEGER NOT NULL,
    expires INTEGER,
    revoked INTEGER
) STRICT;

CREATE UNIQUE INDEX live_token_names ON tokens (name) WHERE revoked IS NULL;
