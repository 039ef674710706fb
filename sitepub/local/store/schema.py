"""The tables. Keys are TEXT: SQLite compares them byte by byte in UTF-8, as the service's listings do."""

SCHEMA_VERSION = 2

CHANGES = {
    1: "".join(f"ALTER TABLE {table} ADD COLUMN state TEXT NOT NULL DEFAULT '';"
               for table in ("objects", "versions", "uploads")),
}
"""Version of the schema → what makes the next one of it."""

SCHEMA = """
CREATE TABLE buckets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- never used twice: a stale id matches nothing
    name TEXT NOT NULL UNIQUE,              -- with its -APPID
    region TEXT NOT NULL,
    owner TEXT NOT NULL,                    -- app id
    created REAL NOT NULL,
    versioning TEXT NOT NULL DEFAULT '',    -- '', Enabled, Suspended
    acl TEXT NOT NULL DEFAULT ''            -- '' (private), a canned name, or an AccessControlPolicy document
);

-- What a plain GET or a listing sees: the newest version of each key, unless that is a delete marker.
CREATE TABLE objects (
    bucket INTEGER NOT NULL,
    key TEXT NOT NULL,
    version TEXT NOT NULL,                  -- 'null' when written without versioning
    sequence INTEGER NOT NULL,              -- grows with every write of the bucket's versions
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,                     -- without quotes
    crc64 INTEGER NOT NULL,                 -- unsigned value, stored as signed 64-bit
    modified REAL NOT NULL,                 -- Unix seconds
    body INTEGER,                           -- row of bodies, or NULL
    file TEXT,                              -- name of the content file, or NULL; both NULL: empty
    headers TEXT NOT NULL,                  -- name, value, name, value … one a line
    storage_class TEXT NOT NULL,
    acl TEXT NOT NULL,                      -- '' (default), a canned name, or an AccessControlPolicy document
    tagging TEXT NOT NULL,                  -- '' or a=b&c=d, percent-encoded
    state TEXT NOT NULL DEFAULT '',         -- '' or JSON: see object_state
    PRIMARY KEY (bucket, key)
) WITHOUT ROWID;
CREATE INDEX objects_with_acl ON objects (bucket) WHERE acl <> '';

-- Older versions and delete markers.
CREATE TABLE versions (
    bucket INTEGER NOT NULL,
    key TEXT NOT NULL,
    version TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    crc64 INTEGER NOT NULL,
    modified REAL NOT NULL,
    body INTEGER,
    file TEXT,
    headers TEXT NOT NULL,
    storage_class TEXT NOT NULL,
    acl TEXT NOT NULL,
    tagging TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT '',
    marker INTEGER NOT NULL DEFAULT 0,      -- 1: a delete marker
    PRIMARY KEY (bucket, key, sequence)
) WITHOUT ROWID;
CREATE INDEX versions_with_acl ON versions (bucket) WHERE acl <> '';

CREATE TABLE bodies (id INTEGER PRIMARY KEY, data BLOB NOT NULL);

CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    bucket INTEGER NOT NULL,
    key TEXT NOT NULL,
    started REAL NOT NULL,
    headers TEXT NOT NULL,
    storage_class TEXT NOT NULL,
    acl TEXT NOT NULL,
    tagging TEXT NOT NULL,
    initiator TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX uploads_by_key ON uploads (bucket, key, id);

CREATE TABLE parts (
    upload TEXT NOT NULL,
    number INTEGER NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    crc64 INTEGER NOT NULL,
    modified REAL NOT NULL,
    body INTEGER,
    file TEXT,
    PRIMARY KEY (upload, number)
) WITHOUT ROWID;

-- Documents as the client sent them: website, cors, policy, tagging, lifecycle, logging, referer …
CREATE TABLE configurations (
    bucket INTEGER NOT NULL,
    kind TEXT NOT NULL,
    document BLOB NOT NULL,
    PRIMARY KEY (bucket, kind)
) WITHOUT ROWID;

CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
