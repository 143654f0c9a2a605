-- The table of Palisade's lists, for SQLite. To apply it, also to a file that is not there yet:
--
--   sqlite3 /etc/kamailio/palisade.sqlite < schema/sqlite.sql
--
-- Kamailio's user must be able to write to the file and to its folder:
--
--   modparam("palisade", "db_url", "sqlite:////etc/kamailio/palisade.sqlite")

CREATE TABLE IF NOT EXISTS version (
    id INTEGER PRIMARY KEY NOT NULL,
    table_name VARCHAR(32) NOT NULL,
    table_version INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT version_table_name_idx UNIQUE (table_name)
);

CREATE TABLE IF NOT EXISTS palisade_list (
    id INTEGER PRIMARY KEY NOT NULL,
    name VARCHAR(32) NOT NULL,        -- the list, name= of the parameter
    value VARCHAR(255) NOT NULL,      -- 192.0.2.0/24, friendly-scanner, prefix:sip
    matching VARCHAR(8),              -- exact, prefix, suffix, contains, regex; NULL: as the list says
    until BIGINT,                     -- seconds since 1970 from which on it no longer counts; NULL: never
    comment VARCHAR(255),
    CONSTRAINT palisade_list_value_idx UNIQUE (name, value)
);

DELETE FROM version WHERE table_name = 'palisade_list';
INSERT INTO version (table_name, table_version) VALUES ('palisade_list', 1);
